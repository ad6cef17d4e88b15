//! Patches of spectrograms, and patches that look like them.

use ndarray::{Array2, Array4, s};
use unbraid::dice::Dice;
use unbraid::scratch_nn::Tensor;
use unbraid_fft::Complex32;

use crate::song::Spectra;

/// Bins to a row: the mean of a few calms the speckle of noise.
const ROW_BINS: usize = 2;

/// Rows and frames of a patch: 689 Hz by 186 ms.
pub const PATCH: usize = 16;

/// Patches of the song whose mean level is further below its loudest row show little but reverb.
const QUIET_DB: f64 = 55.0;

/// What the network answers first and second.
pub const KINDS: [&str; 2] = ["vertical", "horizontal"];

/// The level of each row in dB, −100 at least, `[frame][row]`.
pub fn levels_db(spectra: &Spectra) -> Vec<Vec<f64>> {
    let level = |bins: &[Complex32]| {
        let power: f32 = bins.iter().map(Complex32::norm_sqr).sum();
        (10.0 * f64::from(power / ROW_BINS as f32).log10()).max(-100.0)
    };
    let levels = |bins: &Vec<Complex32>| bins.chunks_exact(ROW_BINS).map(level).collect();
    spectra.iter().map(levels).collect()
}

/// The greatest of all.
pub fn loudest(levels_db: &[Vec<f64>]) -> f64 {
    let levels = levels_db.iter().flatten();
    levels.copied().fold(f64::NEG_INFINITY, f64::max)
}

/// `count` examples, of both kinds in turn: patches, and the right answers.
pub fn examples(count: usize, mut make: impl FnMut(usize) -> Array2<f64>) -> (Tensor, Tensor) {
    let mut patches = Array4::zeros((count, 1, PATCH, PATCH));
    let mut answers = Array2::zeros((count, KINDS.len()));
    for index in 0..count {
        let kind = index % KINDS.len();
        patches.slice_mut(s![index, 0, .., ..]).assign(&make(kind));
        answers[[index, kind]] = 1.0;
    }
    (patches.into_dyn(), answers.into_dyn())
}

/// One to three lines of a kind in noise: a hit dies away, a tone begins and stays.
pub fn drawn(kind: usize, dice: &mut Dice) -> Array2<f64> {
    let noise = || 3.0 * dice.bell();
    let mut patch = Array2::from_shape_simple_fn((PATCH, PATCH), noise);
    for _ in 0..1 + dice.below(3) {
        let place = dice.below(PATCH);
        // In deviations of the noise.
        let level = dice.between(1.0, 4.0);
        let decay_per_frame = dice.between(0.1, 0.5);
        let begin = dice.below(PATCH / 2);
        for ((row, frame), pixel) in patch.indexed_iter_mut() {
            if kind == 0 && frame >= place {
                *pixel += level * (-decay_per_frame * (frame - place) as f64).exp();
            } else if kind == 1 && row == place && frame >= begin {
                *pixel += level;
            }
        }
    }
    normalised(patch)
}

/// A patch of a song, anywhere but where it is quiet.
pub fn of_song(levels_db: &[Vec<f64>], dice: &mut Dice) -> Array2<f64> {
    let loudest = loudest(levels_db);
    loop {
        let frame = dice.below(levels_db.len() - PATCH);
        let row = dice.below(levels_db[0].len() - PATCH);
        let patch = cut(levels_db, row, frame);
        if patch.mean().expect("it has pixels") > loudest - QUIET_DB {
            return normalised(patch);
        }
    }
}

/// The patch from this row and frame on, `[row][frame]`.
pub fn cut(levels_db: &[Vec<f64>], row: usize, frame: usize) -> Array2<f64> {
    let at = |(y, x): (usize, usize)| levels_db[frame + x][row + y];
    Array2::from_shape_fn((PATCH, PATCH), at)
}

/// The patch with mean 0 and deviation 1: so that only its pattern counts.
pub fn normalised(patch: Array2<f64>) -> Array2<f64> {
    let mean = patch.mean().expect("it has pixels");
    // Silence has no pattern, and becomes 0.
    let deviation = patch.std(0.0).max(1e-3);
    (patch - mean) / deviation
}
