//! Where in the stereo picture a stem sits.

use super::Stereo;

/// Scales the difference between the channels: 0 is mono, 1 changes nothing.
pub fn set_width(stem: &mut Stereo, width: f32) {
    let [left, right] = stem;
    for (left, right) in left.iter_mut().zip(right) {
        let middle = 0.5 * (*left + *right);
        let side = 0.5 * width * (*left - *right);
        *left = middle + side;
        *right = middle - side;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_scales_the_difference_and_keeps_the_sum() {
        for width in [0.0, 0.5, 1.0, 2.0] {
            let mut stem = [vec![0.75, -0.5], vec![0.25, 1.0]];
            set_width(&mut stem, width);
            // All of these are exact in binary.
            let [left, right] = stem;
            assert_eq!(
                [left[0] - right[0], left[1] - right[1]],
                [0.5 * width, -1.5 * width]
            );
            assert_eq!([left[0] + right[0], left[1] + right[1]], [1.0, 0.5]);
        }
    }
}
