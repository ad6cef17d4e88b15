//! What each stem's mask goes along with.

use super::pictures::axis;
use crate::dsp::grid::Grid;
use crate::nn::ConvTasNetConfig;
use crate::nn::config::{FrontEnd, StftFrontEnd};
use crate::plot::{self, Frame};
use crate::report::graph::Graph;
use crate::report::ink::STEMS;
use crate::report::legend::legend;
use crate::report::network::features::{correlation, features};
use crate::report::network::masks::{Bands, Masks, band_powers, ideal_masks};
use crate::report::words::number;
use crate::report::{Material, Part, ReportError};
use crate::stem::{NUM_STEMS, Stem};

/// What is further below the passage's loudest is not compared: nobody hears its mask.
const RANGE_DB: f32 = 60.0;

/// The window of the features, in samples at 44.1 kHz.
const FEATURE_SAMPLES: usize = 2048;

/// The ideal masks on the network's bands; `None` without all true stems, or without bands.
pub fn ideal(material: &Material, config: &ConvTasNetConfig) -> Option<[Bands; NUM_STEMS]> {
    match &config.front_end {
        FrontEnd::Stft(stft) => Some(ideal_masks(
            stft,
            material.true_stems()?,
            material.rate_hz(),
        )),
        FrontEnd::Learned(_) => None,
    }
}

pub fn parts(
    material: &Material,
    masks: &Masks,
    ideal: Option<&[Bands; NUM_STEMS]>,
) -> Result<Vec<Part>, ReportError> {
    let config = material
        .network
        .as_ref()
        .map(|network| network.model.config());
    let stft = match config.map(|config| &config.front_end) {
        Some(FrontEnd::Stft(stft)) => Some(stft),
        _ => None,
    };
    let powers = match stft {
        Some(stft) => band_powers(stft, material.mix(), material.rate_hz()),
        // Without bands every filter counts alike.
        None => masks.values[0]
            .iter()
            .map(|bands| vec![1.0; bands.len()])
            .collect(),
    };
    let mut parts = vec![table(material, masks, ideal, &powers)];
    match (stft, ideal) {
        (Some(stft), Some(ideal)) => parts.push(by_band(material, stft, (masks, ideal), &powers)?),
        _ => parts.push(Part::Text(
            "How well each band's mask follows the true one is left out: it needs all true stems and an \
             STFT front end."
                .into(),
        )),
    }
    Ok(parts)
}

/// The loudest value less the range, as a power.
fn floor<'a>(powers: impl Iterator<Item = &'a f32>) -> f32 {
    powers.copied().fold(0.0, f32::max) * 10_f32.powf(-RANGE_DB / 10.0)
}

fn table(
    material: &Material,
    masks: &Masks,
    ideal: Option<&[Bands; NUM_STEMS]>,
    powers: &Bands,
) -> Part {
    let window = Grid::new(material.rate_hz()).samples(FEATURE_SAMPLES);
    let features = features(material.mix(), material.rate_hz(), window, &masks.centres());
    let sums: Vec<f32> = powers.iter().map(|bands| bands.iter().sum()).collect();
    let floor = floor(sums.iter());
    // Each band counts by its magnitude in the mix.
    let share = |values: &Bands| -> Vec<f64> {
        let steps = values.iter().zip(powers).map(|(masks, powers)| {
            let weights: f32 = powers.iter().map(|power| power.sqrt()).sum();
            let pairs = masks.iter().zip(powers);
            let kept: f32 = pairs.map(|(mask, power)| mask * power.sqrt()).sum();
            f64::from(kept / weights.max(f32::MIN_POSITIVE))
        });
        steps.collect()
    };
    let with = |mask: &[f64], other: &[f64]| {
        let audible = sums.iter().zip(mask.iter().zip(other));
        let audible = audible.filter(|(power, _)| **power > floor);
        let pairs: Vec<(f64, f64)> = audible.map(|(_, (a, b))| (*a, *b)).collect();
        correlation(&pairs).map_or_else(|| "–".into(), |value| number(value, 2))
    };
    let rows = Stem::ALL.map(|stem| {
        let own = share(&masks.values[stem as usize]);
        let mut row = vec![stem.title().to_owned()];
        row.push(ideal.map_or_else(
            || "–".into(),
            |ideal| with(&own, &share(&ideal[stem as usize])),
        ));
        let series = [&features.level_db, &features.onset, &features.harmonicity];
        row.extend(series.map(|series| with(&own, series)));
        row
    });
    let header = ["Mask", "true share", "level", "onsets", "harmonicity"];
    Part::Table {
        caption: format!(
            "How each stem's mask, averaged over the bands by their magnitude in the mix, goes along with the \
             stem's true share of all magnitudes and with features of the mix: its level in dB, how much its \
             spectrum rises (onsets), and how periodic it is between 80 and 1000 Hz (harmonicity). Correlation \
             coefficients over time: 1 rises and falls together, 0 has nothing to do with it, −1 is against it; \
             frames {RANGE_DB} dB below the loudest are left out. A mask may go along with a feature without \
             being caused by it."
        ),
        header: header.map(String::from).into(),
        rows: rows.into(),
    }
}

fn by_band(
    material: &Material,
    stft: &StftFrontEnd,
    (masks, ideal): (&Masks, &[Bands; NUM_STEMS]),
    powers: &Bands,
) -> Result<Part, ReportError> {
    let axis = axis(material);
    let edges_hz = stft.bands.edges_hz();
    let floor = floor(powers.iter().flatten());
    let curve = |stem: Stem| -> Vec<(f64, f64)> {
        let (own, want) = (&masks.values[stem as usize], &ideal[stem as usize]);
        let points = edges_hz.windows(2).enumerate().filter_map(|(band, edges)| {
            let place = axis.place(((edges[0] + edges[1]) / 2.0).max(1.0));
            let steps = (0..own.len().min(powers.len())).filter(|&step| powers[step][band] > floor);
            let pairs = steps.map(|step| (f64::from(own[step][band]), f64::from(want[step][band])));
            let value = correlation(&pairs.collect::<Vec<_>>())?;
            (0.0..=1.0).contains(&place).then_some((place, value))
        });
        points.collect()
    };
    let graph = Graph {
        frame: Frame {
            left: 56,
            top: 44,
            width: 840,
            height: 200,
        },
        x: 0.0..1.0,
        y: -0.5..1.0,
    };
    let png = plot::png((940, 288), |area| {
        graph.grid(area, "")?;
        let ticks = axis.ticks(graph.frame.width);
        graph.frame.bottom_axis(area, "Hz", &ticks)?;
        for stem in Stem::ALL {
            graph.line(area, curve(stem), STEMS[stem as usize], 2)?;
        }
        graph.frame.title(area, "Mask with ideal mask, by band")?;
        let names = Stem::ALL.map(|stem| (stem.title(), STEMS[stem as usize]));
        legend(area, (560, 16), &names)
    })?;
    Ok(Part::Picture {
        name: "network-follows.png".into(),
        png,
        caption: format!(
            "How well each stem's mask follows the ideal one in each band: correlation over time, 1 at best. \
             Moments in which the band is more than {RANGE_DB} dB below the loudest are left out. Where a curve is \
             near 0, the network does not know when the stem sounds there."
        ),
    })
}
