//! A room around a stem.

use super::{Stereo, each_frame};
use crate::dice::Dice;
use crate::dsp::reverb::{Reverb, Room};

/// Adds a room of this decay time; its size, damping and loudness are drawn.
pub fn add(stem: &mut Stereo, decay_s: f64, rate_hz: f64, dice: &mut Dice) {
    let room = Room {
        size: dice.between(0.4, 1.0),
        decay_s,
        damping_hz: dice.between(2_500.0, 7_000.0),
        low_cut_hz: 200.0,
        predelay_s: dice.between(0.0, 0.03),
        wet: dice.between(0.05, 0.25),
    };
    let mut reverb = Reverb::new(&room, rate_hz);
    each_frame(stem, |dry| {
        let wet = reverb.process(dry);
        [dry[0] + wet[0], dry[1] + wet[1]]
    });
}

#[cfg(test)]
mod tests {
    use super::super::mean_square;
    use super::super::test_signals::RATE_HZ;
    use super::*;

    /// Level of what follows an impulse, from a time to a tenth of a second later.
    fn tail_db(decay_s: f64, from_s: f64) -> f64 {
        let mut impulse = [vec![0.0; 66_150], vec![0.0; 66_150]];
        impulse.iter_mut().for_each(|channel| channel[0] = 1.0);
        add(&mut impulse, decay_s, RATE_HZ, &mut Dice::new(4, 0_u64));
        let start = (from_s * RATE_HZ) as usize;
        let part = impulse.map(|channel| channel[start..start + 4_410].to_vec());
        10.0 * mean_square(&part).log10()
    }

    #[test]
    fn a_tail_follows_that_falls_as_fast_as_asked() {
        for decay_s in [0.5, 1.5] {
            let fallen_db = tail_db(decay_s, 0.2) - tail_db(decay_s, 0.5);
            // 60 dB in the decay time; damped treble falls faster, so more is fine.
            let least_db = 60.0 * 0.3 / decay_s;
            assert!(
                (0.8 * least_db..2.5 * least_db).contains(&fallen_db),
                "{decay_s} s: {fallen_db} dB"
            );
            assert!(tail_db(decay_s, 0.1) > -90.0);
        }
    }
}
