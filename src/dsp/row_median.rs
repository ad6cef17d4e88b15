//! The median of each value of a row with its neighbours: along frequency in one spectrum.
//!
//! The row is cut into segments, and a [`RunningMedian`] slides along all of them at once, one
//! lane a segment. At the ends the row is mirrored (`d c b a | a b c d`).

use super::running_median::RunningMedian;

/// Segments that are slid along together; fills the running median's vectors.
const NUM_SEGMENTS: usize = 16;

/// Medians along rows of a fixed length; allocates in `new` only.
#[derive(Clone, Debug)]
pub struct RowMedian {
    /// Neighbours on each side.
    reach: usize,
    segment_length: usize,
    /// The row with its mirrored ends, padded to whole segments.
    padded: Vec<f32>,
    lanes: RunningMedian,
}

impl RowMedian {
    /// A window of `length` values (odd) over rows of `row_length`.
    pub fn new(length: usize, row_length: usize) -> Self {
        let reach = length / 2;
        let segment_length = row_length.div_ceil(NUM_SEGMENTS);
        Self {
            reach,
            segment_length,
            padded: vec![0.0; NUM_SEGMENTS * segment_length + 2 * reach],
            lanes: RunningMedian::new(length, NUM_SEGMENTS),
        }
    }

    /// Writes to `medians[i]` the median of `row[i − reach..=i + reach]`.
    pub fn process(&mut self, row: &[f32], medians: &mut [f32]) {
        debug_assert_eq!(row.len(), medians.len());
        debug_assert_eq!(row.len().div_ceil(NUM_SEGMENTS), self.segment_length);
        self.pad(row);
        let mut values = [0.0; NUM_SEGMENTS];
        let mut found = [0.0; NUM_SEGMENTS];
        // The window forgets the last row while it fills with the first 2 · reach values.
        for step in 0..self.segment_length + 2 * self.reach {
            for (segment, value) in values.iter_mut().enumerate() {
                *value = self.padded[segment * self.segment_length + step];
            }
            self.lanes.push(&values, &mut found);
            if let Some(offset) = step.checked_sub(2 * self.reach) {
                let places = medians.iter_mut().skip(offset).step_by(self.segment_length);
                for (median, value) in places.zip(&found) {
                    *median = *value;
                }
            }
        }
    }

    fn pad(&mut self, row: &[f32]) {
        let last = row.len() - 1;
        let reach = self.reach;
        self.padded[reach..reach + row.len()].copy_from_slice(row);
        for distance in 0..reach {
            let inside = distance.min(last);
            self.padded[reach - 1 - distance] = row[inside];
            self.padded[reach + row.len() + distance] = row[last - inside];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_sorting_the_neighbours() {
        for (length, row_length) in [(17, 1025), (17, 49), (3, 16), (5, 4), (17, 25), (1, 7)] {
            let mut median = RowMedian::new(length, row_length);
            for round in 0..2_u32 {
                let row: Vec<f32> = (0..row_length as u32)
                    .map(|n| ((n + round).wrapping_mul(2_654_435_761) >> 20) as f32)
                    .collect();
                let mut got = vec![0.0; row_length];
                median.process(&row, &mut got);
                for (n, &got) in got.iter().enumerate() {
                    let reach = (length / 2) as isize;
                    let mut window: Vec<f32> = (-reach..=reach)
                        .map(|d| row[mirrored(n as isize + d, row_length as isize)])
                        .collect();
                    window.sort_by(f32::total_cmp);
                    let want = window[length / 2];
                    assert_eq!(got, want, "length {length} of {row_length}, place {n}");
                }
            }
        }
    }

    fn mirrored(place: isize, length: isize) -> usize {
        let inside = if place < 0 {
            (-1 - place).min(length - 1)
        } else if place >= length {
            (2 * length - 1 - place).max(0)
        } else {
            place
        };
        inside as usize
    }
}
