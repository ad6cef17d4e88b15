//! Scores of an estimated stem against the true one, in dB over both channels together, summed in
//! `f64`. A delay is not forgiven: take the latency off first.

use crate::stem::NUM_CHANNELS;

/// No score is above this: an exact copy gets it, and differences of scores stay finite.
pub const MAX_SCORE_DB: f64 = 100.0;

/// No SI-SDR is below this: a silent estimate gets it.
pub const MIN_SI_SDR_DB: f64 = -30.0;

/// Signal-to-distortion ratio `10·log10(Σs² / Σ(s − ŝ)²)`, at most [`MAX_SCORE_DB`]; 0 dB for a
/// silent estimate, `None` for a silent reference. Both are `[channel][sample]` of one length.
pub fn sdr_db(
    reference: &[impl AsRef<[f32]>; NUM_CHANNELS],
    estimate: &[impl AsRef<[f32]>; NUM_CHANNELS],
) -> Option<f64> {
    let signal = sum(reference, estimate, |s, _| s * s);
    let error = sum(reference, estimate, |s, e| (s - e) * (s - e));
    (signal > 0.0).then(|| ratio_db(signal, error, f64::NEG_INFINITY))
}

/// Scale-invariant SDR (Le Roux et al., "SDR – half-baked or well done?", ICASSP 2019) within
/// [`MIN_SI_SDR_DB`]..=[`MAX_SCORE_DB`]; the former for a silent estimate, `None` for a silent
/// reference. Both are `[channel][sample]` of one length.
pub fn si_sdr_db(
    reference: &[impl AsRef<[f32]>; NUM_CHANNELS],
    estimate: &[impl AsRef<[f32]>; NUM_CHANNELS],
) -> Option<f64> {
    let signal = sum(reference, estimate, |s, _| s * s);
    if signal == 0.0 {
        return None;
    }
    let scale = sum(reference, estimate, |s, e| s * e) / signal;
    let target = scale * scale * signal;
    if target == 0.0 {
        return Some(MIN_SI_SDR_DB);
    }
    let error = sum(reference, estimate, |s, e| (e - scale * s).powi(2));
    Some(ratio_db(target, error, MIN_SI_SDR_DB))
}

/// How much nearer in SI-SDR the estimate comes to the reference than the mix, in dB: 0 for an
/// untouched mix at any gain. `None` for a silent reference.
pub fn si_sdr_improvement_db(
    reference: &[impl AsRef<[f32]>; NUM_CHANNELS],
    estimate: &[impl AsRef<[f32]>; NUM_CHANNELS],
    mix: &[impl AsRef<[f32]>; NUM_CHANNELS],
) -> Option<f64> {
    Some(si_sdr_db(reference, estimate)? - si_sdr_db(reference, mix)?)
}

fn ratio_db(signal: f64, error: f64, min_db: f64) -> f64 {
    // Unlike `min`, `clamp` keeps NaN.
    (10.0 * (signal / error).log10()).clamp(min_db, MAX_SCORE_DB)
}

/// Sums a term of every sample of the reference and of the estimate.
fn sum(
    reference: &[impl AsRef<[f32]>; NUM_CHANNELS],
    estimate: &[impl AsRef<[f32]>; NUM_CHANNELS],
    term: impl Fn(f64, f64) -> f64,
) -> f64 {
    let channels = reference.iter().zip(estimate);
    channels
        .map(|(reference, estimate)| {
            let (reference, estimate) = (reference.as_ref(), estimate.as_ref());
            assert_eq!(reference.len(), estimate.len(), "signals of one length");
            let pairs = reference.iter().zip(estimate);
            let terms = pairs.map(|(&s, &e)| term(f64::from(s), f64::from(e)));
            terms.sum::<f64>()
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::stem::Stereo;

    const LENGTH: usize = 3 * 44_100;

    fn noise(seed: u32) -> Vec<f32> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (f64::from(state) / f64::from(1_u32 << 31) - 1.0) as f32
        };
        (0..LENGTH).map(|_| next()).collect()
    }

    fn sine(level: f64, phase: f64) -> Vec<f32> {
        let omega = std::f64::consts::TAU * 440.0 / 44_100.0;
        let at = |n: usize| (level * (omega * n as f64 + phase).sin()) as f32;
        (0..LENGTH).map(at).collect()
    }

    /// The weighted sum of three signals.
    fn blend(signals: [&Stereo; 3], weights: [f32; 3]) -> Stereo {
        std::array::from_fn(|channel| {
            let at = |n: usize| (0..3).map(|i| weights[i] * signals[i][channel][n]).sum();
            (0..LENGTH).map(at).collect()
        })
    }

    fn silence() -> Stereo {
        [vec![0.0; LENGTH], vec![0.0; LENGTH]]
    }

    #[test]
    fn golden_scores() {
        let a = [sine(0.8, 0.0), sine(0.5, 0.3)];
        let b = [noise(1), noise(2)].map(|x| x.iter().map(|x| 0.3 * x).collect());
        let c = [noise(3), noise(4)].map(|x| x.iter().map(|x| 0.2 * x).collect());
        let signals = [&a, &b, &c];
        let a_estimate = blend(signals, [0.9, 0.1, 0.05]);
        let b_estimate = blend(signals, [0.05, 0.8, 0.05]);
        let mix = blend(signals, [1.0, 1.0, 0.0]);
        // The energy ratios as museval 0.4 prints them, and SI-SDR by its definition.
        for (name, got, want) in [
            ("SDR of A", sdr_db(&a, &a_estimate), 19.3964),
            ("SDR of B", sdr_db(&b, &b_estimate), 12.2440),
            ("SDR of the mix for A", sdr_db(&a, &mix), 8.6943),
            ("SDR of the mix for B", sdr_db(&b, &mix), -8.6943),
            ("SI-SDR of A", si_sdr_db(&a, &a_estimate), 27.3295),
            ("SI-SDR of B", si_sdr_db(&b, &b_estimate), 15.1313),
        ] {
            let got = got.expect("the reference sounds");
            // Half of the last digit given.
            assert!((got - want).abs() <= 5e-5, "{name}: {got} dB, want {want}");
        }
    }

    #[test]
    fn silence_and_copies_have_scores_too() {
        let a = [sine(0.8, 0.0), sine(0.5, 0.3)];
        let half: Stereo = a.each_ref().map(|x| x.iter().map(|x| 0.5 * x).collect());
        assert_eq!(sdr_db(&silence(), &a), None);
        assert_eq!(si_sdr_db(&silence(), &a), None);
        assert_eq!(sdr_db(&a, &silence()), Some(0.0));
        assert_eq!(si_sdr_db(&a, &silence()), Some(MIN_SI_SDR_DB));
        assert_eq!(sdr_db(&a, &a), Some(MAX_SCORE_DB));
        // Halves of floats are exact: only the level differs.
        assert_eq!(si_sdr_db(&a, &half), Some(MAX_SCORE_DB));
    }

    #[test]
    fn an_estimate_without_the_stem_is_at_the_floor() {
        let (stem, other) = ([vec![1.0, 1.0], vec![0.0]], [vec![1.0, -0.99], vec![0.0]]);
        assert_eq!(si_sdr_db(&stem, &other), Some(MIN_SI_SDR_DB));
    }

    #[test]
    fn what_is_not_finite_is_no_score() {
        let broken = [vec![f32::NAN], vec![0.0]];
        let score = si_sdr_db(&[[0.5], [0.5]], &broken).expect("the reference sounds");
        assert!(score.is_nan(), "{score}");
    }
}
