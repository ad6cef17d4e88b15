//! What was separated, how well, and how it looks and sounds.

use plotters::style::RGBColor;

use crate::eval::runner::SongScore;
use crate::eval::summary::{Metric, Summary};
use crate::plot::{self, Frame, round_ticks};
use crate::report::graph::Graph;
use crate::report::legend::legend;
use crate::report::words::{db, names};
use crate::report::{Chapter, ESTIMATE, Material, Part, ReportError, TRUTH, sound, waveform};
use crate::stem::{Stem, Stereo};

const MIX: RGBColor = RGBColor(0x6b, 0x73, 0x80);

/// Metrics of the table, each with what it says.
const METRICS: [Metric; 6] = [
    Metric::SiSdr,
    Metric::SiSdrImprovement,
    Metric::Sdr,
    Metric::SdrImprovement,
    Metric::FrameSdr,
    Metric::Bleed,
];

/// How long the close look at waveforms is, in seconds.
const CLOSE_S: f64 = 0.03;

pub fn chapter(material: &Material) -> Result<Option<Chapter>, ReportError> {
    let mut parts = vec![Part::Text(introduction(material))];
    parts.extend(notes(material).map(Part::Text));
    if material.pairs().next().is_some() {
        parts.push(Part::Heading("Scores".into()));
        parts.extend(scores(material));
    }
    parts.push(Part::Heading("Listen".into()));
    parts.extend(players(material));
    parts.push(Part::Heading("Waveforms".into()));
    parts.push(waveforms(material)?);
    parts.extend(close_look(material)?);
    Ok(Some(Chapter {
        title: "Overview".into(),
        parts,
    }))
}

fn introduction(material: &Material) -> String {
    let seconds = material.truth.seconds();
    let network = material.network.as_ref().map_or(String::new(), |network| {
        format!(" Its weights are licensed {}.", network.weights.licence)
    });
    format!(
        "{}, from {} to {} of {}, at {} Hz, was separated into stems. What separated: {}.{network}",
        material.song,
        time(seconds.start_s),
        time(seconds.end_s),
        time(material.truth.whole_s()),
        material.rate_hz(),
        material.method,
    )
}

/// Minutes and seconds, with tenths where they are not whole.
fn time(seconds: f64) -> String {
    // Rounded before it is split, or 59.96 s would be 0:60.0.
    let tenths = (10.0 * seconds).round() as u64;
    let (minutes, seconds, tenths) = (tenths / 600, tenths / 10 % 60, tenths % 10);
    match tenths {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{minutes}:{seconds:02}.{tenths}"),
    }
}

/// What is left out, and why.
fn notes(material: &Material) -> impl Iterator<Item = String> {
    let missing = &material.truth.missing;
    let missing_names = names(missing);
    let truth = if missing.len() == Stem::ALL.len() {
        Some(
            "Nobody knows the true stems of this song, so all that compares with them is left out: \
             scores, true spectrograms and waveforms, the limits of masks, and errors."
                .to_owned(),
        )
    } else if missing.is_empty() {
        None
    } else if material.truth.mix_is_sum {
        Some(format!(
            "There is no file of {missing_names}. The mix is the sum of the files, so the song is \
             known to have none."
        ))
    } else {
        Some(format!(
            "There is no file of {missing_names}, so what needs the true {missing_names}, or all \
             true stems, is left out."
        ))
    };
    let estimated = |stem: &Stem| material.estimate(*stem).is_some();
    let unfilled: Vec<Stem> = Stem::ALL
        .into_iter()
        .filter(|stem| !estimated(stem))
        .collect();
    let estimates = (!unfilled.is_empty()).then(|| {
        format!(
            "There is no separated {}: what separated does not fill it.",
            names(&unfilled)
        )
    });
    truth.into_iter().chain(estimates)
}

fn scores(material: &Material) -> [Part; 2] {
    let stems = material.score(&material.estimates);
    let of = |stem: Stem, metric: Metric| metric.of(stems[stem as usize].as_ref()?);
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (stem, _, _) in material.pairs() {
        let cells = METRICS.map(|metric| db(of(stem, metric)));
        rows.push([stem.title().to_owned()].into_iter().chain(cells).collect());
    }
    let summary = Summary::new(&[SongScore {
        song: material.song.clone(),
        rate_hz: material.rate_hz(),
        num_samples: material.num_samples(),
        stems,
    }]);
    let overall = METRICS.map(|metric| {
        let index = Metric::ALL.iter().position(|&other| other == metric);
        let figure = summary.overall[index.expect("all are there")];
        db(figure.map(|figure| figure.value_db))
    });
    rows.push(["Mean".to_owned()].into_iter().chain(overall).collect());
    let titles = METRICS.map(|metric| metric.title().to_owned());
    let table = Part::Table {
        caption:
            "Scores of this passage in dB, as evaluate has them: the more the better, but for \
                  bleed."
                .into(),
        header: ["Stem".to_owned()].into_iter().chain(titles).collect(),
        rows,
    };
    let meaning = "SDR is the energy of the true stem over that of the error; uSDR takes the whole \
                   passage at once, cSDR is the median over its seconds. SI-SDR first scales the \
                   true stem to fit, so that a wrong gain costs nothing. SI-SDRi and uSDRi are what \
                   was won over the mix taken for the stem. Bleed is how loud the estimate is, \
                   relative to the mix, in the seconds in which the true stem rests; a dash where it \
                   never does, or where a silent stem has no other score.";
    [table, Part::Text(meaning.into())]
}

fn players(material: &Material) -> Vec<Part> {
    let player = |label: String, signal: &Stereo| Part::Player {
        label,
        flac: sound::flac(signal, material.rate_hz()),
    };
    let mut parts = vec![
        player("Mix".into(), material.mix()),
        Part::Text(
            "The players hold what a page has room for: 16 bits a sample where that is small enough, \
             else 12, and what lies above 16 kHz is left out where that is still too much."
                .into(),
        ),
    ];
    for stem in Stem::ALL {
        if let Some(estimate) = material.estimate(stem) {
            parts.push(player(format!("{}, separated", stem.title()), estimate));
        }
        if let Some(truth) = material.true_stem(stem) {
            parts.push(player(format!("{}, true", stem.title()), truth));
        }
    }
    parts
}

/// The rows of a picture of all signals: name, signal, colour.
fn rows(material: &Material) -> Vec<(String, &Stereo, RGBColor)> {
    let mut rows = vec![("Mix".to_owned(), material.mix(), MIX)];
    for stem in Stem::ALL {
        if let Some(truth) = material.true_stem(stem) {
            rows.push((format!("{}, true", stem.title()), truth, TRUTH));
        }
        if let Some(estimate) = material.estimate(stem) {
            rows.push((format!("{}, separated", stem.title()), estimate, ESTIMATE));
        }
    }
    rows
}

fn waveforms(material: &Material) -> Result<Part, ReportError> {
    let rows = rows(material);
    let frame = |index: usize| Frame {
        left: 20,
        top: 30 + 92 * index as u32,
        width: 900,
        height: 62,
    };
    let peak = rows.iter().map(|(_, signal, _)| waveform::peak(signal));
    let peak = peak.fold(0.0, f32::max);
    let height = frame(rows.len()).top + 10;
    let png = plot::png((940, height), |area| {
        for (index, (title, signal, colour)) in rows.iter().enumerate() {
            let frame = frame(index);
            waveform::paint(area, &frame, signal, (peak, *colour), None)?;
            frame.title(area, title)?;
        }
        let seconds = material.truth.seconds();
        let last = frame(rows.len() - 1);
        last.bottom_axis(area, "s", &round_ticks(seconds.start_s..seconds.end_s, 10))
    })?;
    Ok(Part::Picture {
        name: "waveforms.png".into(),
        png,
        caption: "Waveforms of all signals at one scale, both channels over each other. Times are \
                  those of the song."
            .into(),
    })
}

/// A few hundredths of a second of each stem where it is loudest.
fn close_look(material: &Material) -> Result<Option<Part>, ReportError> {
    let pairs: Vec<_> = material.pairs().collect();
    if pairs.is_empty() {
        return Ok(None);
    }
    let length = ((CLOSE_S * material.rate_hz()) as usize).clamp(1, material.num_samples());
    let frame = |index: usize| Frame {
        left: 60 + 460 * (index as u32 % 2),
        top: 44 + 210 * (index as u32 / 2),
        width: 380,
        height: 130,
    };
    let height = frame(pairs.len() - 1).top + 170;
    let png = plot::png((940, height), |area| {
        for (index, (stem, truth, estimate)) in pairs.iter().enumerate() {
            let start = loudest(truth, length);
            let part = |signal: &Stereo| signal[0][start..start + length].to_vec();
            let (truth, estimate) = (part(truth), part(estimate));
            let samples = truth.iter().chain(&estimate);
            let peak = samples.fold(1e-6_f32, |a, x| a.max(x.abs()));
            let time_s = |n: usize| (start + n) as f64 / material.rate_hz();
            let offset_s = material.truth.seconds().start_s;
            let graph = Graph {
                frame: frame(index),
                x: offset_s + time_s(0)..offset_s + time_s(length),
                y: -f64::from(peak)..f64::from(peak),
            };
            graph.axes(area, "s", "")?;
            graph.frame.title(area, stem.title())?;
            for (signal, colour) in [(&truth, TRUTH), (&estimate, ESTIMATE)] {
                let points = signal.iter().enumerate();
                let points = points.map(|(n, &x)| (offset_s + time_s(n), f64::from(x)));
                graph.line(area, points, colour, 2)?;
            }
        }
        legend(area, (700, 4), &[("true", TRUTH), ("separated", ESTIMATE)])
    })?;
    Ok(Some(Part::Picture {
        name: "waveforms-close.png".into(),
        png,
        caption: format!(
            "The left channel where each true stem is loudest, for {:.0} ms: what is true in blue, \
             what was separated in orange. Where the phase is wrong, the lines cross zero at other \
             times, however alike their spectrograms look.",
            1e3 * CLOSE_S
        ),
    }))
}

/// Where a part of so many samples has the most energy, in steps of a quarter of it.
fn loudest(signal: &Stereo, length: usize) -> usize {
    let energy = |start: usize| -> f64 {
        let samples = signal.iter().flat_map(|x| &x[start..start + length]);
        samples.map(|&x| f64::from(x).powi(2)).sum()
    };
    let starts = (0..=signal[0].len() - length).step_by(length.div_ceil(4));
    starts
        .max_by(|&a, &b| energy(a).total_cmp(&energy(b)))
        .expect("the first start is there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_carry_over() {
        assert_eq!(time(0.0), "0:00");
        assert_eq!(time(61.25), "1:01.3");
        assert_eq!(time(59.96), "1:00");
    }

    #[test]
    fn the_loudest_part_is_found() {
        let mut channel = vec![0.1; 1000];
        channel[600..700].fill(-0.9);
        let signal = [channel, vec![0.0; 1000]];
        assert_eq!(loudest(&signal, 100), 600);
        assert_eq!(loudest(&signal, 1000), 0);
    }
}
