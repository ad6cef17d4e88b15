//! A delay by a whole number of samples, fixed at construction.

/// Delays one channel; starts, and restarts after `reset`, with zeros.
#[derive(Clone, Debug)]
pub struct DelayLine {
    /// The last `delay` samples; the oldest stands at `position`.
    ring: Vec<f32>,
    position: usize,
}

impl DelayLine {
    /// Allocates for a delay of `delay_samples`; 0 passes samples straight through.
    pub fn new(delay_samples: usize) -> Self {
        Self {
            ring: vec![0.0; delay_samples],
            position: 0,
        }
    }

    /// `output[n]` becomes the sample that entered `delay_samples` ago.
    ///
    /// `input` and `output` have the same length, of any size.
    pub fn process(&mut self, input: &[f32], output: &mut [f32]) {
        debug_assert_eq!(input.len(), output.len());
        let delay = self.ring.len();
        if delay == 0 {
            output.copy_from_slice(input);
            return;
        }
        let mut done = 0;
        while done < input.len() {
            let count = (input.len() - done).min(delay - self.position);
            let stored = &mut self.ring[self.position..self.position + count];
            output[done..done + count].copy_from_slice(stored);
            stored.copy_from_slice(&input[done..done + count]);
            done += count;
            self.position = (self.position + count) % delay;
        }
    }

    /// Forgets everything that entered.
    pub fn reset(&mut self) {
        self.ring.fill(0.0);
        self.position = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_by_the_samples_asked_for_in_any_pieces() {
        let input: Vec<f32> = (1..=40).map(|n| n as f32).collect();
        for delay in [0, 1, 3, 7, 50] {
            for piece in [1, 2, 3, 7, 8, 40] {
                let mut line = DelayLine::new(delay);
                let mut output = vec![f32::NAN; input.len()];
                for (x, y) in input.chunks(piece).zip(output.chunks_mut(piece)) {
                    line.process(x, y);
                }
                for (n, &got) in output.iter().enumerate() {
                    let want = if n < delay { 0.0 } else { input[n - delay] };
                    assert_eq!(got, want, "delay {delay}, piece {piece}, sample {n}");
                }
            }
        }
    }

    #[test]
    fn reset_is_like_new() {
        let mut line = DelayLine::new(5);
        line.process(&[1.0; 8], &mut [0.0; 8]);
        line.reset();
        let mut output = [9.0; 6];
        line.process(&[2.0; 6], &mut output);
        assert_eq!(output, [0.0, 0.0, 0.0, 0.0, 0.0, 2.0]);
    }
}
