//! What the demo song draws random numbers for.

pub use crate::dice::Dice;

/// What a stream of random numbers is for; its discriminant selects the stream.
#[derive(Clone, Copy)]
pub enum Purpose {
    Form = 1,
    Drums,
    Bass,
    Keys,
    Melody,
    Lyrics,
    Backing,
    Kit,
    BassSound,
    PianoSound,
    PluckSound,
    PadSound,
    Singer,
    Noise,
}

impl From<Purpose> for u64 {
    fn from(purpose: Purpose) -> Self {
        purpose as u64
    }
}
