//! Modal synthesis: a struck body as a sum of decaying sines (Adrien 1991).

use super::limit_hz;

/// One way in which a body rings.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    pub frequency_hz: f64,
    pub gain: f64,
    /// Time to fall to 1/e.
    pub decay_s: f64,
    /// Phase at the start, in cycles.
    pub phase: f64,
}

/// Modes are worked off four at a time, so that the compiler can use vector registers.
const LANES: usize = 4;

/// Four modes as rotating, shrinking pointers (re, im).
#[derive(Clone, Copy, Default)]
struct Quad {
    re: [f64; LANES],
    im: [f64; LANES],
    turn_re: [f64; LANES],
    turn_im: [f64; LANES],
}

/// A sounding body.
pub struct Modes {
    modes: Vec<Mode>,
    rate_hz: f64,
    quads: Vec<Quad>,
}

impl Modes {
    /// A body at rest; modes that the rate cannot carry are left out.
    pub fn new(modes: impl IntoIterator<Item = Mode>, rate_hz: f64) -> Self {
        let audible = |mode: &Mode| mode.frequency_hz < limit_hz(rate_hz);
        Self {
            modes: modes.into_iter().filter(audible).collect(),
            rate_hz,
            quads: Vec::new(),
        }
    }

    /// The next sample. The first call, with the time since the stroke, strikes the body.
    pub fn next(&mut self, time_s: f64) -> f64 {
        if self.quads.is_empty() {
            self.strike(time_s);
        }
        let mut sum = [0.0; LANES];
        for quad in &mut self.quads {
            for (lane, sum) in sum.iter_mut().enumerate() {
                let (re, im) = (quad.re[lane], quad.im[lane]);
                *sum += im;
                quad.re[lane] = re * quad.turn_re[lane] - im * quad.turn_im[lane];
                quad.im[lane] = re * quad.turn_im[lane] + im * quad.turn_re[lane];
            }
        }
        sum.iter().sum()
    }

    fn strike(&mut self, time_s: f64) {
        for four in self.modes.chunks(LANES) {
            let mut quad = Quad::default();
            for (lane, mode) in four.iter().enumerate() {
                let radians_per_s = std::f64::consts::TAU * mode.frequency_hz;
                let angle = radians_per_s * time_s + std::f64::consts::TAU * mode.phase;
                let size = mode.gain * (-time_s / mode.decay_s).exp();
                quad.re[lane] = size * angle.cos();
                quad.im[lane] = size * angle.sin();
                let shrink = (-1.0 / (mode.decay_s * self.rate_hz)).exp();
                quad.turn_re[lane] = shrink * (radians_per_s / self.rate_hz).cos();
                quad.turn_im[lane] = shrink * (radians_per_s / self.rate_hz).sin();
            }
            self.quads.push(quad);
        }
    }
}
