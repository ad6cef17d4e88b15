//! Losses of estimated waveforms against the true stems.
//!
//! All take estimates and targets `[b, S, C, n]` of one float type and give a scalar to minimise,
//! finite with a finite gradient for silent stems, silent estimates and silence as a whole. With
//! `e` an estimate, `t` its target, and sums over the channels and samples of a stem:
//!
//! | loss | formula, before the mean over the batch |
//! |---|---|
//! | log SNR | mean over stems of `10·log10((Σ(e − t)² + ε) / (Σt² + ε))` |
//! | aggregated SDR | the same of the sums over all stems |
//! | SI-SDR | mean over sounding stems of `10·log10((1 − ρ² + τ) / (ρ² + τ))` |
//! | L1 | mean of `\|e − t\|` |
//! | multi-resolution STFT | see the head of `multi_resolution` |
//!
//! τ is −30 dB, and ε is τ of the mix's energy: an error that far below the mix need not shrink
//! further, so a stem that is silent or nearly so asks for no more than that (Wisdom et al., "What's
//! all the fuss about free universal sound separation data?", ICASSP 2021). Summing energies before
//! the logarithm keeps a mean of decibels from paying for a stem given up (von Neumann et al.,
//! "SA-SDR: A novel loss function for separation of meeting style data", ICASSP 2022). SI-SDR
//! (Le Roux et al., ICASSP 2019) is `ρ² / (1 − ρ²)` of the correlation `ρ² = (Σet)² / (Σe²·Σt²)`;
//! with τ it stays within ±30 dB, and a silent estimate is at the bad end.

use candle_core::{D, Result, Tensor, bail};
use serde::{Deserialize, Serialize};

use super::multi_resolution;

/// τ: −30 dB, as a ratio of energies.
const FLOOR_RATIO: f64 = 1e-3;

/// Energy below which nothing sounds, per sample: −100 dB of full scale.
const SILENCE_ENERGY: f64 = 1e-10;

/// A loss of waveforms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaveLoss {
    LogSnr,
    AggregatedSdr,
    SiSdr,
    L1,
    MultiResolutionStft,
}

impl WaveLoss {
    /// The loss, a scalar, of `[b, S, C, n]` estimates and targets of a mix `[b, C, n]`; see the
    /// module for the formulas. In dB but for L1 and multi-resolution STFT.
    ///
    /// # Errors
    /// The shapes do not fit together, or `n` is shorter than the longest STFT's window.
    pub fn evaluate(self, estimates: &Tensor, targets: &Tensor, mix: &Tensor) -> Result<Tensor> {
        let (batch, _, channels, samples) = targets.dims4()?;
        if estimates.dims() != targets.dims() || mix.dims() != [batch, channels, samples] {
            bail!(
                "loss: expected estimates {:?} and a mix [{batch}, {channels}, {samples}], found \
                 {:?} and {:?}",
                targets.shape(),
                estimates.shape(),
                mix.shape()
            );
        }
        match self {
            Self::LogSnr => {
                // One floor for each mix, `[b, 1]`.
                let floor = floor(mix)?.unsqueeze(1)?;
                let error = energy(&(estimates - targets)?)?;
                ratio_db(&error, &energy(targets)?, &floor)?.mean_all()
            }
            Self::AggregatedSdr => {
                let error = energy(&(estimates - targets)?)?.sum(1)?;
                ratio_db(&error, &energy(targets)?.sum(1)?, &floor(mix)?)?.mean_all()
            }
            Self::SiSdr => negative_si_sdr_db(estimates, targets),
            Self::L1 => (estimates - targets)?.abs()?.mean_all(),
            Self::MultiResolutionStft => multi_resolution::loss(estimates, targets),
        }
    }
}

/// Sum of squares over channels and samples, `[.., C, n]` to `[..]`.
fn energy(x: &Tensor) -> Result<Tensor> {
    x.sqr()?.sum((D::Minus2, D::Minus1))
}

/// ε: what is added to energies before a logarithm, for mixes `[b, C, n]`: `[b]`.
fn floor(mix: &Tensor) -> Result<Tensor> {
    let silence = SILENCE_ENERGY * (mix.dim(1)? * mix.dim(2)?) as f64;
    energy(mix)?.affine(FLOOR_RATIO, silence)
}

/// `10·log10((a + floor) / (b + floor))`.
fn ratio_db(a: &Tensor, b: &Tensor, floor: &Tensor) -> Result<Tensor> {
    let (a, b) = (a.broadcast_add(floor)?, b.broadcast_add(floor)?);
    (a.log()? - b.log()?)? * (10.0 / std::f64::consts::LN_10)
}

fn negative_si_sdr_db(estimates: &Tensor, targets: &Tensor) -> Result<Tensor> {
    let silence = SILENCE_ENERGY * (targets.dim(2)? * targets.dim(3)?) as f64;
    let target_energy = energy(targets)?;
    let product = (estimates * targets)?.sum((D::Minus2, D::Minus1))?;
    let energies = ((energy(estimates)? + silence)? * (&target_energy + silence)?)?;
    let correlation = (product.sqr()? / energies)?;
    let floor = Tensor::new(FLOOR_RATIO, targets.device())?.to_dtype(targets.dtype())?;
    let loss = ratio_db(&(1.0 - &correlation)?, &correlation, &floor)?;
    let sounding = target_energy.gt(silence)?.to_dtype(targets.dtype())?;
    (loss * &sounding)?.sum_all()? / sounding.sum_all()?.maximum(1.0)?
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Var};

    use super::super::testing::{assert_gradient, noise};
    use super::*;

    const ALL: [WaveLoss; 5] = [
        WaveLoss::LogSnr,
        WaveLoss::AggregatedSdr,
        WaveLoss::SiSdr,
        WaveLoss::L1,
        WaveLoss::MultiResolutionStft,
    ];
    /// Long enough for the longest STFT.
    const SHAPE: [usize; 4] = [2, 3, 2, 4096];

    fn value(loss: WaveLoss, estimates: &Tensor, targets: &Tensor, mix: &Tensor) -> f64 {
        let loss = loss.evaluate(estimates, targets, mix).unwrap();
        loss.to_dtype(DType::F64).unwrap().to_scalar().unwrap()
    }

    fn mix_of(targets: &Tensor) -> Tensor {
        targets.sum(1).unwrap()
    }

    /// `a·x + b·y`.
    fn blend(a: f64, x: &Tensor, b: f64, y: &Tensor) -> Tensor {
        ((x * a).unwrap() + (y * b).unwrap()).unwrap()
    }

    /// One item of one channel: stems, each of one value a sample.
    fn stems(values: &[f64]) -> Tensor {
        let stems = Tensor::new(values, &Device::Cpu).unwrap();
        let stems = stems.reshape((1, values.len(), 1, 1)).unwrap();
        stems
            .broadcast_as((1, values.len(), 1, 10))
            .unwrap()
            .contiguous()
            .unwrap()
    }

    #[test]
    fn known_values() {
        let db = |ratio: f64| 10.0 * ratio.log10();
        let (targets, mix) = (stems(&[1.0, 2.0]), stems(&[3.0]).squeeze(1).unwrap());
        let estimates = stems(&[0.9, 1.0]);
        // Errors of 0.1² and 1², energies of 1² and 2², of the mix 3², each per sample.
        let floor = 9e-3 + SILENCE_ENERGY;
        let log_snr = [
            (0.01 + floor) / (1.0 + floor),
            (1.0 + floor) / (4.0 + floor),
        ];
        let aggregated = (1.01 + floor) / (5.0 + floor);
        for (loss, want) in [
            (WaveLoss::LogSnr, (db(log_snr[0]) + db(log_snr[1])) / 2.0),
            (WaveLoss::AggregatedSdr, db(aggregated)),
            // Constants are alike but for their scale: 30 dB, and the floor under 1.
            (WaveLoss::SiSdr, db(1e-3 / 1.001)),
            (WaveLoss::L1, 0.55),
        ] {
            let got = value(loss, &estimates, &targets, &mix);
            // f64, and the energy of silence beside energies of 1.
            assert!((got - want).abs() < 1e-6, "{loss:?}: {got}, want {want}");
        }
    }

    #[test]
    fn a_tenth_off_is_20_db_while_the_mix_is_quiet() {
        // The floor is τ of the mix: in a mix as quiet as this it does not matter.
        let (targets, mix) = (stems(&[1.0]), stems(&[1e-3]).squeeze(1).unwrap());
        let got = value(WaveLoss::LogSnr, &stems(&[0.9]), &targets, &mix);
        assert!((got + 20.0).abs() < 1e-6, "{got}");
    }

    #[test]
    fn si_sdr_is_the_score_without_its_ends() {
        let (targets, estimates) = (noise(&SHAPE, DType::F32, 1), noise(&SHAPE, DType::F32, 2));
        let estimates = blend(0.2, &targets, 0.1, &estimates);
        let got = value(WaveLoss::SiSdr, &estimates, &targets, &mix_of(&targets));
        let stems = |x: &Tensor| x.flatten(0, 1).unwrap().to_vec3::<f32>().unwrap();
        let (targets, estimates) = (stems(&targets), stems(&estimates));
        let scores = targets.iter().zip(&estimates).map(|(t, e)| {
            let [t, e] = [t, e].map(|x| [&x[0], &x[1]]);
            crate::score::si_sdr_db(&t, &e).expect("it sounds")
        });
        let want = -scores.sum::<f64>() / 6.0;
        // At 6 dB, τ on both sides of the ratio of 4 to 1 takes 10·log10(1.005 / 1.00125).
        assert!((got - want).abs() < 0.02, "{got}, want {want}");
        assert!(
            (want + 6.0).abs() < 0.3,
            "the estimates were made for 6 dB, found {want}"
        );
    }

    #[test]
    fn silence_is_finite_and_so_is_its_gradient() {
        let sound = noise(&SHAPE, DType::F32, 3);
        let silence = sound.zeros_like().unwrap();
        let one_silent = Tensor::cat(
            &[
                sound.narrow(1, 0, 2).unwrap(),
                silence.narrow(1, 0, 1).unwrap(),
            ],
            1,
        )
        .unwrap();
        for (name, estimates, targets) in [
            ("silent target", &sound, &one_silent),
            ("silent estimate", &one_silent, &sound),
            ("all targets silent", &sound, &silence),
            ("all estimates silent", &silence, &sound),
            ("all silent", &silence, &silence),
            ("exact", &sound, &sound),
        ] {
            for loss in ALL {
                let estimates = Var::from_tensor(estimates).unwrap();
                let value = loss
                    .evaluate(&estimates, targets, &mix_of(targets))
                    .unwrap();
                let gradients = value.backward().unwrap();
                let gradient = gradients.get(&estimates).expect("estimates matter");
                // A sum is finite only if all that it sums is.
                let gradient = gradient.sqr().unwrap().sum_all().unwrap();
                let (value, gradient): (f32, f32) =
                    (value.to_scalar().unwrap(), gradient.to_scalar().unwrap());
                assert!(
                    value.is_finite() && gradient.is_finite(),
                    "{loss:?}, {name}: {value}, gradient {gradient}"
                );
            }
        }
    }

    #[test]
    fn silence_is_no_good_estimate() {
        let targets = noise(&SHAPE, DType::F32, 4);
        let silence = targets.zeros_like().unwrap();
        let mix = mix_of(&targets);
        let bad = blend(0.3, &targets, 0.4, &noise(&SHAPE, DType::F32, 5));
        for loss in ALL {
            let [silent, bad] = [&silence, &bad].map(|e| value(loss, e, &targets, &mix));
            assert!(
                silent > bad,
                "{loss:?}: silence {silent}, a poor estimate {bad}"
            );
        }
    }

    #[test]
    fn a_silent_target_leaves_si_sdr_to_the_others() {
        let targets = noise(&[1, 2, 2, 64], DType::F64, 6);
        let estimates = noise(&[1, 2, 2, 64], DType::F64, 7);
        let silent = targets.narrow(1, 0, 1).unwrap().zeros_like().unwrap();
        let first = targets.narrow(1, 0, 1).unwrap();
        let mix = mix_of(&first);
        let both = Tensor::cat(&[&first, &silent], 1).unwrap();
        let got = value(WaveLoss::SiSdr, &estimates, &both, &mix);
        let alone = estimates.narrow(1, 0, 1).unwrap();
        assert_eq!(got, value(WaveLoss::SiSdr, &alone, &first, &mix));
    }

    #[test]
    fn nearer_is_less() {
        let targets = noise(&SHAPE, DType::F32, 8);
        let start = noise(&SHAPE, DType::F32, 9);
        for loss in ALL {
            let mut last = f64::INFINITY;
            for step in 0..=10 {
                let part = f64::from(step) / 10.0;
                let estimates = blend(1.0 - part, &start, part, &targets);
                let got = value(loss, &estimates, &targets, &mix_of(&targets));
                assert!(got < last, "{loss:?} at {part}: {got} after {last}");
                last = got;
            }
        }
    }

    #[test]
    fn gradients() {
        let shape = [2, 2, 2, 6];
        let targets = noise(&shape, DType::F64, 10);
        let estimates = noise(&shape, DType::F64, 11);
        let mix = mix_of(&targets);
        for loss in &ALL[..4] {
            let f = |estimates: &Tensor| loss.evaluate(estimates, &targets, &mix);
            assert_gradient(f, &estimates, &format!("{loss:?}"));
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        let targets = noise(&[1, 2, 2, 8], DType::F32, 12);
        let mix = noise(&[1, 2, 9], DType::F32, 13);
        for loss in ALL {
            assert!(loss.evaluate(&targets, &targets, &mix).is_err(), "{loss:?}");
        }
    }

    #[test]
    fn names_in_a_config() {
        let names = serde_json::to_string(&ALL).unwrap();
        let want = r#"["log_snr","aggregated_sdr","si_sdr","l1","multi_resolution_stft"]"#;
        assert_eq!(names, want);
    }
}
