//! The median of the last values of many lanes at once: one lane a bin, one push a hop.
//!
//! Every lane keeps its window sorted. A push removes the oldest value and inserts the newest in
//! one branch-free sweep over the ranks, O(window) per value, so that whole vectors of lanes go
//! through the same instructions.

use multiversion::multiversion;

/// Lanes that are swept together; a multiple of every vector width in use.
const GROUP: usize = 16;

type Group = [f32; GROUP];

/// Sliding medians of `num_lanes` independent lanes; allocates in `new` only.
#[derive(Clone, Debug)]
pub struct RunningMedian {
    num_lanes: usize,
    length: usize,
    /// The last `length` rows, shape `[age][group]`, as a ring over the ages.
    history: Vec<Group>,
    /// The same values ascending within each lane, shape `[group][rank]`.
    sorted: Vec<Group>,
    /// The age slot that the next push overwrites.
    oldest: usize,
}

impl RunningMedian {
    /// A window of `length` values (odd), which starts, and restarts after `reset`, as zeros.
    pub fn new(length: usize, num_lanes: usize) -> Self {
        assert!(
            length % 2 == 1,
            "a median needs an odd window, not {length}"
        );
        let num_groups = num_lanes.div_ceil(GROUP);
        Self {
            num_lanes,
            length,
            history: vec![[0.0; GROUP]; length * num_groups],
            sorted: vec![[0.0; GROUP]; num_groups * length],
            oldest: 0,
        }
    }

    /// Takes one value per lane and writes each lane's median over its last `length` values.
    ///
    /// Both slices hold `num_lanes` finite values.
    pub fn push(&mut self, values: &[f32], medians: &mut [f32]) {
        debug_assert_eq!(values.len(), self.num_lanes);
        debug_assert_eq!(medians.len(), self.num_lanes);
        let num_groups = self.num_lanes.div_ceil(GROUP);
        let row = self.oldest * num_groups;
        sweep(
            values,
            &mut self.history[row..row + num_groups],
            &mut self.sorted,
            medians,
        );
        self.oldest = (self.oldest + 1) % self.length;
    }

    /// Back to a window of zeros.
    pub fn reset(&mut self) {
        self.history.fill([0.0; GROUP]);
        self.sorted.fill([0.0; GROUP]);
        self.oldest = 0;
    }
}

/// Replaces `oldest[group]` by the new values in every lane's sorted window.
#[multiversion(targets("x86_64+avx2"))]
fn sweep(values: &[f32], oldest: &mut [Group], sorted: &mut [Group], medians: &mut [f32]) {
    let length = sorted.len() / oldest.len();
    let groups = oldest.iter_mut().zip(sorted.chunks_exact_mut(length));
    for ((leaving, ranks), (values, medians)) in
        groups.zip(values.chunks(GROUP).zip(medians.chunks_mut(GROUP)))
    {
        let mut entering = [0.0; GROUP];
        entering[..values.len()].copy_from_slice(values);
        replace(ranks, leaving, &entering);
        *leaving = entering;
        medians.copy_from_slice(&ranks[length / 2][..medians.len()]);
    }
}

/// One sweep up the ranks: with `t` the window without the leaving value, the new window is
/// `u[i] = min(max(t[i−1], entering), t[i])`.
#[inline(always)]
fn replace(ranks: &mut [Group], leaving: &Group, entering: &Group) {
    let last = ranks.len() - 1;
    let mut below = [f32::NEG_INFINITY; GROUP];
    for rank in 0..last {
        let (here, above) = (ranks[rank], ranks[rank + 1]);
        for lane in 0..GROUP {
            // Ranks from the leaving value's on move down by one.
            let kept = select(here[lane] < leaving[lane], here[lane], above[lane]);
            let lifted = select(below[lane] > entering[lane], below[lane], entering[lane]);
            ranks[rank][lane] = select(lifted < kept, lifted, kept);
            below[lane] = kept;
        }
    }
    for lane in 0..GROUP {
        ranks[last][lane] = select(below[lane] > entering[lane], below[lane], entering[lane]);
    }
}

/// A plain choice, which compiles to one instruction where `f32::min` also handles NaN.
#[inline(always)]
fn select(condition: bool, yes: f32, no: f32) -> f32 {
    if condition { yes } else { no }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator of repeatable values with many ties (0..8) or few.
    fn noise(seed: &mut u32, num_levels: u32) -> f32 {
        *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((*seed >> 8) % num_levels) as f32
    }

    #[test]
    fn equals_sorting_the_last_values() {
        for (length, num_lanes, num_levels) in [(1, 3, 100), (3, 16, 4), (17, 40, 8), (31, 5, 1000)]
        {
            let mut median = RunningMedian::new(length, num_lanes);
            let mut past = vec![vec![0.0; num_lanes]; length];
            let mut seed = 7;
            let mut got = vec![0.0; num_lanes];
            for step in 0..4 * length {
                let values: Vec<f32> = (0..num_lanes)
                    .map(|_| noise(&mut seed, num_levels))
                    .collect();
                median.push(&values, &mut got);
                past.remove(0);
                past.push(values);
                for lane in 0..num_lanes {
                    let mut window: Vec<f32> = past.iter().map(|row| row[lane]).collect();
                    window.sort_by(f32::total_cmp);
                    let want = window[length / 2];
                    assert_eq!(got[lane], want, "length {length}, lane {lane}, step {step}");
                }
            }
        }
    }

    #[test]
    fn reset_is_like_new() {
        let mut used = RunningMedian::new(5, 2);
        for _ in 0..9 {
            used.push(&[3.0, 4.0], &mut [0.0; 2]);
        }
        used.reset();
        let mut fresh = RunningMedian::new(5, 2);
        for step in 0..7 {
            let (mut a, mut b) = ([0.0; 2], [0.0; 2]);
            used.push(&[step as f32, 1.0], &mut a);
            fresh.push(&[step as f32, 1.0], &mut b);
            assert_eq!(a, b, "step {step}");
        }
    }
}
