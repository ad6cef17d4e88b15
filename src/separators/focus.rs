//! Focus: bends the masks of single stems, which trades bleed against artefacts.
//!
//! A mask `m` becomes `m^e`. Above 1, `e` takes from a stem what is doubtful, and with it what bleeds
//! in; below 1, it gives more of what is doubtful, so that less of the stem is missing. What a stem
//! loses or gains, Other gains or loses.

use crate::stem::Stem;

/// How far the mask of each estimated stem is bent, from −1 to 1, in the order of
/// [`Stem::ESTIMATED`]; 0 leaves it as trained.
pub type Focus = [f32; Stem::ESTIMATED.len()];

/// Every mask as trained.
pub const NO_FOCUS: Focus = [0.0; Stem::ESTIMATED.len()];

/// What a focus of 1 multiplies the exponent by, in octaves: from the fourth root to the fourth power.
///
/// On the demo song of seed 3, Conv-TasNet Live's vocals bleed by −10, −18, −31, −47 and −58 dB at
/// −1, −½, 0, ½ and 1, at 4.8, 5.4, 5.5, 4.6 and 2.5 dB of SI-SDR improvement; its drums by −12, −21,
/// −33, −45 and −58 dB, at 4.2, 6.5, 7.1, 4.6 and 0.9 dB. Beyond these ends only artefacts grow.
const SPAN_OCTAVES: f32 = 2.0;

/// The exponent of a mask: 1 for as trained.
pub(super) fn exponent(focus: f32) -> f32 {
    (SPAN_OCTAVES * focus.clamp(-1.0, 1.0)).exp2()
}

/// The focus of one estimated stem.
pub(super) fn of(focus: &Focus, stem: Stem) -> f32 {
    let index = Stem::ESTIMATED.iter().position(|&s| s == stem);
    debug_assert!(index.is_some(), "{stem:?} is what remains");
    index.map_or(0.0, |index| focus[index])
}
