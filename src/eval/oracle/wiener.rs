//! The multichannel Wiener filter of known stems: `ŷ_k = P_k·R_k·(Σ P·R)⁻¹·x` in every bin, with
//! one spatial covariance `R_k` for each frequency and the power `P_k = tr(R_k⁻¹·y_k·y_kᴴ) / 2`
//! (Duong, Vincent & Gribonval, IEEE TASLP 18(7), 2010).

use unbraid_fft::Complex32;

use super::{Spectra, analyse, filter};
use crate::dsp::stft::StftSizes;
use crate::eval::Stereo;
use crate::stem::{NUM_CHANNELS, NUM_STEMS};

/// Filters the mix into stems.
pub(super) fn separate(
    sizes: StftSizes,
    mix: &Stereo,
    stems: &[Stereo; NUM_STEMS],
) -> [Stereo; NUM_STEMS] {
    let covariances = spatial_covariances(sizes, mix, stems);
    filter(sizes, mix, stems, |mix, stems, filtered| {
        for (bin, covariances) in covariances.iter().enumerate() {
            filter_bin(bin, covariances, mix, stems, filtered);
        }
    })
}

/// A complex value for each channel, `[channel][real, imaginary]`: in `f64`, because the
/// covariance of a stem in one place is nearly singular.
type Bin = [[f64; 2]; NUM_CHANNELS];

/// A Hermitian matrix over both channels: `left`, `right` on its diagonal, `cross` (real and
/// imaginary) above it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Covariance {
    left: f64,
    right: f64,
    cross: [f64; 2],
}

/// Kept from singular by this much of unit power a channel: below what 16 bits hold, above what
/// rounds away in `f32` spectra.
const REGULARISATION: f64 = 1e-10;

impl Covariance {
    /// Of one bin: `x·xᴴ`.
    fn of([[l_re, l_im], [r_re, r_im]]: Bin) -> Self {
        Self {
            left: l_re * l_re + l_im * l_im,
            right: r_re * r_re + r_im * r_im,
            cross: [l_re * r_re + l_im * r_im, l_im * r_re - l_re * r_im],
        }
    }

    fn add(&mut self, other: &Self, factor: f64) {
        self.left += factor * other.left;
        self.right += factor * other.right;
        self.cross[0] += factor * other.cross[0];
        self.cross[1] += factor * other.cross[1];
    }

    /// 0 if there is none.
    fn inverse(&self) -> Self {
        let determinant = self.left * self.right - self.cross[0].powi(2) - self.cross[1].powi(2);
        if determinant <= 0.0 {
            return Self::default();
        }
        Self {
            left: self.right / determinant,
            right: self.left / determinant,
            cross: self.cross.map(|part| -part / determinant),
        }
    }

    /// The trace of the product with another.
    fn dot(&self, other: &Self) -> f64 {
        let cross = self.cross[0] * other.cross[0] + self.cross[1] * other.cross[1];
        self.left * other.left + self.right * other.right + 2.0 * cross
    }

    fn apply(&self, [[l_re, l_im], [r_re, r_im]]: Bin) -> Bin {
        let [re, im] = self.cross;
        [
            [
                self.left * l_re + re * r_re - im * r_im,
                self.left * l_im + re * r_im + im * r_re,
            ],
            [
                self.right * r_re + re * l_re + im * l_im,
                self.right * r_im + re * l_im - im * l_re,
            ],
        ]
    }
}

/// Both channels' values in a bin.
fn bin_of(spectra: &Spectra, bin: usize) -> Bin {
    let parts = |x: Complex32| [f64::from(x.re), f64::from(x.im)];
    spectra.each_ref().map(|spectrum| parts(spectrum[bin]))
}

/// How each stem lies in the stereo image, and the inverse of that, `[bin][stem]`: the mean over
/// time of its covariance at unit power.
fn spatial_covariances(
    sizes: StftSizes,
    mix: &Stereo,
    stems: &[Stereo; NUM_STEMS],
) -> Vec<[(Covariance, Covariance); NUM_STEMS]> {
    let mut sums = vec![[Covariance::default(); NUM_STEMS]; sizes.num_bins()];
    analyse(sizes, mix, stems, |_, stems| {
        for (bin, sums) in sums.iter_mut().enumerate() {
            for (stem, sum) in stems.iter().zip(sums) {
                let now = Covariance::of(bin_of(stem, bin));
                let power = now.left + now.right;
                if power > 0.0 {
                    sum.add(&now, power.recip());
                }
            }
        }
    });
    let finish = |sum: Covariance| {
        let trace = sum.left + sum.right;
        let mut unit = Covariance {
            left: REGULARISATION,
            right: REGULARISATION,
            cross: [0.0; 2],
        };
        if trace > 0.0 {
            unit.add(&sum, 2.0 / trace);
        }
        (unit, unit.inverse())
    };
    sums.into_iter().map(|of_bin| of_bin.map(finish)).collect()
}

/// Filters one bin.
fn filter_bin(
    bin: usize,
    covariances: &[(Covariance, Covariance); NUM_STEMS],
    mix: &Spectra,
    stems: &[Spectra; NUM_STEMS],
    filtered: &mut [Spectra; NUM_STEMS],
) {
    let powers: [f64; NUM_STEMS] = std::array::from_fn(|stem| {
        let now = Covariance::of(bin_of(&stems[stem], bin));
        covariances[stem].1.dot(&now) / NUM_CHANNELS as f64
    });
    let mut of_mix = Covariance::default();
    for ((covariance, _), power) in covariances.iter().zip(powers) {
        of_mix.add(covariance, power);
    }
    let whitened = of_mix.inverse().apply(bin_of(mix, bin));
    for (stem, filtered) in filtered.iter_mut().enumerate() {
        let y = covariances[stem].0.apply(whitened);
        for (spectrum, [re, im]) in filtered.iter_mut().zip(y) {
            spectrum[bin] = Complex32::new((powers[stem] * re) as f32, (powers[stem] * im) as f32);
        }
    }
}
