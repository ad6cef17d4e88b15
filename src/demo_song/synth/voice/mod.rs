//! The singer: a source-filter voice after Klatt (1980).
//!
//! The glottis is a Rosenberg (1971) pulse, kept as a band-limited wavetable of its derivative, which takes
//! the lips' radiation into account. Its sound and the breath pass a cascade of resonances, the
//! formants; hiss and bursts of consonants are filtered noise beside it. [`gestures`] moves all of them.

mod gestures;

use gestures::{FRAME_S, Gestures, NUM_MOVING};

use super::noise::Noise;
use super::wavetable::{Bandwidth, Wavetable};
use super::{Every, Track, limit_hz, pitch_hz};
use crate::demo_song::dice::{Dice, Purpose};
use crate::demo_song::score::Sung;
use crate::dsp::filter::{HighPass, LowPass, Svf};

const NUM_FORMANTS: usize = 8;

/// Fourth to eighth formant of a woman's voice: a tube of 14.6 cm, closed at one end, resonates about
/// every 1.2 kHz; the fourth is drawn to the third, as trained singers do (Sundberg 1974).
const UPPER_FORMANTS_HZ: [f64; NUM_FORMANTS - NUM_MOVING] =
    [3_750.0, 4_800.0, 5_900.0, 7_200.0, 8_600.0];

/// Bandwidths at rest.
const BANDWIDTHS_HZ: [f64; NUM_FORMANTS] = [110.0, 120.0, 160.0, 210.0, 280.0, 420.0, 600.0, 800.0];

/// Shelves that lift the treble: from where, and by how much more than 1.
///
/// The first is what any recorded voice gets. The second stands for the resonances above the eighth,
/// whose skirts would add as much (the higher-pole correction of Fant 1959).
const SHELVES: [(f64, f64); 2] = [(2_200.0, 1.0), (5_000.0, 4.0)];

/// Who sings, and from where.
#[derive(Clone, Copy)]
pub struct Part {
    pub pan: f64,
    /// Linear level.
    pub gain: f64,
    /// Tells apart voices that sing the same part.
    pub take: u64,
}

/// Sings a part.
pub fn sing(notes: &[Sung], part: Part, seed: u64, track: &mut Track) {
    let mut dice = Dice::new(seed.wrapping_add(part.take), Purpose::Singer);
    let singer = Singer {
        // A longer or shorter throat, and more or less breath.
        throat: Dice::new(seed, Purpose::Singer).between(0.93, 1.03) * dice.between(0.985, 1.015),
        breathiness: dice.between(0.05, 0.10),
        vibrato_hz: dice.between(5.1, 5.8),
        vibrato_cents: dice.between(28.0, 45.0),
    };
    let score = Gestures::write(notes, &singer, &mut dice);
    let rate_hz = track.rate_hz();
    let noise = Noise::new(&mut dice, rate_hz);
    let source = glottal_source();
    for (from_s, to_s) in score.sounding() {
        let mut voice = Voice::new(&singer, &source, &noise, &mut dice, rate_hz);
        track.play(from_s, to_s - from_s, part.pan, |time_s| {
            part.gain * voice.next(&score, from_s + time_s, time_s)
        });
    }
}

struct Singer {
    throat: f64,
    breathiness: f64,
    vibrato_hz: f64,
    vibrato_cents: f64,
}

/// Spectrum of the derivative of Rosenberg's pulse: a polynomial that opens over 40 % of the period,
/// closes over 16 %, and stays closed.
fn glottal_source() -> Wavetable {
    const OPENING: f64 = 0.40;
    const CLOSING: f64 = 0.16;
    const NUM_POINTS: usize = 2048;
    let flow_slope = |phase: f64| {
        if phase < OPENING {
            let part = phase / OPENING;
            6.0 * part * (1.0 - part) / OPENING
        } else if phase < OPENING + CLOSING {
            -2.0 * (phase - OPENING) / (CLOSING * CLOSING)
        } else {
            0.0
        }
    };
    let slopes: Vec<f64> = (0..NUM_POINTS)
        .map(|point| flow_slope((point as f64 + 0.5) / NUM_POINTS as f64))
        .collect();
    Wavetable::new(64, |k| {
        let step = std::f64::consts::TAU * k as f64 / NUM_POINTS as f64;
        let (mut cosine, mut sine) = (0.0, 0.0);
        for (point, slope) in slopes.iter().enumerate() {
            let (sin, cos) = (step * (point as f64 + 0.5)).sin_cos();
            cosine += slope * cos;
            sine += slope * sin;
        }
        // Scaled so that the steepest slope, the closure, is about 1.
        let scale = 2.0 / NUM_POINTS as f64 * CLOSING / 2.0;
        (scale * cosine, scale * sine)
    })
}

/// The sounding voice during one stretch.
struct Voice<'a> {
    singer: &'a Singer,
    source: &'a Wavetable,
    breath: super::noise::Burst<'a>,
    teeth: super::noise::Burst<'a>,
    frequency_hz: f64,
    bandwidth: Bandwidth,
    cycles: f64,
    softness: LowPass,
    formants: [Svf; NUM_FORMANTS],
    num_formants: usize,
    shelves: [HighPass; 2],
    hiss_bands: [Svf; 2],
    tuning: Every,
    rate_hz: f64,
}

impl<'a> Voice<'a> {
    fn new(
        singer: &'a Singer,
        source: &'a Wavetable,
        noise: &'a Noise,
        dice: &mut Dice,
        rate_hz: f64,
    ) -> Self {
        Self {
            singer,
            source,
            breath: noise.burst(dice),
            teeth: noise.burst(dice),
            frequency_hz: 0.0,
            bandwidth: Bandwidth::default(),
            cycles: 0.0,
            softness: LowPass::new(3_500.0, rate_hz),
            formants: [Svf::default(); NUM_FORMANTS],
            num_formants: 0,
            shelves: SHELVES.map(|(from_hz, _)| HighPass::new(from_hz, rate_hz)),
            hiss_bands: [Svf::default(); 2],
            tuning: Every::new(0.0005, rate_hz),
            rate_hz,
        }
    }

    /// The next sample, at a time in the song and since the stretch's start.
    fn next(&mut self, gestures: &Gestures, song_s: f64, time_s: f64) -> f64 {
        let position = (song_s / FRAME_S).max(0.0);
        let frame = (position as usize).min(gestures.pitch.len() - 2);
        let part = (position - frame as f64).min(1.0);
        let at = |track: &[f64]| track[frame] + part * (track[frame + 1] - track[frame]);

        if self.tuning.is_due() {
            self.frequency_hz = pitch_hz(at(&gestures.pitch));
            let limit_hz = limit_hz(self.rate_hz).min(11_000.0);
            self.bandwidth = Wavetable::bandwidth(self.frequency_hz, limit_hz);
            let moving_hz = std::array::from_fn(|formant| at(&gestures.formants_hz[formant]));
            self.tune(moving_hz, at(&gestures.damping), at(&gestures.hiss_hz));
        }
        self.cycles += self.frequency_hz / self.rate_hz;
        let voicing = at(&gestures.voicing);
        let pulse = self.source.read(self.cycles, self.bandwidth);
        // A soft voice has less treble; breath comes through the open glottis.
        let soft = self.softness.process(pulse);
        let voiced = voicing * (soft + voicing * (pulse - soft));
        let open = 0.5 - 0.5 * (std::f64::consts::TAU * (self.cycles - 0.05)).cos();
        let breath = self.breath.next(time_s)
            * (self.singer.breathiness * voicing * open + 0.25 * at(&gestures.aspiration));

        let mut sound = voiced + breath;
        for formant in &mut self.formants[..self.num_formants] {
            sound = formant.process(sound).low;
        }
        // A trace of hiss always remains: filters that ring down to denormal numbers would cost most
        // of the rendering time.
        let hiss = self.teeth.next(time_s) * (1e-9 + at(&gestures.hiss));
        for (shelf, (_, lift)) in self.shelves.iter_mut().zip(SHELVES) {
            sound += lift * shelf.process(sound);
        }
        let [narrow, wide] = &mut self.hiss_bands;
        sound + narrow.process(hiss).band + 0.4 * wide.process(hiss).high
    }

    fn tune(&mut self, moving_hz: [f64; NUM_MOVING], damping: f64, hiss_hz: f64) {
        let throat = self.singer.throat;
        let mut formants_hz = [0.0; NUM_FORMANTS];
        formants_hz[..NUM_MOVING].copy_from_slice(&moving_hz);
        formants_hz[NUM_MOVING..].copy_from_slice(&UPPER_FORMANTS_HZ);
        self.num_formants = 0;
        for (index, formant_hz) in formants_hz.into_iter().enumerate() {
            let mut formant_hz = throat * formant_hz;
            if index == 0 {
                // Singers open the jaw so that the first formant is not below the note (Sundberg 1975).
                formant_hz = formant_hz.max(1.05 * self.frequency_hz);
            }
            if formant_hz > limit_hz(self.rate_hz) {
                break;
            }
            let width_hz = BANDWIDTHS_HZ[index]
                * if index == 0 {
                    1.0 + 0.3 * (damping - 1.0)
                } else {
                    damping
                };
            self.formants[index].tune(formant_hz, formant_hz / width_hz, self.rate_hz);
            self.num_formants += 1;
        }
        self.hiss_bands[0].tune(hiss_hz, 1.6, self.rate_hz);
        self.hiss_bands[1].tune(1.2 * hiss_hz, 0.7, self.rate_hz);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo_song::score::{Consonant, Syllable, Vowel};

    const RATE_HZ: f64 = 44_100.0;

    /// One syllable on A3 for a second, from 0.3 s.
    fn sing_one(consonant: Consonant, vowel: Vowel) -> Vec<f32> {
        let note = Sung {
            start_s: 0.3,
            length_s: 1.0,
            pitch: 57,
            velocity: 1.0,
            syllable: Syllable {
                consonant,
                vowel,
                end: vowel,
            },
            begins_phrase: true,
        };
        let mut track = Track::new(RATE_HZ, 2.0);
        sing(
            &[note],
            Part {
                pan: 0.0,
                gain: 1.0,
                take: 0,
            },
            0,
            &mut track,
        );
        let [left, _] = track.finish(1.0);
        left
    }

    /// Level in dB of what a band around this frequency holds, two harmonics wide.
    fn band_db(samples: &[f32], frequency_hz: f64) -> f64 {
        let mut filters = [Svf::new(frequency_hz, frequency_hz / 440.0, RATE_HZ); 2];
        let band = |sample: &f32| {
            filters
                .iter_mut()
                .fold(f64::from(*sample), |sound, filter| {
                    filter.process(sound).band
                })
        };
        let squares: f64 = samples.iter().map(band).map(|value| value * value).sum();
        10.0 * (squares / samples.len() as f64).log10()
    }

    #[test]
    fn vowels_have_their_formants() {
        // Peaks at the second formant, against the valley beside it.
        for (vowel, peak_hz, valley_hz) in [
            (Vowel::Heed, 2_900.0, 1_400.0),
            (Vowel::Hod, 1_200.0, 2_000.0),
            (Vowel::Whod, 900.0, 1_800.0),
            (Vowel::Had, 2_050.0, 1_450.0),
        ] {
            let sung = sing_one(Consonant::None, vowel);
            let held = &sung[26_460..52_920];
            let (peak_db, valley_db) = (band_db(held, peak_hz), band_db(held, valley_hz));
            assert!(
                peak_db > valley_db + 6.0,
                "{vowel:?}: {peak_db} dB at {peak_hz} Hz, {valley_db} dB at {valley_hz} Hz"
            );
        }
    }

    #[test]
    fn consonants_hiss_stop_and_hum() {
        let before = |sung: &[f32], from_s: f64, to_s: f64| {
            let at = |time_s: f64| ((0.3 - time_s) * RATE_HZ) as usize;
            sung[at(from_s)..at(to_s)].to_vec()
        };
        let hiss = before(&sing_one(Consonant::S, Vowel::Hod), 0.10, 0.04);
        assert!(
            band_db(&hiss, 7_000.0) > band_db(&hiss, 500.0) + 10.0,
            "an s hisses"
        );
        let stop = sing_one(Consonant::T, Vowel::Hod);
        let (closed, burst) = (before(&stop, 0.065, 0.045), before(&stop, 0.030, 0.015));
        assert!(
            band_db(&burst, 5_000.0) > band_db(&closed, 5_000.0) + 15.0,
            "a t bursts after a stop"
        );
        let hum = before(&sing_one(Consonant::M, Vowel::Hod), 0.06, 0.03);
        assert!(
            band_db(&hum, 220.0) > band_db(&hum, 2_000.0) + 20.0,
            "an m hums"
        );
    }
}
