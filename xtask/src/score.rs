//! Scores of what a plug-in returned.

/// How far an output is from the delayed input.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Null {
    /// Every sample equals, and there is silence before.
    Exact,
    /// Energy of the difference over energy of the input, in dB.
    Depth { db: f64 },
}

/// Compares `output[n]` with `input[n − delay_samples]`, both `[channel][sample]`.
pub fn null(input: &[Vec<f32>], output: &[Vec<f32>], delay_samples: usize) -> Null {
    let mut difference_energy = 0.0;
    let mut input_energy = 0.0;
    let mut is_exact = input.len() == output.len();
    for (input, output) in input.iter().zip(output) {
        let delayed = std::iter::repeat_n(&0.0, delay_samples).chain(input);
        for (&want, &got) in delayed.zip(output) {
            is_exact &= want == got;
            difference_energy += (f64::from(want) - f64::from(got)).powi(2);
            input_energy += f64::from(want).powi(2);
        }
    }
    if is_exact {
        Null::Exact
    } else {
        Null::Depth {
            db: 10.0 * (difference_energy / input_energy).log10(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delayed_copy_is_exact_and_a_changed_sample_is_not() {
        let input = vec![vec![0.5, -0.25, 0.125, 1.0]];
        let mut output = vec![vec![0.0, 0.0, 0.5, -0.25]];
        assert_eq!(null(&input, &output, 2), Null::Exact);
        output[0][3] = -0.2;
        let Null::Depth { db } = null(&input, &output, 2) else {
            panic!("a changed sample passed as exact");
        };
        // 10·log10(0.05² / (0.5² + 0.25²)) = −20.97 dB
        assert!((db + 20.97).abs() < 0.01, "{db} dB");
    }
}
