//! A song's spectrogram: how loud each frequency is at each time.
//!
//! The level of a bin is that of a sine wave there: `20·log10(2|X| / Σw)`, so that one at full
//! scale reads 0 dB, with the Hann window `w`. A point of the picture shows the greatest level
//! within it, with straight lines between bins and between frames: so a click of one frame and a
//! tone of one bin stay visible in a long song, and few bins or frames look smooth.

use std::f64::consts::TAU;
use std::iter;
use std::path::Path;
use std::sync::Arc;

use unbraid_fft::{Complex32, RealToComplex, plan_forward};

use super::frequency_axis::FrequencyAxis;
use super::heat_map::{self, LevelScale};
use crate::audio_file::Audio;
use crate::plot::{self, Area, ColourMap, Error, FAINT_INK, Frame, INK, PlotError};

/// Levels below are as good as silence: 24 bits end there.
const FLOOR_DB: f32 = -140.0;

/// How to look at a song.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Length of the Hann window and of the FFT, from 2.
    pub window_samples: usize,
    /// From one frame to the next, from 1.
    pub hop_samples: usize,
    /// Up to the Nyquist frequency at most.
    pub axis: FrequencyAxis,
    /// From the darkest colour to the brightest.
    pub range_db: f32,
    /// Level of the brightest colour; `None`: the loudest of the song.
    pub top_db: Option<f32>,
    pub colours: ColourMap,
    /// Width and height of the picture in pixels, at least [`MIN_SIZE`].
    pub size: (u32, u32),
}

/// Where in a picture of `size` pixels the spectrogram lies.
pub fn frame(size: (u32, u32)) -> Frame {
    let (left, top, right, bottom) = (56, 68, 92, 40);
    Frame {
        left,
        top,
        width: size.0 - left - right,
        height: size.1 - top - bottom,
    }
}

/// The smallest picture, width and height in pixels.
pub const MIN_SIZE: (u32, u32) = (320, 240);

/// Draws the spectrogram of a song to a PNG file.
///
/// # Errors
/// The file can't be written, or the drawing fails.
pub fn draw(audio: &Audio, title: &str, view: &View, path: &Path) -> Result<(), PlotError> {
    let levels_db = levels_db(audio, view, frame(view.size).num_points());
    plot::draw(path, view.size, |area| {
        paint(audio, title, view, &levels_db, area)
    })
}

/// The levels in dB at the points of a picture, `[column][row]`, rows from low to high.
pub fn levels_db(audio: &Audio, view: &View, (columns, rows): (usize, usize)) -> Vec<Vec<f32>> {
    let mut frames = Frames::new(audio, view, rows);
    let last = audio.num_samples() / view.hop_samples;
    let frames_per_column = audio.num_samples() as f64 / view.hop_samples as f64 / columns as f64;
    let column = |index: usize| {
        let mut column = vec![f32::NEG_INFINITY; rows];
        for place in stops(index as f64 * frames_per_column, frames_per_column) {
            let (early, weight) = split(place, last);
            // A copy, as the next line needs all of `frames`.
            let before = frames.rows_db(early).to_vec();
            let after = frames.rows_db((early + 1).min(last));
            for ((value, before), after) in column.iter_mut().zip(&before).zip(after) {
                *value = value.max(before + weight * (after - before));
            }
        }
        column
    };
    (0..columns).map(column).collect()
}

/// The places that hold the greatest value of a curve of straight lines between whole numbers.
fn stops(start: f64, length: f64) -> impl Iterator<Item = f64> {
    let end = start + length;
    let whole = (start.ceil() as usize..=end.floor() as usize).map(|at| at as f64);
    iter::once(start).chain(whole).chain(iter::once(end))
}

/// The whole number up to a place, `last` at most, and how far the place is beyond it, 0…1.
fn split(place: f64, last: usize) -> (usize, f32) {
    let whole = (place as usize).min(last);
    (whole, (place - whole as f64).min(1.0) as f32)
}

/// The frames of a song, each centred on a multiple of the hop, already in rows of the picture.
struct Frames<'a> {
    channels: Vec<&'a [f32]>,
    hop_samples: usize,
    window: Vec<f32>,
    fft: Arc<dyn RealToComplex<f32>>,
    windowed: Vec<f32>,
    spectrum: Vec<Complex32>,
    /// For each row the places in the spectrum to look at, in bins.
    stops: Vec<Vec<(usize, f32)>>,
    /// The last frame of even index, and of odd: neighbours are asked for in turn.
    known: [(Option<usize>, Vec<f32>); 2],
}

impl<'a> Frames<'a> {
    fn new(audio: &'a Audio, view: &View, rows: usize) -> Self {
        let length = view.window_samples;
        let hann = |n: usize| 0.5 - 0.5 * (TAU * (n as f64 + 0.5) / length as f64).cos();
        let fft = plan_forward(length);
        let bin =
            |row: usize| view.axis.hz(row as f64 / rows as f64) * length as f64 / audio.rate_hz;
        let row_stops = |row: usize| {
            let places = stops(bin(row), bin(row + 1) - bin(row));
            places.map(|place| split(place, length / 2)).collect()
        };
        Self {
            channels: audio.channels[..audio.num_source_channels]
                .iter()
                .map(Vec::as_slice)
                .collect(),
            hop_samples: view.hop_samples,
            // The window sums to half its length, and both sides of the spectrum count.
            window: (0..length)
                .map(|n| (hann(n) * 4.0 / length as f64) as f32)
                .collect(),
            windowed: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            fft,
            stops: (0..rows).map(row_stops).collect(),
            known: [(None, vec![0.0; rows]), (None, vec![0.0; rows])],
        }
    }

    fn rows_db(&mut self, index: usize) -> &[f32] {
        if self.known[index % 2].0 != Some(index) {
            let levels_db = self.bins_db(index);
            let last = levels_db.len() - 1;
            let (known, rows) = &mut self.known[index % 2];
            *known = Some(index);
            for (row, stops) in rows.iter_mut().zip(&self.stops) {
                let levels = stops.iter().map(|&(bin, weight)| {
                    let after = levels_db[(bin + 1).min(last)];
                    levels_db[bin] + weight * (after - levels_db[bin])
                });
                *row = levels.fold(f32::NEG_INFINITY, f32::max);
            }
        }
        &self.known[index % 2].1
    }

    /// The level of each bin: the mean power of the channels.
    fn bins_db(&mut self, index: usize) -> Vec<f32> {
        let length = self.window.len();
        let mut powers = vec![0.0; self.spectrum.len()];
        for channel in &self.channels {
            // Before the song and after it is silence.
            let start = (index * self.hop_samples) as isize - (length / 2) as isize;
            for (n, (out, weight)) in self.windowed.iter_mut().zip(&self.window).enumerate() {
                let sample = usize::try_from(start + n as isize).ok();
                *out = weight
                    * sample
                        .and_then(|at| channel.get(at))
                        .copied()
                        .unwrap_or(0.0);
            }
            self.fft
                .process(&mut self.windowed, &mut self.spectrum)
                .expect("the buffers are of the plan's own lengths");
            for (power, bin) in powers.iter_mut().zip(&self.spectrum) {
                *power += bin.norm_sqr() / self.channels.len() as f32;
            }
        }
        let level = |power: f32| (10.0 * power.log10()).max(FLOOR_DB);
        powers.into_iter().map(level).collect()
    }
}

fn paint(
    audio: &Audio,
    title: &str,
    view: &View,
    levels_db: &[Vec<f32>],
    area: &Area,
) -> Result<(), Error> {
    let loudest = levels_db.iter().flatten().copied();
    let scale = LevelScale {
        top_db: view.top_db.unwrap_or(loudest.fold(FLOOR_DB, f32::max)),
        range_db: view.range_db,
        colours: view.colours,
    };
    let plot = frame(view.size);
    scale.paint(area, &plot, levels_db)?;
    heat_map::axes(area, &plot, &view.axis, 0.0..audio.duration_s())?;
    scale.bar(area, &plot)?;

    let at = |x: u32, y: u32| (plot::px(x) as i32, plot::px(y) as i32);
    area.draw_text(title, &plot::text(20, INK), at(plot.left, 12))?;
    let ms = |samples: usize| 1e3 * samples as f64 / audio.rate_hz;
    let note = format!(
        "{} Hz · window {} samples, {:.1} ms · hop {} samples, {:.1} ms",
        audio.rate_hz,
        view.window_samples,
        ms(view.window_samples),
        view.hop_samples,
        ms(view.hop_samples),
    );
    area.draw_text(&note, &plot::text(14, FAINT_INK), at(plot.left, 38))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::frequency_axis::FrequencyScale;

    const RATE_HZ: f64 = 8_000.0;

    fn audio(channels: [Vec<f32>; 2]) -> Audio {
        Audio {
            rate_hz: RATE_HZ,
            num_source_channels: 2,
            channels,
        }
    }

    fn view(window_samples: usize, hop_samples: usize) -> View {
        View {
            window_samples,
            hop_samples,
            axis: FrequencyAxis {
                scale: FrequencyScale::Linear,
                low_hz: 0.0,
                high_hz: 4_000.0,
            },
            range_db: 80.0,
            top_db: None,
            colours: ColourMap::Magma,
            size: MIN_SIZE,
        }
    }

    fn sine(hz: f64, level: f32) -> Vec<f32> {
        let omega = TAU * hz / RATE_HZ;
        let at = |n: usize| level * (omega * n as f64).sin() as f32;
        (0..16_000).map(at).collect()
    }

    fn loudest(column: &[f32]) -> (usize, f32) {
        let rows = column.iter().copied().enumerate();
        rows.max_by(|a, b| a.1.total_cmp(&b.1))
            .expect("it has rows")
    }

    #[test]
    fn a_sine_reads_its_level_at_its_frequency() {
        // On a bin (1000 Hz is bin 64 of 512), so that the window's shape does not matter.
        for (level, right, want_db) in [(1.0, 1.0, 0.0), (0.1, 0.1, -20.0), (1.0, 0.0, -3.0103)] {
            let song = audio([sine(1_000.0, level), sine(1_000.0, right)]);
            let levels_db = levels_db(&song, &view(512, 128), (100, 400));
            for column in &levels_db[10..90] {
                let (row, level_db) = loudest(column);
                // Rows 99 and 100 touch at 1000 Hz.
                assert!((99..=100).contains(&row), "row {row}");
                // f32 and its FFT.
                assert!(
                    (level_db - want_db).abs() < 1e-3,
                    "{level_db}, want {want_db}"
                );
            }
        }
    }

    #[test]
    fn a_click_stays_at_its_time_however_narrow_the_picture() {
        let mut click = vec![0.0; 16_000];
        click[4_000] = 1.0;
        let song = audio([click.clone(), click]);
        for columns in [10, 100, 1000] {
            let levels_db = levels_db(&song, &view(64, 16), (columns, 20));
            let peaks: Vec<f32> = levels_db.iter().map(|column| loudest(column).1).collect();
            let (column, peak) = loudest(&peaks);
            // 4000 samples are frame 250 of 1000: the edge of two columns.
            let want = columns / 4;
            assert!((want - 1..=want).contains(&column), "{column} of {columns}");
            // The window's middle is 4 / 64, not less the wider a column is.
            assert!(
                (peak - -24.08).abs() < 0.02,
                "{peak} dB in {columns} columns"
            );
        }
    }

    #[test]
    fn few_samples_and_silence_are_drawn_too() {
        for length in [1, 5, 700] {
            let song = audio([vec![0.0; length], vec![0.0; length]]);
            let levels_db = levels_db(&song, &view(512, 128), (30, 20));
            assert!(levels_db.iter().flatten().all(|level| *level == FLOOR_DB));
        }
    }
}
