//! The picture: kernels, patches with the answers to them, and what the network sees in the mix.

use std::path::Path;

use ndarray::{Axis, Ix4, s};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use unbraid::plot::{self, Area, ColourMap, Error, FAINT_INK, Frame, PlotError, px, round_ticks};
use unbraid::scratch_nn::layer::Layer;

use super::patches::{KINDS, PATCH, cut, loudest, normalised};
use super::{KERNEL, Lines, NUM_KERNELS, Test};
use crate::song::{HOP_SAMPLES, RATE_HZ, held_out};

/// Rows of the mix that are shown, to 5.5 kHz.
const NUM_ROWS: usize = 128;

/// Rows and frames from one patch of the mix to the next.
const STRIDE: usize = 4;

impl Lines {
    /// Draws the picture to a PNG file.
    pub fn draw(mut self, path: &Path) -> Result<(), PlotError> {
        let mix_db = self.mix_db[held_out(self.mix_db.len())].to_vec();
        let seen = self.look_at(&mix_db);
        plot::draw(path, (1200, 800), |area| {
            self.paint_kernels(area)?;
            paint_patches(area, "New lines in noise", &self.drawn, 56)?;
            paint_patches(area, "Drums and keys in turn", &self.song, 640)?;
            paint_mix(area, &mix_db, &seen)
        })
    }

    /// How vertical the mix is, 0…1, `[column][row]`: the answers to patches `STRIDE` apart.
    fn look_at(&mut self, mix_db: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let column = |frame: usize| {
            let rows = (0..=NUM_ROWS - PATCH).step_by(STRIDE);
            let patches: Vec<_> = rows
                .map(|row| normalised(cut(mix_db, row, frame)))
                .collect();
            let views: Vec<_> = patches.iter().map(|patch| patch.view()).collect();
            let patches = ndarray::stack(Axis(0), &views).expect("patches of one shape");
            let answers = self
                .network
                .forward(&patches.insert_axis(Axis(1)).into_dyn());
            answers.index_axis(Axis(1), 0).iter().copied().collect()
        };
        let frames = (0..=mix_db.len() - PATCH).step_by(STRIDE);
        frames.map(column).collect()
    }

    fn paint_kernels(&mut self, area: &Area) -> Result<(), Error> {
        let parameters = self.network.parameters();
        let kernels = parameters[0].value.view().into_dimensionality::<Ix4>()?;
        let weights = &parameters[2].value;
        for kernel in 0..NUM_KERNELS {
            let frame = Frame {
                left: 56 + 196 * kernel as u32,
                top: 52,
                width: 128,
                height: 128,
            };
            if kernel == 0 {
                frame.title(area, "The kernels it learnt: orange adds, purple subtracts")?;
            }
            let pixels = kernels.slice(s![kernel, 0, .., ..]);
            let strongest = pixels.fold(0.0_f64, |a, b| a.max(b.abs()));
            frame.paint(area, |x, y| {
                let [row, column] = [y, x].map(|at| (at * KERNEL as f64) as usize);
                ColourMap::Sides.at(0.5 + 0.45 * pixels[[row, column]] / strongest)
            })?;
            frame.outline(area)?;
            let vote = weights[[kernel, 0]] - weights[[kernel, 1]];
            let kind = KINDS[usize::from(vote < 0.0)];
            caption(
                area,
                &frame,
                &format!("speaks for {kind}: {:.1}", vote.abs()),
            )?;
        }
        Ok(())
    }
}

/// Writes below a small picture.
fn caption(area: &Area, frame: &Frame, words: &str) -> Result<(), Error> {
    let style = plot::text(13, FAINT_INK).pos(Pos::new(HPos::Center, VPos::Top));
    let (x, y) = (frame.left + frame.width / 2, frame.top + frame.height + 8);
    Ok(area.draw_text(words, &style, (px(x) as i32, px(y) as i32))?)
}

/// Paints the first five patches of a test, as they come.
fn paint_patches(area: &Area, name: &str, test: &Test, left: u32) -> Result<(), Error> {
    for index in 0..5 {
        let frame = Frame {
            left: left + 109 * index as u32,
            top: 264,
            width: 88,
            height: 88,
        };
        if index == 0 {
            let title = format!(
                "{name}: {:.1} % of the answers are right",
                100.0 * test.accuracy
            );
            frame.title(area, &title)?;
        }
        frame.paint(area, |x, y| {
            let [row, column] = [y, x].map(|at| (at * PATCH as f64) as usize);
            ColourMap::Magma.at(0.5 + test.patches[[index, 0, row, column]] / 5.0)
        })?;
        let vertical = test.answers[[index, 0]];
        let kind = KINDS[usize::from(vertical < 0.5)];
        let sure = 100.0 * vertical.max(1.0 - vertical);
        caption(area, &frame, &format!("{kind} {sure:.0} %"))?;
    }
    Ok(())
}

fn paint_mix(area: &Area, mix_db: &[Vec<f64>], seen: &[Vec<f64>]) -> Result<(), Error> {
    let mix = Frame {
        left: 56,
        top: 438,
        width: 524,
        height: 310,
    };
    let answer = Frame { left: 640, ..mix };
    let loudest = loudest(mix_db);
    // Full strength at the loudest, none 70 dB below.
    let strength = |x: f64, y: f64| {
        let rows = &mix_db[(x * mix_db.len() as f64) as usize];
        1.0 + (rows[(y * NUM_ROWS as f64) as usize] - loudest) / 70.0
    };
    mix.title(area, "The mix of a few seconds of the song")?;
    mix.paint(area, |x, y| ColourMap::Magma.at(strength(x, y)))?;
    answer.title(
        area,
        "What it sees there: orange is vertical, purple horizontal",
    )?;
    answer.paint(area, |x, y| {
        // A patch speaks for its middle.
        let index = |at: f64, size: usize, count: usize| {
            let first = (at * size as f64 - (PATCH / 2) as f64) / STRIDE as f64;
            (first.round().max(0.0) as usize).min(count - 1)
        };
        let column = &seen[index(x, mix_db.len(), seen.len())];
        let vertical = column[index(y, NUM_ROWS, column.len())];
        ColourMap::Sides.at(0.5 + (vertical - 0.5) * strength(x, y).clamp(0.0, 1.0))
    })?;
    let seconds = (mix_db.len() * HOP_SAMPLES) as f64 / RATE_HZ;
    for frame in [mix, answer] {
        frame.left_axis(area, "kHz", &round_ticks(0.0..RATE_HZ / 4e3, 6))?;
        frame.bottom_axis(area, "s", &round_ticks(0.0..seconds, 5))?;
    }
    Ok(())
}
