//! The masks as pictures.

use crate::nn::config::FrontEnd;
use crate::plot::{self, Area, ColourMap, Error, Frame, round_ticks};
use crate::report::frequency_axis::{FrequencyAxis, FrequencyScale};
use crate::report::heat_map::{self, colour_bar};
use crate::report::network::masks::{Bands, Masks};
use crate::report::{Material, Part, ReportError};
use crate::stem::{NUM_STEMS, Stem};

/// The frequencies that pictures of bands show.
pub fn axis(material: &Material) -> FrequencyAxis {
    FrequencyAxis {
        scale: FrequencyScale::Log,
        low_hz: 30.0,
        high_hz: (material.rate_hz() / 2.0).min(20e3),
    }
}

/// Each stem's masks, beside the ideal ones if there are any.
pub fn masks(
    material: &Material,
    masks: &Masks,
    ideal: Option<&[Bands; NUM_STEMS]>,
) -> Result<Part, ReportError> {
    let columns = if ideal.is_some() { 2 } else { 1 };
    let frame = |stem: Stem, column: u32| Frame {
        left: 56 + 425 * column,
        top: 34 + 190 * stem as u32,
        width: if columns == 2 { 365 } else { 790 },
        height: 120,
    };
    let png = plot::png((940, 34 + 190 * NUM_STEMS as u32), |area| {
        for stem in Stem::ALL {
            let sides = [Some(&masks.values), ideal];
            let words = ["as applied", "ideal"];
            for (column, (values, word)) in sides.into_iter().flatten().zip(words).enumerate() {
                let frame = frame(stem, column as u32);
                paint(area, &frame, material, (masks, &values[stem as usize]))?;
                frame.title(area, &format!("{}, {word}", stem.title()))?;
            }
            colour_bar(
                area,
                &frame(stem, columns - 1),
                ColourMap::Viridis,
                0.0..1.0,
                "",
            )?;
        }
        Ok(())
    })?;
    let beside = match ideal {
        Some(_) => {
            " To the right, what it should have been: the stem's part of the sum of all true magnitudes."
        }
        None => "",
    };
    Ok(Part::Picture {
        name: "network-masks.png".into(),
        png,
        caption: format!(
            "What the mix was multiplied by, as the separator did it: 0 (violet) keeps nothing, 1 (yellow) \
             all; means of both channels. Other's mask is what the others leave.{beside} Sharp edges in time are \
             decisions; a green haze is doubt."
        ),
    })
}

fn paint(
    area: &Area,
    frame: &Frame,
    material: &Material,
    (masks, values): (&Masks, &Bands),
) -> Result<(), Error> {
    let config = material
        .network
        .as_ref()
        .map(|network| network.model.config());
    let edges_hz = match config.map(|config| &config.front_end) {
        Some(FrontEnd::Stft(stft)) => Some(stft.bands.edges_hz()),
        _ => None,
    };
    let axis = axis(material);
    let num_bands = values[0].len();
    let band = |y: f64| match &edges_hz {
        Some(edges_hz) => edges_hz[1..].partition_point(|&edge| edge <= axis.hz(y)),
        None => (y * num_bands as f64) as usize,
    };
    let last = values.len() - 1;
    frame.paint(area, |x, y| {
        let sample = x * material.num_samples() as f64;
        let step = ((sample - masks.first_centre) / masks.step_samples as f64).round();
        let mask = values[(step as usize).min(last)][band(y).min(num_bands - 1)];
        ColourMap::Viridis.at(f64::from(mask))
    })?;
    let seconds = material.truth.seconds();
    let seconds = seconds.start_s..seconds.end_s;
    if edges_hz.is_some() {
        return heat_map::axes(area, frame, &axis, seconds);
    }
    frame.left_axis(area, "filter", &round_ticks(0.0..num_bands as f64, 3))?;
    frame.bottom_axis(
        area,
        "s",
        &round_ticks(seconds, (frame.width / 90) as usize),
    )
}
