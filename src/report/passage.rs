//! Which part of a song a report is about, if nobody says.

use crate::eval::songs::{Seconds, Truth};
use crate::stem::{Stem, Stereo};

/// A stem counts as sounding in a second in which it is no further below the mix than this.
const AUDIBLE_DB: f64 = 30.0;

/// The part of so many seconds that tells most: in which the most stems sound, added up over its
/// seconds, and of such the loudest. It begins on a whole second; a shorter song is taken whole.
pub fn choose(truth: &Truth, length_s: f64) -> Seconds {
    let mix = energies(&truth.mix, truth.rate_hz);
    let stems = Stem::ALL.map(|stem| energies(&truth.stems[stem as usize], truth.rate_hz));
    let floor = 10.0_f64.powf(-AUDIBLE_DB / 10.0);
    let sounding = |second: usize| {
        let is_audible = |stem: &&Vec<f64>| stem[second] > floor * mix[second];
        stems.iter().filter(is_audible).count()
    };
    let length = (length_s.ceil() as usize).min(mix.len());
    let worth = |start: &usize| {
        let seconds = *start..*start + length;
        let count: usize = seconds.clone().map(sounding).sum();
        (count, seconds.map(|second| mix[second]).sum::<f64>())
    };
    let best = (0..=mix.len() - length).max_by(|a, b| {
        let ((count_a, energy_a), (count_b, energy_b)) = (worth(a), worth(b));
        // Of equals, the later is kept: the first is wanted.
        (count_a.cmp(&count_b))
            .then(energy_a.total_cmp(&energy_b))
            .then(b.cmp(a))
    });
    let start_s = best.expect("every song has a start") as f64;
    Seconds {
        start_s,
        end_s: start_s + length_s,
    }
}

/// The energy of each whole second; of all there is, if it is less.
fn energies(signal: &Stereo, rate_hz: f64) -> Vec<f64> {
    let length = (rate_hz as usize).min(signal[0].len());
    let seconds = signal[0]
        .chunks_exact(length)
        .zip(signal[1].chunks_exact(length));
    let energy = |part: &[f32]| part.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
    seconds
        .map(|(left, right)| energy(left) + energy(right))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio_file::{SampleFormat, WavWriter};
    use crate::eval::songs::find;

    /// A song at 1 kHz of seconds of these levels.
    fn truth(drums: &[f32], vocals: &[f32]) -> Truth {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, levels) in [("drums", drums), ("vocals", vocals)] {
            let path = folder.path().join(format!("{name}.wav"));
            let samples: Vec<f32> = levels.iter().flat_map(|&level| [level; 1000]).collect();
            let mut file = WavWriter::create(&path, 1e3, 1, SampleFormat::Float32).unwrap();
            file.write(&[&samples]).unwrap();
            file.finish().unwrap();
        }
        let song = find(folder.path(), "test").unwrap().remove(0);
        song.load(Seconds::ALL)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    fn start_s(truth: &Truth, length_s: f64) -> f64 {
        choose(truth, length_s).start_s
    }

    #[test]
    fn more_stems_count_more_than_more_sound() {
        let loud_alone = [1.0, 1.0, 0.1, 0.1, 0.2, 0.2, 0.0];
        let song = truth(&loud_alone, &[0.0, 0.0, 0.1, 0.1, 0.1, 0.1, 0.1]);
        assert_eq!(start_s(&song, 2.0), 4.0);
        assert_eq!(start_s(&song, 3.0), 3.0, "of two, the louder");
        let faint = truth(&loud_alone, &[0.0, 0.0, 0.0, 0.0, 0.0, 1e-3, 0.0]);
        assert_eq!(start_s(&faint, 2.0), 0.0, "46 dB below is not heard");
    }

    #[test]
    fn a_short_song_is_taken_whole() {
        let song = truth(&[0.1, 0.1], &[0.1, 0.1]);
        assert_eq!(start_s(&song, 20.0), 0.0);
        let same = truth(&[0.1; 5], &[0.1; 5]);
        assert_eq!(start_s(&same, 2.0), 0.0, "the first of equals");
    }
}
