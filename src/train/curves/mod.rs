//! The training's curves as a picture: loss, validation and learning rate over the steps.

mod panel;

use std::path::Path;

use plotters::prelude::*;

use super::log::LogRow;
use crate::plot::{self, Area, Error, FAINT_INK, INK, PlotError, px};
use crate::stem::Stem;
use panel::{Curve, Panel, range_of};

/// Of the picture in pixels.
const SIZE: (u32, u32) = (1200, 1200);

const LOSS: RGBColor = RGBColor(0x5b, 0x4b, 0xc4);

const fn stem_colour(stem: Stem) -> RGBColor {
    match stem {
        Stem::Drums => RGBColor(0xd9, 0x82, 0x14),
        Stem::Bass => RGBColor(0x1f, 0x7d, 0xd1),
        Stem::Other => RGBColor(0x2f, 0x9e, 0x5c),
        Stem::Vocals => RGBColor(0xd6, 0x3f, 0x77),
    }
}

/// Draws the rows of a log, in order, to a PNG file; what was there stays until the new one is
/// whole.
///
/// # Errors
/// The file can't be written, or the drawing fails.
pub fn draw(rows: &[LogRow], path: &Path) -> Result<(), PlotError> {
    plot::draw(path, SIZE, |area| paint(rows, area))
}

fn paint(rows: &[LogRow], area: &Area) -> Result<(), Error> {
    let (loss, rest) = area.split_vertically(px(450));
    let (validation, learning_rate) = rest.split_vertically(px(450));

    let last_step = rows.last().map_or(0, |row| row.step).max(1);
    let steps = 0.0..last_step as f64;
    let points = |value: &dyn Fn(&LogRow) -> Option<f64>| -> Vec<(f64, f64)> {
        let pairs = rows
            .iter()
            .filter_map(|row| Some((row.step as f64, value(row)?)));
        pairs.filter(|(_, value)| value.is_finite()).collect()
    };

    let raw = points(&|row| Some(row.loss));
    let smooth = smoothed(&raw);
    let values = range_of(smooth.iter());
    let inside = raw
        .iter()
        .map(|&(x, y)| (x, y.clamp(values.start, values.end)))
        .collect();
    let loss_panel = Panel {
        title: "Loss",
        steps: steps.clone(),
        values,
        curves: vec![Curve {
            label: label("Smoothed", &smooth, ""),
            colour: LOSS,
            width: 2,
            points: smooth,
            raw: inside,
        }],
        format: short,
    };
    loss_panel.draw(&loss)?;

    let curve = |name: &str, colour, width, value: &dyn Fn(&LogRow) -> Option<f64>| {
        let points = points(value);
        Curve {
            label: label(name, &points, " dB"),
            colour,
            width,
            points,
            raw: Vec::new(),
        }
    };
    let stems = Stem::ALL.map(|stem| {
        curve(stem.title(), stem_colour(stem), 2, &|row: &LogRow| {
            row.stems_db[stem as usize]
        })
    });
    let mean = curve("Mean", INK, 3, &|row: &LogRow| row.mean_db);
    let curves: Vec<Curve> = stems.into_iter().chain([mean]).collect();
    let validation_panel = Panel {
        title: "SI-SDR improvement in validation, dB",
        steps: steps.clone(),
        values: range_of(
            curves
                .iter()
                .flat_map(|curve| &curve.points)
                .chain([&(0.0, 0.0)]),
        ),
        curves,
        format: short,
    };
    validation_panel.draw(&validation)?;

    let rates = points(&|row| Some(row.learning_rate));
    let learning_rate_panel = Panel {
        title: "Learning rate",
        steps,
        values: range_of(rates.iter().chain([&(0.0, 0.0)])),
        curves: vec![Curve {
            label: rates
                .last()
                .map_or_else(String::new, |(_, rate)| format!("{rate:.1e}")),
            colour: FAINT_INK,
            width: 2,
            points: rates,
            raw: Vec::new(),
        }],
        format: |rate| {
            if rate.abs() < 1e-12 {
                "0".to_owned()
            } else {
                format!("{rate:.1e}")
            }
        },
    };
    learning_rate_panel.draw(&learning_rate)
}

/// The mean over a fiftieth of the curve around each point.
fn smoothed(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let reach = points.len() / 100;
    let smooth = points.iter().enumerate().map(|(index, &(x, _))| {
        let end = points.len().min(index + reach + 1);
        let near = &points[index.saturating_sub(reach)..end];
        (
            x,
            near.iter().map(|(_, y)| y).sum::<f64>() / near.len() as f64,
        )
    });
    smooth.collect()
}

/// A curve's name with its last value.
fn label(name: &str, points: &[(f64, f64)], unit: &str) -> String {
    let value = points.last().map_or(f64::NAN, |(_, y)| *y);
    format!("{name} {value:.2}{unit}")
}

/// Up to three decimals, as many as it takes.
fn short(value: &f64) -> String {
    // Adding 0 makes −0 plain.
    ((value * 1e3).round() / 1e3 + 0.0).to_string()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io;

    use super::*;
    use crate::dice::Dice;

    /// What a run looks like: a loss that falls, and validations that rise.
    fn rows(count: u64) -> Vec<LogRow> {
        let mut dice = Dice::new(1, 0_u64);
        let row = |index: u64| {
            let step = 50 * (index + 1);
            let progress = step as f64 / 20_000.0;
            let rise = 1.0 - (-5.0 * progress).exp();
            let validated = index % 20 == 19;
            let score = |db: f64, dice: &mut Dice| validated.then(|| db * rise + 0.2 * dice.bell());
            LogRow {
                step,
                audio_s: 6.0 * step as f64,
                elapsed_s: 0.2 * step as f64,
                learning_rate: 1e-3 * (progress * 20.0).min(0.5 + 0.5 * (3.1 * progress).cos()),
                loss: 0.8 + 0.6 * (-9.0 * progress).exp() + 0.08 * dice.bell(),
                stems_db: [5.3, 3.4, 5.4, 5.6].map(|db| score(db, &mut dice)),
                mean_db: score(5.0, &mut dice),
            }
        };
        (0..count).map(row).collect()
    }

    /// The picture's pixels, three bytes each.
    fn read(path: &Path) -> Vec<u8> {
        let file = io::BufReader::new(File::open(path).expect("it was drawn"));
        let mut reader = png::Decoder::new(file)
            .read_info()
            .expect("it is a PNG file");
        let info = reader.info();
        assert_eq!((info.width, info.height), SIZE);
        let mut pixels = vec![0; 3 * (SIZE.0 * SIZE.1) as usize];
        reader.next_frame(&mut pixels).expect("it is whole");
        pixels
    }

    fn num_pixels(pixels: &[u8], colour: RGBColor) -> usize {
        let colour = [colour.0, colour.1, colour.2];
        // A file has a few levels only of each colour.
        let is_it = |pixel: &&[u8]| pixel.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < 4);
        pixels.chunks_exact(3).filter(is_it).count()
    }

    #[test]
    fn every_curve_is_in_the_picture() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("curves.png");
        draw(&rows(400), &path).unwrap();
        let pixels = read(&path);
        let colours = Stem::ALL
            .map(stem_colour)
            .into_iter()
            .chain([LOSS, INK, FAINT_INK]);
        for colour in colours {
            // A line of a thousand pixels and more, of which the edges are blended.
            let count = num_pixels(&pixels, colour);
            assert!(count > 400, "{colour:?}: {count} pixels");
        }
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing else is left"
        );
    }

    #[test]
    fn a_run_that_has_just_begun_or_gone_wrong_is_drawn_too() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("curves.png");
        let mut broken = rows(30);
        broken[7].loss = f64::NAN;
        broken[8].loss = f64::INFINITY;
        broken.iter_mut().for_each(|row| row.stems_db[1] = None);
        for rows in [&rows(400)[..0], &rows(400)[19..20], &broken] {
            draw(rows, &path).unwrap();
            let has_loss = num_pixels(&read(&path), LOSS) > 0;
            assert_eq!(has_loss, !rows.is_empty());
        }
    }

    #[test]
    fn smoothing_keeps_a_line_and_calms_noise() {
        let line: Vec<_> = (0..1000)
            .map(|x| (f64::from(x), 2.0 * f64::from(x)))
            .collect();
        for (smooth, &point) in smoothed(&line)[10..990].iter().zip(&line[10..990]) {
            assert!(
                (smooth.1 - point.1).abs() < 1e-9,
                "it lags: {smooth:?}, not {point:?}"
            );
        }
        let noisy: Vec<_> = (0..1000)
            .map(|x| (f64::from(x), f64::from(x % 2)))
            .collect();
        assert!(smoothed(&noisy).iter().all(|(_, y)| (y - 0.5).abs() < 0.1));
    }
}
