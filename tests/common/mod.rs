//! What the tests share: signals, rates, block patterns, separators with known answers, and one
//! way to run an engine over a whole signal.
#![allow(dead_code, reason = "no test needs all of it")]

pub mod networks;
#[cfg(feature = "tools")]
pub mod scratch;

use std::sync::Arc;

use unbraid::engine::{
    Chain, ChainSender, Engine, GainTargets, MAX_BLOCK_SAMPLES, Meters, chain_swap,
};
use unbraid::separators::{Focus, Separator, SeparatorKind, StemEnergy, build, default_models};
use unbraid::stem::{NUM_CHANNELS, NUM_STEMS, Stem, StemBuffer};

/// The rates of the usual and of the strangest hosts.
pub const HOST_RATES_HZ: [f64; 14] = [
    1_000.0,
    1_234.567_8,
    8_000.0,
    12_345.678,
    44_100.0,
    45_678.901,
    48_000.0,
    88_200.0,
    96_000.0,
    123_456.78,
    176_400.0,
    192_000.0,
    384_000.0,
    768_000.0,
];

/// Kinds that play in this build.
pub fn kinds() -> Vec<SeparatorKind> {
    let plays =
        |&kind: &SeparatorKind| !kind.needs_model() || default_models::bytes(kind).is_some();
    SeparatorKind::ALL.into_iter().filter(plays).collect()
}

/// Block lengths that a host may use: each pattern is repeated until the signal ends.
pub const BLOCK_PATTERNS: [&[usize]; 9] = [
    &[1],
    &[7],
    &[64],
    &[480],
    &[512],
    &[1024],
    &[8192],
    &[16_384],
    &[1, 1023, 3, 512, 5000, 2, 255, 257, 64, 9999, 17],
];

pub type Stereo = [Vec<f32>; NUM_CHANNELS];

/// Seeded white noise within ±0.5, other in each channel.
pub fn noise(length: usize, seed: u32) -> Stereo {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1_u32 << 24) as f32 - 0.5
    };
    let left = (0..length).map(|_| next()).collect();
    [left, (0..length).map(|_| next()).collect()]
}

/// A single 1 at sample `at` of both channels.
pub fn impulse(length: usize, at: usize) -> Stereo {
    std::array::from_fn(|_| (0..length).map(|n| f32::from(n == at)).collect())
}

/// An engine for one kind, that nothing else ever swaps.
pub fn engine(kind: SeparatorKind, rate_hz: f64) -> Engine {
    engine_of(build(kind, rate_hz).expect("the kind plays"), rate_hz)
}

/// An engine around any separator.
pub fn engine_of(separator: Box<dyn Separator>, rate_hz: f64) -> Engine {
    swappable_engine(separator, rate_hz).0
}

/// An engine, and the way to send it other chains.
pub fn swappable_engine(separator: Box<dyn Separator>, rate_hz: f64) -> (Engine, ChainSender) {
    let (receiver, sender) = chain_swap();
    let chain = Box::new(Chain::new(separator, rate_hz, 0));
    let engine = Engine::new(chain, receiver, Arc::new(Meters::new()));
    (engine, sender)
}

/// What an engine gave for a whole signal.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    pub output: Stereo,
    /// Indexed `[stem][channel]`.
    pub stems: [Stereo; NUM_STEMS],
}

/// Runs a signal through an engine in host blocks of the pattern's lengths, cut into pieces as the
/// plug-in does. `targets(n)` are the targets from input sample `n` on; they change where the
/// caller's blocks begin.
pub fn render(
    engine: &mut Engine,
    input: &Stereo,
    pattern: &[usize],
    targets: impl Fn(usize) -> GainTargets,
) -> Rendered {
    let mut output = input.clone();
    let mut stems: [Stereo; NUM_STEMS] = std::array::from_fn(|_| input.clone());
    let length = input[0].len();
    let mut start = 0;
    for block in pattern.iter().cycle() {
        if start == length {
            break;
        }
        let block_end = length.min(start + block);
        while start < block_end {
            let end = block_end.min(start + MAX_BLOCK_SAMPLES);
            let [left, right] = &mut output;
            engine.process(
                [&mut left[start..end], &mut right[start..end]],
                &targets(start),
            );
            for stem in Stem::ALL {
                for channel in 0..NUM_CHANNELS {
                    stems[stem as usize][channel][start..end]
                        .copy_from_slice(&engine.stems().channel(stem, channel)[..end - start]);
                }
            }
            start = end;
        }
    }
    Rendered { output, stems }
}

/// Renders with everything at unity.
pub fn render_unity(engine: &mut Engine, input: &Stereo, pattern: &[usize]) -> Rendered {
    render(engine, input, pattern, |_| GainTargets::UNITY)
}

/// Targets with one stem heard.
pub fn only(stem: Stem) -> GainTargets {
    let mut targets = GainTargets::UNITY;
    targets.stems = [0.0; NUM_STEMS];
    targets.stems[stem as usize] = 1.0;
    targets
}

/// Fails at the first sample of `got` that is not the sample of `want` `delay` earlier (0 before).
pub fn assert_delayed(got: &Stereo, want: &Stereo, delay: usize, case: &str) {
    for channel in 0..NUM_CHANNELS {
        for (n, &got) in got[channel].iter().enumerate() {
            let want = if n < delay {
                0.0
            } else {
                want[channel][n - delay]
            };
            assert!(
                got == want,
                "{case}: channel {channel}, sample {n}: got {got:e}, want {want:e}"
            );
        }
    }
}

/// Energy of the difference between `got` and the `want` of `delay` samples earlier, against that
/// of `want`, in dB; what comes before the delay does not count.
pub fn error_db(got: &[f32], want: &[f32], delay: usize) -> f64 {
    let pairs = got[delay..].iter().zip(want);
    let (error, energy) = pairs.fold((0.0, 0.0), |(error, energy), (&got, &want)| {
        let (got, want) = (f64::from(got), f64::from(want));
        (error + (got - want).powi(2), energy + want.powi(2))
    });
    10.0 * (error / energy).log10()
}

/// Delay in samples from the slope of the phase between two signals, the second the later one.
pub fn delay_from_phase_slope(early: &[f32], late: &[f32], coarse_samples: usize) -> f64 {
    const LENGTH: usize = 8192;
    let fft = unbraid_fft::plan_forward(LENGTH);
    let spectrum = |signal: &[f32]| {
        let mut windowed: Vec<f32> = (0..LENGTH)
            .map(|n| {
                let hann = (std::f32::consts::PI * n as f32 / LENGTH as f32)
                    .sin()
                    .powi(2);
                hann * signal[n]
            })
            .collect();
        let mut bins = fft.make_output_vec();
        fft.process(&mut windowed, &mut bins).expect("lengths fit");
        bins
    };
    let (a, b) = (spectrum(early), spectrum(&late[coarse_samples..]));
    // What is left after the whole samples is small, so the phase never wraps: weighted least
    // squares of phase = −ω · delay.
    let (mut above, mut below) = (0.0_f64, 0.0_f64);
    for bin in 1..LENGTH / 2 {
        let omega = std::f64::consts::TAU * bin as f64 / LENGTH as f64;
        let cross = b[bin] * a[bin].conj();
        let weight = f64::from(cross.norm());
        above -= weight * omega * f64::from(cross.arg());
        below += weight * omega * omega;
    }
    coarse_samples as f64 + above / below
}

/// A separator with a known answer: each estimated stem is the mix times its share, after a delay
/// of its own, in hops of a fixed size. A bad splitter on purpose.
pub struct DelaySeparator {
    pub hop_samples: usize,
    pub delay_hops: usize,
    pub shares: [f32; NUM_STEMS],
    past: Vec<Stereo>,
    energy: StemEnergy,
}

impl DelaySeparator {
    pub fn new(hop_samples: usize, delay_hops: usize, shares: [f32; NUM_STEMS]) -> Self {
        let mut separator = Self {
            hop_samples,
            delay_hops,
            shares,
            past: Vec::new(),
            energy: StemEnergy::SILENCE,
        };
        separator.reset();
        separator
    }

    pub fn boxed(hop_samples: usize, delay_hops: usize, shares: [f32; NUM_STEMS]) -> Box<Self> {
        Box::new(Self::new(hop_samples, delay_hops, shares))
    }
}

impl Separator for DelaySeparator {
    fn hop_samples(&self) -> usize {
        self.hop_samples
    }

    fn latency_samples(&self) -> usize {
        self.delay_hops * self.hop_samples
    }

    fn warm_up_samples(&self) -> usize {
        0
    }

    fn process_hop(&mut self, mix: [&[f32]; NUM_CHANNELS], stems: &mut StemBuffer) {
        // The newest hop takes the oldest one's place, without an allocation.
        self.past.rotate_left(1);
        let newest = self.past.last_mut().expect("there is at least one hop");
        for channel in 0..NUM_CHANNELS {
            newest[channel].copy_from_slice(mix[channel]);
        }
        let delayed = &self.past[0];
        for stem in Stem::ESTIMATED {
            for channel in 0..NUM_CHANNELS {
                let samples = stems.channel_mut(stem, channel).iter_mut();
                for (y, x) in samples.zip(&delayed[channel]) {
                    *y = x * self.shares[stem as usize];
                }
            }
        }
    }

    fn set_focus(&mut self, _focus: &Focus) {}

    fn set_energy_wanted(&mut self, _wanted: bool) {}

    fn stem_energy(&self) -> &StemEnergy {
        &self.energy
    }

    fn reset(&mut self) {
        let silence = || vec![0.0; self.hop_samples];
        self.past = (0..=self.delay_hops)
            .map(|_| std::array::from_fn(|_| silence()))
            .collect();
    }
}
