//! Masks bent by focus.

use super::mask_layout::MaskLayout;
use crate::dsp::power::raise;
use crate::nn::config::ConvTasNetConfig;
use crate::separators::focus::{self, Focus, NO_FOCUS};
use crate::stem::Stem;

const NUM_ESTIMATED: usize = Stem::ESTIMATED.len();

/// Bends a network's masks.
///
/// Where the bent masks of a band sum to more than 1, they are scaled down to 1, so that Other gets
/// no negative share; or to what the masks as trained sum to if that is more, so that a little focus
/// is always a little change. Of complex masks all this means the magnitudes.
pub(super) struct MaskBend {
    layout: MaskLayout,
    focus: Focus,
    /// In the layout of the network's output; Other's are those of the network.
    bent: Vec<f32>,
    /// Magnitudes as trained and bent, `[estimated stem][channel][band]`.
    trained: [Vec<f32>; NUM_ESTIMATED],
    magnitudes: [Vec<f32>; NUM_ESTIMATED],
}

impl MaskBend {
    pub fn new(config: &ConvTasNetConfig) -> Self {
        let num_values = config.num_mask_channels() * config.num_bands();
        let magnitudes = || std::array::from_fn(|_| vec![0.0; num_values]);
        Self {
            layout: MaskLayout::new(config),
            focus: NO_FOCUS,
            bent: vec![0.0; config.num_mask_values()],
            trained: magnitudes(),
            magnitudes: magnitudes(),
        }
    }

    /// Bends a frame of masks; without focus, nothing is to be done.
    pub fn process(&mut self, masks: &[f32], focus: &Focus) {
        self.focus = *focus;
        if self.focus == NO_FOCUS {
            return;
        }
        for (index, stem) in Stem::ESTIMATED.into_iter().enumerate() {
            let trained = &mut self.trained[index];
            self.layout.write_magnitudes(masks, stem, trained);
            let magnitudes = &mut self.magnitudes[index];
            magnitudes.copy_from_slice(trained);
            if focus[index] != 0.0 {
                raise(magnitudes, focus::exponent(focus[index]));
            }
        }
        limit(&self.trained, &mut self.magnitudes);
        self.bent.copy_from_slice(masks);
        for (index, stem) in Stem::ESTIMATED.into_iter().enumerate() {
            let (trained, magnitudes) = (&self.trained[index], &self.magnitudes[index]);
            self.layout
                .set_magnitudes(&mut self.bent, stem, trained, magnitudes);
        }
    }

    /// Back to masks as the network gives them.
    pub fn reset(&mut self) {
        self.focus = NO_FOCUS;
    }

    /// What plays of the masks that were processed last.
    pub fn playing<'a>(&'a self, masks: &'a [f32]) -> &'a [f32] {
        if self.focus == NO_FOCUS {
            masks
        } else {
            &self.bent
        }
    }
}

/// Scales the magnitudes of all stems down where their sum is above 1 and above that of `trained`.
fn limit(trained: &[Vec<f32>; NUM_ESTIMATED], magnitudes: &mut [Vec<f32>; NUM_ESTIMATED]) {
    let [a, b, c] = magnitudes;
    let [trained_a, trained_b, trained_c] = trained;
    for i in 0..a.len() {
        let most = (trained_a[i] + trained_b[i] + trained_c[i]).max(1.0);
        let sum = a[i] + b[i] + c[i];
        let scale = if sum > most { most / sum } else { 1.0 };
        a[i] *= scale;
        b[i] *= scale;
        c[i] *= scale;
    }
}

#[cfg(test)]
mod tests {
    use unbraid_fft::Complex32;

    use super::*;
    use crate::nn::config::MaskKind;

    fn config(mask: MaskKind) -> ConvTasNetConfig {
        ConvTasNetConfig {
            mask,
            ..ConvTasNetConfig::live()
        }
    }

    /// Masks of all sizes up to `most`, and none at all.
    fn masks(config: &ConvTasNetConfig, most: f32) -> Vec<f32> {
        let at = |n: usize| most * (n * 37 % 101) as f32 / 100.0;
        (0..config.num_mask_values()).map(at).collect()
    }

    /// The factors of the estimated stems as given and bent, for each channel and band.
    fn factors(
        config: &ConvTasNetConfig,
        masks: &[f32],
        focus: &Focus,
    ) -> Vec<[[Complex32; 2]; NUM_ESTIMATED]> {
        let mut bend = MaskBend::new(config);
        bend.process(masks, focus);
        let layout = MaskLayout::new(config);
        let of = |masks, channel, band| layout.factors(masks, channel, band);
        let places = (0..config.num_mask_channels())
            .flat_map(|channel| (0..config.num_bands()).map(move |band| (channel, band)));
        places
            .map(|(channel, band)| {
                let given = of(masks, channel, band);
                let bent = of(bend.playing(masks), channel, band);
                Stem::ESTIMATED.map(|stem| [given[stem as usize], bent[stem as usize]])
            })
            .collect()
    }

    #[test]
    fn masks_become_powers_and_stems_without_focus_stay() {
        let config = config(MaskKind::Softmax);
        for (focus, exponent) in [(1.0, 4.0), (0.5, 2.0), (-0.5, 0.5)] {
            // No sum comes near 1, so nothing is scaled.
            for [drums, bass, vocals] in factors(&config, &masks(&config, 0.1), &[0.0, 0.0, focus])
            {
                assert_eq!([drums[1], bass[1]], [drums[0], bass[0]]);
                let want = vocals[0].re.powf(exponent);
                assert!(
                    (vocals[1].re - want).abs() <= 1e-5 * want,
                    "{vocals:?}, want {want}"
                );
            }
        }
    }

    #[test]
    fn no_focus_brings_a_sum_above_one_that_was_not_there() {
        for kind in [MaskKind::Softmax, MaskKind::Sigmoid, MaskKind::Complex] {
            let config = config(kind);
            let mut num_scaled = 0;
            for focus in [[-1.0; NUM_ESTIMATED], [1.0, -1.0, 0.0], [-0.01, 0.0, 0.0]] {
                for stems in factors(&config, &masks(&config, 0.6), &focus) {
                    let sum = |i: usize| stems.iter().map(|stem| stem[i].norm()).sum::<f32>();
                    let most = sum(0).max(1.0);
                    assert!(sum(1) <= most + 1e-5, "{kind:?}, {focus:?}: {stems:?}");
                    num_scaled += usize::from((sum(1) - most).abs() < 1e-5);
                }
            }
            assert!(num_scaled > 100, "{kind:?}: {num_scaled}");
        }
    }

    #[test]
    fn complex_masks_keep_their_phase() {
        let config = config(MaskKind::Complex);
        for stems in factors(&config, &masks(&config, 0.2), &[1.0, -0.5, 0.1]) {
            for [given, bent] in stems {
                let across = given * bent.conj();
                assert!(across.im.abs() <= 1e-6 * across.norm() && across.re >= 0.0);
            }
        }
    }
}
