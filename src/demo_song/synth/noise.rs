//! White noise as a continuous signal: the same at every rate, up to what the rate can carry.
//!
//! Random values on a fixed grid are joined by a windowed sinc (Smith & Gossett 1984), which also cuts
//! off what lies above half the rate.

use crate::demo_song::dice::Dice;

/// Rate of the random values. The sinc below cuts at 16 kHz and is down by 50 dB at 20 kHz.
const GRID_HZ: f64 = 40_000.0;

/// Values on the grid before they repeat: 1.6 s, too long to be noticed in any burst.
const GRID_LENGTH: usize = 1 << 16;

/// Grid values on either side of the kernel's centre, at rates that carry all of the noise.
const HALF_WIDTH: f64 = 8.0;

/// Cut-off in grid values (cycles per value), likewise.
const CUTOFF: f64 = 16_000.0 / GRID_HZ;

/// Positions between two grid values at which the kernel is kept.
const NUM_PHASES: usize = 256;

/// Products are summed four abreast, so that the compiler can use vector registers.
const LANES: usize = 4;

/// A source of noise; every burst reads it from another place.
pub struct Noise {
    grid: Vec<f32>,
    /// `NUM_PHASES` kernels, one after the other.
    kernels: Vec<f32>,
    kernel_length: usize,
    /// Grid values per sample.
    step: f64,
}

impl Noise {
    pub fn new(dice: &mut Dice, rate_hz: f64) -> Self {
        // Uniform values of variance 1.
        let value = || (12.0_f64.sqrt() * (dice.unit() - 0.5)) as f32;
        let mut grid: Vec<f32> = std::iter::repeat_with(value).take(GRID_LENGTH).collect();

        // A lower rate stretches the kernel in time, which lowers its cut-off.
        let stretch = (44_100.0 / rate_hz).max(1.0);
        let half_width = HALF_WIDTH * stretch;
        let kernel_length = (2 * half_width.ceil() as usize).next_multiple_of(LANES);
        let cutoff = CUTOFF / stretch;
        // The beginning again, so that no kernel has to wrap around.
        grid.extend_from_within(..kernel_length);
        let mut kernels = Vec::with_capacity(NUM_PHASES * kernel_length);
        for phase in 0..NUM_PHASES {
            for tap in 0..kernel_length {
                let distance = tap as f64 + 1.0
                    - (kernel_length / 2) as f64
                    - phase as f64 / NUM_PHASES as f64;
                let window =
                    (std::f64::consts::FRAC_PI_2 * (distance / half_width).clamp(-1.0, 1.0)).cos();
                kernels
                    .push((2.0 * cutoff * sinc(2.0 * cutoff * distance) * window * window) as f32);
            }
        }
        Self {
            grid,
            kernels,
            kernel_length,
            step: GRID_HZ / rate_hz,
        }
    }

    /// Noise from a random place, of variance near 1 at full bandwidth.
    pub fn burst(&self, dice: &mut Dice) -> Burst<'_> {
        Burst {
            noise: self,
            start: GRID_LENGTH as f64 * dice.unit(),
            position: None,
        }
    }
}

/// One stretch of noise.
pub struct Burst<'a> {
    noise: &'a Noise,
    start: f64,
    position: Option<f64>,
}

impl Burst<'_> {
    /// The next sample. The first call takes the time since the burst's exact start.
    pub fn next(&mut self, time_s: f64) -> f64 {
        let noise = self.noise;
        let position = self.position.unwrap_or(self.start + time_s * GRID_HZ);
        self.position = Some(position + noise.step);
        let first = position as usize;
        let phase = ((position - first as f64) * NUM_PHASES as f64) as usize;
        let kernel = &noise.kernels[phase * noise.kernel_length..][..noise.kernel_length];
        let grid = &noise.grid[first % GRID_LENGTH..][..noise.kernel_length];
        let mut sums = [0.0; LANES];
        for (weights, values) in kernel.chunks_exact(LANES).zip(grid.chunks_exact(LANES)) {
            for ((sum, weight), value) in sums.iter_mut().zip(weights).zip(values) {
                *sum += weight * value;
            }
        }
        f64::from(sums.iter().sum::<f32>())
    }
}

fn sinc(x: f64) -> f64 {
    if x.abs() < 1e-9 {
        1.0
    } else {
        (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x)
    }
}
