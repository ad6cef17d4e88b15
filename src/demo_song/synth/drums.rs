//! The drum kit. Skins are gliding sines, wires and sticks are filtered noise, and cymbals are clusters of
//! inharmonic modes over noise, each with its natural decay.

use super::modes::{Mode, Modes};
use super::noise::Noise;
use super::{Every, Track, swell};
use crate::demo_song::dice::{Dice, Purpose};
use crate::demo_song::score::{Drum, Hit};
use crate::dsp::filter::{LowPass, Svf};

/// The sound of one song's kit. Pitches without a unit are relative to the usual ones.
struct Kit {
    kick_hz: f64,
    kick_decay_s: f64,
    snare_hz: f64,
    snare_wires_s: f64,
    hat_pitch: f64,
    hat_decay_s: f64,
    tom_pitch: f64,
    crash_decay_s: f64,
    noise: Noise,
    rate_hz: f64,
}

/// Plays the drum part.
pub fn play(hits: &[Hit], seed: u64, track: &mut Track) {
    let mut dice = Dice::new(seed, Purpose::Kit);
    let kit = Kit {
        kick_hz: dice.between(46.0, 56.0),
        kick_decay_s: dice.between(0.11, 0.16),
        snare_hz: dice.between(175.0, 205.0),
        snare_wires_s: dice.between(0.065, 0.095),
        hat_pitch: dice.between(0.92, 1.12),
        hat_decay_s: dice.between(0.018, 0.030),
        tom_pitch: dice.between(0.92, 1.08),
        crash_decay_s: dice.between(0.45, 0.65),
        noise: Noise::new(&mut Dice::new(seed, Purpose::Noise), track.rate_hz()),
        rate_hz: track.rate_hz(),
    };
    for (index, hit) in hits.iter().enumerate() {
        match hit.drum {
            Drum::Kick => kit.kick(hit, &mut dice, track),
            Drum::Snare => kit.snare(hit, &mut dice, track),
            Drum::CrossStick => kit.cross_stick(hit, &mut dice, track),
            Drum::ClosedHat => kit.hat(hit, kit.hat_decay_s, 0.25, &mut dice, track),
            Drum::OpenHat => {
                // The foot closes an open hat with the next stroke on it.
                let closes = |later: &&Hit| matches!(later.drum, Drum::ClosedHat | Drum::OpenHat);
                let open_s = hits[index + 1..]
                    .iter()
                    .find(closes)
                    .map_or(1.0, |next| next.start_s - hit.start_s);
                kit.hat(hit, 0.16, open_s.clamp(0.08, 0.6), &mut dice, track);
            }
            Drum::HighTom => kit.tom(hit, 168.0, 0.35, &mut dice, track),
            Drum::MidTom => kit.tom(hit, 126.0, -0.05, &mut dice, track),
            Drum::LowTom => kit.tom(hit, 88.0, -0.45, &mut dice, track),
            Drum::Crash => kit.crash(hit, &mut dice, track),
        }
    }
}

impl Kit {
    /// A sine that falls to the skin's pitch, driven softly, with the beater's click.
    fn kick(&self, hit: &Hit, dice: &mut Dice, track: &mut Track) {
        let mut click = self.noise.burst(dice);
        let mut click_tone = Svf::new(2_800.0, 0.8, self.rate_hz);
        let length_s = 0.6;
        track.play(hit.start_s, length_s, 0.0, |time_s| {
            let skin = falling_sine(time_s, self.kick_hz, 150.0, 0.022);
            let body = (1.9 * skin * (-time_s / self.kick_decay_s).exp()).tanh();
            let beater = click_tone.process(click.next(time_s)).band * (-time_s / 0.004).exp();
            let gain = swell(time_s, length_s, 0.0008, 0.1) * hit.velocity;
            gain * (0.95 * body + 0.9 * hit.velocity * beater)
        });
    }

    /// Two skin modes and the wires: band-passed noise that outlasts them.
    fn snare(&self, hit: &Hit, dice: &mut Dice, track: &mut Track) {
        let mut wires = self.noise.burst(dice);
        let mut body = Svf::new(1_900.0, 0.6, self.rate_hz);
        let mut rattle = Svf::new(5_200.0, 0.7, self.rate_hz);
        let mut floor = Svf::new(700.0, 0.7, self.rate_hz);
        let length_s = 0.5;
        track.play(hit.start_s, length_s, 0.06, |time_s| {
            let skin = falling_sine(time_s, self.snare_hz, 60.0, 0.010) * (-time_s / 0.060).exp()
                + 0.55
                    * falling_sine(time_s, 1.72 * self.snare_hz, 40.0, 0.010)
                    * (-time_s / 0.035).exp();
            let noise = floor.process(wires.next(time_s)).high;
            let wires = 0.9 * body.process(noise).band * (-time_s / 0.030).exp()
                + rattle.process(noise).band * (-time_s / self.snare_wires_s).exp();
            let gain = swell(time_s, length_s, 0.0006, 0.1) * hit.velocity;
            gain * (0.70 * (1.4 * skin).tanh() + 0.60 * (1.4 * wires).tanh())
        });
    }

    /// The stick laid on the rim: three short, hollow modes.
    fn cross_stick(&self, hit: &Hit, dice: &mut Dice, track: &mut Track) {
        let mode = |frequency_hz, gain, decay_s| Mode {
            frequency_hz,
            gain,
            decay_s,
            phase: 0.0,
        };
        let mut wood = Modes::new(
            [
                mode(1.9 * self.snare_hz, 0.45, 0.022),
                mode(1_020.0, 0.60, 0.016),
                mode(1_730.0, 0.75, 0.012),
                mode(2_640.0, 0.35, 0.007),
            ],
            self.rate_hz,
        );
        let mut tick = self.noise.burst(dice);
        let mut tick_tone = Svf::new(3_500.0, 1.0, self.rate_hz);
        let length_s = 0.15;
        track.play(hit.start_s, length_s, 0.06, |time_s| {
            let tick = tick_tone.process(tick.next(time_s)).band * (-time_s / 0.003).exp();
            0.55 * hit.velocity * swell(time_s, length_s, 0.0005, 0.05) * (wood.next(time_s) + tick)
        });
    }

    /// Two small cymbals: noise above 7 kHz and a cluster of modes; softer strokes are darker.
    fn hat(&self, hit: &Hit, decay_s: f64, length_s: f64, dice: &mut Dice, track: &mut Track) {
        let mut metal = self.cymbal(
            dice,
            14,
            (3_200.0 * self.hat_pitch, 11_500.0),
            decay_s * 1.3,
        );
        let mut air = self.noise.burst(dice);
        let mut floor = [Svf::new(6_800.0 * self.hat_pitch, 0.8, self.rate_hz); 2];
        let mut lid = LowPass::new(6_000.0 + 9_000.0 * hit.velocity, self.rate_hz);
        track.play(hit.start_s, length_s, 0.32, |time_s| {
            let air = floor[0].process(air.next(time_s)).high;
            let air = floor[1].process(air).high * (-time_s / decay_s).exp();
            let sound = lid.process(0.75 * air + 0.22 * metal.next(time_s));
            0.50 * hit.velocity * swell(time_s, length_s, 0.0006, 0.02) * sound
        });
    }

    /// A skin with an overtone, a falling pitch and a trace of stick.
    fn tom(&self, hit: &Hit, frequency_hz: f64, pan: f64, dice: &mut Dice, track: &mut Track) {
        let frequency_hz = self.tom_pitch * frequency_hz;
        let mut stick = self.noise.burst(dice);
        let mut stick_tone = Svf::new(2_200.0, 0.7, self.rate_hz);
        let length_s = 0.7;
        track.play(hit.start_s, length_s, pan, |time_s| {
            let skin = falling_sine(time_s, frequency_hz, 0.45 * frequency_hz, 0.035)
                * (-time_s / 0.17).exp()
                + 0.35
                    * falling_sine(time_s, 1.59 * frequency_hz, 0.3 * frequency_hz, 0.030)
                    * (-time_s / 0.07).exp();
            let stick = stick_tone.process(stick.next(time_s)).band * (-time_s / 0.012).exp();
            0.85 * hit.velocity
                * swell(time_s, length_s, 0.0008, 0.2)
                * ((1.3 * skin).tanh() + 0.5 * stick)
        });
    }

    /// A large cymbal: its treble dies first.
    fn crash(&self, hit: &Hit, dice: &mut Dice, track: &mut Track) {
        let length_s = 2.6;
        let mut metal = self.cymbal(dice, 48, (700.0, 12_500.0), self.crash_decay_s);
        let mut airs = [self.noise.burst(dice), self.noise.burst(dice)];
        let mut floors = [Svf::new(4_200.0, 0.7, self.rate_hz); 2];
        let mut lids = [Svf::new(16_000.0, 0.7, self.rate_hz); 2];
        let mut tuning = Every::new(0.001, self.rate_hz);
        track.play_stereo(hit.start_s, length_s, |time_s| {
            if tuning.is_due() {
                let lid_hz = 3_500.0 + 11_500.0 * (-time_s / 0.5).exp();
                lids.iter_mut()
                    .for_each(|lid| lid.tune(lid_hz, 0.7, self.rate_hz));
            }
            let gain = 0.42 * hit.velocity * swell(time_s, length_s, 0.002, 1.2);
            let metal = 0.16 * metal.next(time_s);
            // The noise of the two sides differs, which makes the cymbal wide; it hangs on the left.
            let sides = [0, 1].map(|side| {
                let air = floors[side].process(airs[side].next(time_s)).high
                    * (-time_s / self.crash_decay_s).exp();
                lids[side].process(0.75 * air + metal).low
            });
            [1.15 * gain * sides[0], 0.65 * gain * sides[1]]
        });
    }

    /// Modes spread at random over a range, evenly on a logarithmic scale; high ones decay sooner.
    fn cymbal(
        &self,
        dice: &mut Dice,
        num_modes: usize,
        (low_hz, high_hz): (f64, f64),
        decay_s: f64,
    ) -> Modes {
        let modes: Vec<Mode> = (0..num_modes)
            .map(|index| {
                let place = (index as f64 + dice.unit()) / num_modes as f64;
                Mode {
                    frequency_hz: low_hz * (high_hz / low_hz).powf(place),
                    // Low modes are many in a cymbal but weak.
                    gain: (0.35 + 0.65 * place) * dice.between(0.5, 1.0),
                    decay_s: decay_s * (1.3 - 0.8 * place),
                    phase: dice.unit(),
                }
            })
            .collect();
        Modes::new(modes, self.rate_hz)
    }
}

/// A sine that starts `above_hz` over its final frequency and falls there with a time constant.
fn falling_sine(time_s: f64, frequency_hz: f64, above_hz: f64, fall_s: f64) -> f64 {
    let cycles = frequency_hz * time_s + above_hz * fall_s * (1.0 - (-time_s / fall_s).exp());
    (std::f64::consts::TAU * cycles).sin()
}
