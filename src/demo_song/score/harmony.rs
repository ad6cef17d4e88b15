//! Key, chords and how they are voiced.
//!
//! All pitches are scale *degrees* first: whole numbers that count the white keys of the song's major
//! scale from the tonic of the lowest MIDI octave, seven to the octave. Nothing written in degrees
//! can leave the key.

/// Semitones of the major scale above its tonic.
const MAJOR: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];

/// Degrees per octave.
pub const OCTAVE: i32 = 7;

/// A major key; minor songs live in it on the sixth degree.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Pitch class of the tonic, 0 = C … 11 = B.
    pub tonic: i32,
}

impl Key {
    /// MIDI pitch of a degree.
    pub fn pitch(self, degree: i32) -> i32 {
        self.tonic + 12 * degree.div_euclid(OCTAVE) + MAJOR[degree.rem_euclid(OCTAVE) as usize]
    }

    /// The highest degree that is not above this MIDI pitch.
    pub fn degree_at_or_below(self, pitch: i32) -> i32 {
        let octave = (pitch - self.tonic).div_euclid(12);
        let semitones = (pitch - self.tonic).rem_euclid(12);
        let within = MAJOR.iter().filter(|step| **step <= semitones).count() as i32 - 1;
        OCTAVE * octave + within
    }
}

/// A triad of the scale with one colour tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chord {
    /// Degree of the root within the octave, 0 = I … 6 = vii.
    pub root: i32,
}

impl Chord {
    /// Root, third, fifth and colour tone as degrees above the lowest tonic.
    ///
    /// The colour of I and IV is the ninth: their major seventh would rub against a sung root. All
    /// other chords take their seventh, a whole tone below the root.
    pub fn degrees(self) -> [i32; 4] {
        let colour = if matches!(self.root, 0 | 3) { 8 } else { 6 };
        [self.root, self.root + 2, self.root + 4, self.root + colour]
    }

    /// Degrees from the root up to this degree, 0…6: 0 = root, 2 = third, 4 = fifth …
    pub fn interval_to(self, degree: i32) -> i32 {
        (degree - self.root).rem_euclid(OCTAVE)
    }
}

/// Chords of a song, one for each half bar.
#[derive(Clone, Copy, Debug)]
pub struct Progression {
    pub verse: [[i32; 2]; 4],
    pub chorus: [[i32; 2]; 4],
    /// Root of the last chord.
    pub home: i32,
}

/// Roots as degrees, 0 = I. The last chorus bar always leads home.
pub const PROGRESSIONS: [Progression; 5] = [
    // vi | IV | I | V, then IV | V | iii vi | ii V → I.
    Progression {
        verse: [[5, 5], [3, 3], [0, 0], [4, 4]],
        chorus: [[3, 3], [4, 4], [2, 5], [1, 4]],
        home: 0,
    },
    // I | iii | vi | IV V, then vi | IV | I | IV V → I.
    Progression {
        verse: [[0, 0], [2, 2], [5, 5], [3, 4]],
        chorus: [[5, 5], [3, 3], [0, 0], [3, 4]],
        home: 0,
    },
    // I | vi | ii | V, then IV | I | ii vi | IV V → I.
    Progression {
        verse: [[0, 0], [5, 5], [1, 1], [4, 4]],
        chorus: [[3, 3], [0, 0], [1, 5], [3, 4]],
        home: 0,
    },
    // In the relative minor: i | iv | VII | III, then VI | VII | i | VII v → i.
    Progression {
        verse: [[5, 5], [1, 1], [4, 4], [0, 0]],
        chorus: [[3, 3], [4, 4], [5, 5], [4, 2]],
        home: 5,
    },
    // In the relative minor: i | VII | VI | VII, then VI | III | VII | iv v → i.
    Progression {
        verse: [[5, 5], [4, 4], [3, 3], [4, 4]],
        chorus: [[3, 3], [0, 0], [4, 4], [1, 2]],
        home: 5,
    },
];

/// Notes of a keyboard chord.
pub const NUM_VOICES: usize = 4;

/// Voices a chord as close to the one before as it can be: among all inversions, close or with the
/// second voice from the top dropped by an octave, the one whose voices move least and stay near
/// `centre`, a degree.
pub fn lead_voices(
    chord: Chord,
    before: Option<[i32; NUM_VOICES]>,
    centre: i32,
) -> [i32; NUM_VOICES] {
    let mut best = ([0; NUM_VOICES], i32::MAX);
    for inversion in 0..NUM_VOICES {
        for drop_second in [false, true] {
            let voicing = voicing_near(chord, inversion, drop_second, centre);
            let distance = |from: i32| voicing.iter().map(|to| (to - from).abs()).sum::<i32>();
            let movement = before.map_or(0, |before| {
                let moves = before
                    .iter()
                    .zip(voicing)
                    .map(|(from, to)| (to - from).abs());
                2 * moves.sum::<i32>()
            });
            let cost = movement + distance(centre);
            if cost < best.1 {
                best = (voicing, cost);
            }
        }
    }
    best.0
}

/// One inversion of a chord, in the octave that brings its middle nearest to `centre`.
fn voicing_near(
    chord: Chord,
    inversion: usize,
    drop_second: bool,
    centre: i32,
) -> [i32; NUM_VOICES] {
    let mut voicing = chord.degrees().map(|degree| degree.rem_euclid(OCTAVE));
    voicing.sort_unstable();
    voicing.rotate_left(inversion);
    for voice in 1..NUM_VOICES {
        while voicing[voice] < voicing[voice - 1] {
            voicing[voice] += OCTAVE;
        }
    }
    if drop_second {
        voicing[NUM_VOICES - 2] -= OCTAVE;
        voicing.sort_unstable();
    }
    let middle = voicing.iter().sum::<i32>() / NUM_VOICES as i32;
    let octaves = (centre - middle + OCTAVE / 2).div_euclid(OCTAVE);
    voicing.map(|degree| degree + OCTAVE * octaves)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn degrees_and_pitches_agree() {
        let key = Key { tonic: 2 };
        assert_eq!(key.pitch(5 * OCTAVE), 62, "D4 is the tonic's fifth octave");
        for pitch in 20..100 {
            let degree = key.degree_at_or_below(pitch);
            assert!(
                key.pitch(degree) <= pitch && key.pitch(degree + 1) > pitch,
                "{pitch}"
            );
        }
    }

    #[test]
    fn voices_move_little_and_keep_their_chord() {
        let centre = 37;
        for progression in PROGRESSIONS {
            let mut before = None;
            for root in progression
                .verse
                .into_iter()
                .chain(progression.chorus)
                .flatten()
            {
                let chord = Chord { root };
                let voicing = lead_voices(chord, before, centre);
                let mut tones = voicing.map(|degree| degree.rem_euclid(OCTAVE));
                let mut wanted = chord.degrees().map(|degree| degree.rem_euclid(OCTAVE));
                tones.sort_unstable();
                wanted.sort_unstable();
                assert_eq!(tones, wanted, "{chord:?} is voiced as {voicing:?}");
                if let Some(before) = before {
                    let moved: i32 = voicing
                        .iter()
                        .zip(before)
                        .map(|(a, b): (&i32, i32)| (a - b).abs())
                        .sum();
                    assert!(
                        moved <= 8,
                        "{before:?} to {voicing:?} moves {moved} degrees"
                    );
                }
                before = Some(voicing);
            }
        }
    }
}
