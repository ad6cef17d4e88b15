//! Filters set in Hz that sound the same at every rate.

/// Cut-offs stay below this part of the rate, where the bilinear transform still has room.
const HIGHEST_CUTOFF: f64 = 0.45;

/// A second-order state-variable filter by the topology-preserving transform (Zavalishin, *The Art
/// of VA Filter Design*, 2012; solved as by Simper, 2013): stable however fast it is re-tuned.
#[derive(Clone, Copy, Default)]
pub struct Svf {
    /// tan(π f / rate), the integrators' gain.
    gain: f64,
    /// 1 / Q.
    damping: f64,
    /// 1 / (1 + damping·gain + gain²).
    solve: f64,
    states: [f64; 2],
}

/// The three outputs of an [`Svf`]; the band output peaks at 1.
#[derive(Clone, Copy)]
pub struct Bands {
    pub low: f64,
    pub band: f64,
    pub high: f64,
}

impl Svf {
    /// A filter at rest.
    pub fn new(cutoff_hz: f64, q: f64, rate_hz: f64) -> Self {
        let mut filter = Self::default();
        filter.tune(cutoff_hz, q, rate_hz);
        filter
    }

    /// Moves cut-off and quality, and keeps what is sounding.
    pub fn tune(&mut self, cutoff_hz: f64, q: f64, rate_hz: f64) {
        let relative = (cutoff_hz / rate_hz).clamp(0.0, HIGHEST_CUTOFF);
        self.gain = (std::f64::consts::PI * relative).tan();
        self.damping = 1.0 / q;
        self.solve = 1.0 / (1.0 + self.gain * (self.gain + self.damping));
    }

    /// The next sample of all three outputs.
    pub fn process(&mut self, input: f64) -> Bands {
        let [first, second] = self.states;
        let at_rest = -self.solve * ((self.damping + self.gain) * first + second);
        let driven = self.solve * input;
        let high = driven + at_rest;
        let band = first + self.gain * high;
        // The same as `second + gain·band`, but only one product away from the input: in a cascade the
        // next filter waits for it.
        let low =
            second + self.gain * (first + self.gain * at_rest) + self.gain * self.gain * driven;
        self.states = [band + self.gain * high, low + self.gain * band];
        Bands {
            low,
            band: self.damping * band,
            high,
        }
    }
}

/// A first-order low-pass.
#[derive(Clone, Copy)]
pub struct LowPass {
    gain: f64,
    state: f64,
}

impl LowPass {
    /// A filter at rest.
    pub fn new(cutoff_hz: f64, rate_hz: f64) -> Self {
        let gain = (std::f64::consts::PI * (cutoff_hz / rate_hz).min(HIGHEST_CUTOFF)).tan();
        Self {
            gain: gain / (1.0 + gain),
            state: 0.0,
        }
    }

    /// The next sample.
    pub fn process(&mut self, input: f64) -> f64 {
        let change = self.gain * (input - self.state);
        let low = self.state + change;
        self.state = low + change;
        low
    }
}

/// A first-order high-pass.
#[derive(Clone, Copy)]
pub struct HighPass(LowPass);

impl HighPass {
    /// A filter at rest.
    pub fn new(cutoff_hz: f64, rate_hz: f64) -> Self {
        Self(LowPass::new(cutoff_hz, rate_hz))
    }

    /// The next sample.
    pub fn process(&mut self, input: f64) -> f64 {
        input - self.0.process(input)
    }
}
