//! Waveforms of a mix through masks, as the separator plays them, with the gradient of the masks.
//!
//! A waveform is linear in its masks, so the gradient is the transpose of the synthesis: windowed
//! frames of the waveform's gradient `g`, their spectra `V`, and for the mask of a band
//! `Σ_bins c·V·X*`, real and imaginary part, with `c` = 2 but 1 at the end bins, which a real
//! signal has once.

use candle_core::{CpuStorage, CustomOp1, DType, Device, Layout, Result, Shape, Tensor, bail};
use unbraid_fft::{Complex32, plan_forward};

use super::mix_spectra::MixSpectra;
use crate::dsp::stft::{StftSizes, Synthesis};
use crate::stem::NUM_CHANNELS;
use crate::train::hand_written::contiguous;

impl MixSpectra {
    /// The mix through masks `[b, n, S, C, parts, bands]`, which are factors already: waveforms
    /// `[b, S, C, n·hop]`, in time with the mix. `C` of the masks may be 1, for both channels; one
    /// part is real, two are real and imaginary. The mask of frame `t + lookahead_hops` applies to
    /// spectrum `t`; the last spectra have none and stay silent, so the waveforms are whole up to
    /// [`whole_samples`](Self::whole_samples). Computed on the CPU, wherever the masks are.
    ///
    /// # Errors
    /// `masks` has another shape or is not `f32`.
    pub fn synthesise(&self, masks: &Tensor, lookahead_hops: usize) -> Result<Tensor> {
        let num_bands = self.features.bins().len();
        let (num_stems, num_mask_channels, num_parts) = match *masks.dims() {
            [
                batch,
                frames,
                stems,
                channels @ (1 | NUM_CHANNELS),
                parts @ (1 | 2),
                bands,
            ] if (batch, frames, bands) == (self.batch, self.num_frames, num_bands) => {
                (stems, channels, parts)
            }
            _ => bail!(
                "masks: expected [{}, {}, stems, 1 or {NUM_CHANNELS}, 1 or 2, {num_bands}], found \
                 {:?}",
                self.batch,
                self.num_frames,
                masks.shape()
            ),
        };
        let op = MaskedSynthesis {
            spectra: self.clone(),
            lookahead_hops,
            num_stems,
            num_mask_channels,
            num_parts,
        };
        let masks_here = masks.to_device(&Device::Cpu)?.contiguous()?;
        masks_here.apply_op1(op)?.to_device(masks.device())
    }

    /// How many samples of a waveform no longer change when the mix goes on.
    pub fn whole_samples(&self, lookahead_hops: usize) -> usize {
        let behind = lookahead_hops * self.sizes.hop_samples + self.sizes.latency_samples();
        (self.num_frames * self.sizes.hop_samples).saturating_sub(behind)
    }
}

/// The op behind [`MixSpectra::synthesise`].
struct MaskedSynthesis {
    spectra: MixSpectra,
    lookahead_hops: usize,
    num_stems: usize,
    num_mask_channels: usize,
    num_parts: usize,
}

impl MaskedSynthesis {
    fn num_bands(&self) -> usize {
        self.spectra.features.bins().len()
    }

    /// Frames that have a mask.
    fn num_masked(&self) -> usize {
        self.spectra.num_frames.saturating_sub(self.lookahead_hops)
    }

    /// Every waveform, as `(mix, stem, channel)`, in their order in the output.
    fn waveforms(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let per_mix = self.num_stems * NUM_CHANNELS;
        (0..self.spectra.batch * per_mix)
            .map(move |i| (i / per_mix, i % per_mix / NUM_CHANNELS, i % NUM_CHANNELS))
    }

    /// Where the mask of spectrum `frame` stands, `[part][band]`.
    fn mask(
        &self,
        mix: usize,
        frame: usize,
        stem: usize,
        channel: usize,
    ) -> std::ops::Range<usize> {
        let channel = channel.min(self.num_mask_channels - 1);
        let frame = mix * self.spectra.num_frames + frame + self.lookahead_hops;
        let index = (frame * self.num_stems + stem) * self.num_mask_channels + channel;
        let length = self.num_parts * self.num_bands();
        index * length..(index + 1) * length
    }

    fn synthesise(&self, masks: &[f32]) -> Vec<f32> {
        let MixSpectra {
            sizes,
            num_frames,
            mask_bands,
            ..
        } = &self.spectra;
        let hop = sizes.hop_samples;
        let latency_hops = sizes.latency_samples() / hop;
        let mut synthesis = Synthesis::new(*sizes);
        let mut masked = vec![Complex32::default(); sizes.num_bins()];
        let mut early = vec![0.0; hop];
        let samples = num_frames * hop;
        let mut waveforms = vec![0.0; self.spectra.batch * self.num_stems * NUM_CHANNELS * samples];
        for (waveform, (mix, stem, channel)) in waveforms
            .chunks_exact_mut(samples.max(1))
            .zip(self.waveforms())
        {
            synthesis.reset();
            for t in 0..num_frames + latency_hops {
                if t < self.num_masked() {
                    let mask = &masks[self.mask(mix, t, stem, channel)];
                    let (re, im) = mask.split_at(self.num_bands());
                    let spectrum = self.spectra.spectrum(mix, t, channel);
                    for ((y, x), &band) in masked.iter_mut().zip(spectrum).zip(&**mask_bands) {
                        *y = x * Complex32::new(re[band], im.get(band).copied().unwrap_or(0.0));
                    }
                } else {
                    masked.fill(Complex32::default());
                }
                // What comes out with frame t began `latency_hops` before.
                let hop = match t.checked_sub(latency_hops) {
                    Some(t) => &mut waveform[t * hop..][..hop],
                    None => &mut early[..],
                };
                synthesis.process(&mut masked, hop);
            }
        }
        waveforms
    }

    fn transpose(&self, gradient: &[f32], num_mask_values: usize) -> Vec<f32> {
        let MixSpectra {
            sizes,
            num_frames,
            mask_bands,
            ..
        } = &self.spectra;
        let StftSizes {
            analysis_samples,
            synthesis_samples,
            hop_samples,
        } = *sizes;
        let scale = 1.0 / analysis_samples as f32;
        let window: Vec<f32> = sizes.synthesis_window().iter().map(|w| w * scale).collect();
        let fft = plan_forward(analysis_samples);
        let (mut frame, mut scratch) = (fft.make_input_vec(), fft.make_scratch_vec());
        let mut bins = fft.make_output_vec();
        let samples = num_frames * hop_samples;
        let mut mask_gradient = vec![0.0; num_mask_values];
        for (gradient, (mix, stem, channel)) in
            gradient.chunks_exact(samples.max(1)).zip(self.waveforms())
        {
            for t in 0..self.num_masked() {
                let end = (t + 1) * hop_samples;
                // The samples before the start are not in the waveform.
                let length = synthesis_samples.min(end);
                let (older, newest) = frame.split_at_mut(analysis_samples - length);
                older.fill(0.0);
                let windowed = gradient[end - length..end]
                    .iter()
                    .zip(&window[synthesis_samples - length..]);
                for (y, (g, w)) in newest.iter_mut().zip(windowed) {
                    *y = g * w;
                }
                let done = fft.process_with_scratch(&mut frame, &mut bins, &mut scratch);
                debug_assert!(done.is_ok(), "the buffers are the plan's own");
                for end_bin in [0, analysis_samples / 2] {
                    bins[end_bin] *= 0.5;
                }
                let mask = &mut mask_gradient[self.mask(mix, t, stem, channel)];
                let (re, im) = mask.split_at_mut(self.num_bands());
                let spectrum = self.spectra.spectrum(mix, t, channel);
                for ((v, x), &band) in bins.iter().zip(spectrum).zip(&**mask_bands) {
                    let product = 2.0 * v * x.conj();
                    re[band] += product.re;
                    if let Some(im) = im.get_mut(band) {
                        *im += product.im;
                    }
                }
            }
        }
        mask_gradient
    }
}

impl CustomOp1 for MaskedSynthesis {
    fn name(&self) -> &'static str {
        "masked-synthesis"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let masks = contiguous(storage, layout)?;
        let samples = self.spectra.num_frames * self.spectra.sizes.hop_samples;
        let shape = (self.spectra.batch, self.num_stems, NUM_CHANNELS, samples);
        let waveforms = self.synthesise(masks);
        Ok((CpuStorage::F32(waveforms), shape.into()))
    }

    fn bwd(&self, masks: &Tensor, _: &Tensor, gradient: &Tensor) -> Result<Option<Tensor>> {
        let gradient = gradient.to_dtype(DType::F32)?.flatten_all()?.to_vec1()?;
        let transposed = self.transpose(&gradient, masks.elem_count());
        Tensor::from_vec(transposed, masks.shape(), masks.device()).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Var;

    use super::super::mix_spectra::testing::{front_end, num_bands, values};
    use super::super::testing::noise;
    use super::*;
    use crate::dsp::stft::Analysis;

    /// Look-ahead of 0 and more; windows of one and of several hops of overlap.
    const CASES: [(usize, usize); 3] = [(512, 0), (1024, 0), (512, 2)];

    #[test]
    fn open_masks_give_the_mix() {
        let mix = noise(&[2, 2, 256 * 9], DType::F32, 1);
        for (synthesis_samples, lookahead) in CASES {
            let spectra = MixSpectra::new(&front_end(synthesis_samples), &mix).unwrap();
            for parts in [1, 2] {
                let shape = (2, 9, 3, 1, 1, num_bands(&spectra));
                let mut masks = Tensor::ones(shape, DType::F32, &Device::Cpu).unwrap();
                masks = masks.pad_with_zeros(4, 0, parts - 1).unwrap();
                let waveforms = spectra.synthesise(&masks, lookahead).unwrap();
                assert_eq!(waveforms.dims(), [2, 3, 2, 256 * 9]);
                let whole = spectra.whole_samples(lookahead);
                assert_eq!(whole, 256 * (9 - lookahead) - (synthesis_samples - 256));
                for stem in 0..3 {
                    let got = waveforms.narrow(1, stem, 1).unwrap().squeeze(1).unwrap();
                    let error = (got - &mix).unwrap().abs().unwrap();
                    let error = error.narrow(2, 0, whole).unwrap().max_all().unwrap();
                    let error: f32 = error.to_scalar().unwrap();
                    // f32 FFTs of 1024 points keep about 6 digits.
                    assert!(
                        error < 1e-5,
                        "{synthesis_samples}, {lookahead}, {parts}: {error}"
                    );
                }
            }
        }
    }

    #[test]
    fn each_channel_of_each_stem_has_its_own_masks() {
        const LOOKAHEAD: usize = 1;
        let front_end = front_end(512);
        let mix = noise(&[1, 2, 256 * 6], DType::F32, 2);
        let spectra = MixSpectra::new(&front_end, &mix).unwrap();
        let num_bands = num_bands(&spectra);
        let masks = noise(&[1, 6, 2, 2, 2, num_bands], DType::F32, 3);
        let waveforms = values(&spectra.synthesise(&masks, LOOKAHEAD).unwrap());
        let masks = values(&masks);
        let (mix, bands) = (values(&mix), &spectra.mask_bands);
        for stem in 0..2 {
            for channel in 0..2 {
                let mut analysis = Analysis::new(spectra.sizes);
                let mut synthesis = Synthesis::new(spectra.sizes);
                let mut spectrum = vec![Complex32::default(); spectra.sizes.num_bins()];
                let mut hop = vec![0.0; 256];
                for t in 0..6 - LOOKAHEAD {
                    let start = (channel * 6 + t) * 256;
                    analysis.process(&mix[start..start + 256], &mut spectrum);
                    let mask = ((t + LOOKAHEAD) * 4 + stem * 2 + channel) * 2 * num_bands;
                    for (x, &band) in spectrum.iter_mut().zip(bands.iter()) {
                        *x *= Complex32::new(masks[mask + band], masks[mask + num_bands + band]);
                    }
                    synthesis.process(&mut spectrum, &mut hop);
                    // One hop late: windows of two hops.
                    if t > 0 {
                        let start = ((stem * 2 + channel) * 6 + t - 1) * 256;
                        assert_eq!(waveforms[start..start + 256], hop, "{stem}, {channel}, {t}");
                    }
                }
            }
        }
    }

    #[test]
    fn one_mask_serves_both_channels() {
        let mix = noise(&[1, 2, 256 * 5], DType::F32, 4);
        let spectra = MixSpectra::new(&front_end(512), &mix).unwrap();
        let one = noise(&[1, 5, 2, 1, 2, num_bands(&spectra)], DType::F32, 5);
        let two = Tensor::cat(&[&one, &one], 3).unwrap();
        let waveforms = [&one, &two].map(|masks| values(&spectra.synthesise(masks, 0).unwrap()));
        assert_eq!(waveforms[0], waveforms[1]);
    }

    /// The waveforms are linear in the masks, so a difference quotient is exact at any step, and
    /// so is `⟨g, F(m)⟩ = ⟨Fᵀ(g), m⟩`, but for rounding.
    #[test]
    fn the_gradient_is_the_transpose() {
        let mix = noise(&[2, 2, 256 * 6], DType::F32, 6);
        for (synthesis_samples, lookahead) in CASES {
            let spectra = MixSpectra::new(&front_end(synthesis_samples), &mix).unwrap();
            for (channels, parts) in [(1, 1), (2, 1), (1, 2), (2, 2)] {
                let case = format!("{synthesis_samples}, {lookahead}, {channels}, {parts}");
                let shape = [2, 6, 2, channels, parts, num_bands(&spectra)];
                let g = noise(&[2, 2, 2, 256 * 6], DType::F32, 7);
                let loss = |masks: &Tensor| {
                    let waveforms = spectra.synthesise(masks, lookahead)?;
                    (waveforms * &g)?.sum_all()
                };
                let masks = Var::from_tensor(&noise(&shape, DType::F32, 8)).unwrap();
                let value = loss(&masks).unwrap();
                let gradients = value.backward().unwrap();
                let gradient = values(gradients.get(&masks).expect("masks matter"));
                let product: f64 = values(&masks)
                    .iter()
                    .zip(&gradient)
                    .map(|(m, g)| f64::from(m * g))
                    .sum();
                let value = f64::from(value.to_scalar::<f32>().unwrap());
                // Sums of 12 000 f32 products, of which most cancel.
                assert!(
                    (product - value).abs() < 1e-2,
                    "{case}: {product}, want {value}"
                );

                for index in (0..gradient.len()).step_by(gradient.len() / 40) {
                    let mut unit = vec![0.0_f32; gradient.len()];
                    unit[index] = 1.0;
                    let unit = Tensor::from_vec(unit, &shape[..], &Device::Cpu).unwrap();
                    let want: f32 = loss(&unit).unwrap().to_scalar().unwrap();
                    let got = gradient[index];
                    assert!(
                        (got - want).abs() < 1e-4 * (1.0 + want.abs()),
                        "{case}: gradient {index}: {got}, want {want}"
                    );
                }
            }
        }
    }

    #[test]
    fn other_masks_are_refused() {
        let mix = noise(&[1, 2, 512], DType::F32, 1);
        let spectra = MixSpectra::new(&front_end(512), &mix).unwrap();
        let masks = noise(&[1, 2, 4, 3, 1, num_bands(&spectra)], DType::F32, 1);
        let error = spectra.synthesise(&masks, 0).err().unwrap().to_string();
        assert!(error.contains("stems, 1 or 2, 1 or 2"), "{error}");
    }
}
