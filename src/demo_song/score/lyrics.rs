//! The words: syllables without a meaning, but with a sound that suits their note.

use crate::demo_song::dice::Dice;

/// Consonant that opens a syllable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consonant {
    None,
    S,
    T,
    M,
    N,
    L,
    W,
    Y,
    H,
}

/// Vowels, by the words that Peterson & Barney (1952) recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vowel {
    /// as in *heed*
    Heed,
    /// as in *head*
    Head,
    /// as in *had*
    Had,
    /// as in *hod*
    Hod,
    /// as in *hawed*
    Hawed,
    /// as in *who'd*
    Whod,
    /// as in *hud*
    Hud,
}

/// One syllable: a consonant, a vowel, and the vowel it ends on (another one in a diphthong).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syllable {
    pub consonant: Consonant,
    pub vowel: Vowel,
    pub end: Vowel,
}

/// Short notes get closed and quick syllables, long ones an open vowel to sing on.
pub fn invent_syllable(words: &mut Dice, before: Consonant, num_steps: usize) -> Syllable {
    use Consonant::{H, L, M, N, None, S, T, W, Y};
    use Vowel::{Had, Hawed, Head, Heed, Hod, Hud, Whod};
    let consonant = loop {
        let consonant = words.pick(&[S, T, M, N, L, W, Y, H, None, S, T, M]);
        if consonant != before {
            break consonant;
        }
    };
    let (vowel, end) = if num_steps >= 4 {
        words.pick(&[
            (Hod, Hod),
            (Hod, Heed),
            (Hawed, Whod),
            (Head, Heed),
            (Had, Had),
            (Hawed, Hawed),
        ])
    } else {
        words.pick(&[
            (Hud, Hud),
            (Head, Head),
            (Heed, Heed),
            (Whod, Whod),
            (Hod, Hod),
            (Had, Had),
        ])
    };
    Syllable {
        consonant,
        vowel,
        end,
    }
}
