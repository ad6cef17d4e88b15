//! What is left of each true stem once the separated one is taken from it, and what that tells.

mod analysis;
mod correlation;
mod phase;
mod waveform_and_spectrum;

use analysis::Analysis;

use crate::eval::bleed::REST_DB;
use crate::report::chapters::spectrograms::Look;
use crate::report::words::{db, names, number};
use crate::report::{Chapter, Material, Part, ReportError};
use crate::stem::Stem;

/// Of the coherence, autocorrelations and tests: what chance alone exceeds.
const ALPHA: f64 = 0.05;

pub fn chapter(material: &Material) -> Result<Option<Chapter>, ReportError> {
    let mut resting = Vec::new();
    let mut stems: Vec<(Stem, Analysis)> = Vec::new();
    for (stem, truth, estimate) in material.pairs() {
        if material.rests(stem) {
            resting.push(stem);
        } else {
            let analysis = Analysis::new(material, truth, estimate);
            stems.extend(analysis.map(|analysis| (stem, analysis)));
        }
    }
    if stems.is_empty() {
        return Ok(None);
    }
    let mut parts = vec![Part::Text(
        "The residual is the true stem less the separated one: all that is wrong, and nothing else. \
         If it were white noise, nothing could be learned from it any more; what shape it has tells \
         what a better separator could still take."
            .into(),
    )];
    if !resting.is_empty() {
        parts.push(Part::Text(format!(
            "Left out, as they are {} dB below the mix or lower in this passage: {}.",
            -REST_DB,
            names(&resting)
        )));
    }
    parts.extend([split_table(&stems), Part::Text(SPLIT_NOTE.into())]);
    parts.extend([content_table(&stems), Part::Text(CONTENT_NOTE.into())]);
    let look = Look::new(material);
    for (stem, analysis) in &stems {
        parts.push(Part::Heading(stem.title().into()));
        parts.push(waveform_and_spectrum::waveforms(material, *stem, analysis)?);
        parts.push(waveform_and_spectrum::spectrum(&look, *stem, analysis)?);
        parts.push(correlation::coherence(material, *stem, analysis)?);
        parts.push(correlation::autocorrelations(material, *stem, analysis)?);
        parts.push(phase::picture(material, *stem, analysis)?);
    }
    Ok(Some(Chapter {
        title: "What is left: the residual".into(),
        parts,
    }))
}

const SPLIT_NOTE: &str = "How to read it: each spectrum was put together anew, with one half from the separated \
     stem and the other from the true one. The gain by the true phase is what a separator that only \
     scales magnitudes can't reach, that by the true magnitude is what better masks could. The two do \
     not add up: with both, the error would be none.";

const CONTENT_NOTE: &str = "How to read it: a share of energy is explained if a filter that does not change in time \
     could make it of the other signal. What the residual shares with its own stem was lost from it; \
     what it shares with the rest of the mix has leaked in. The remainder comes and goes faster than \
     a fixed filter: so do masks. Ljung–Box asks whether the residual is white noise; its Q would \
     then be about the number of lags, and a p below 0.05 says that it is not. No music's is.";

fn split_table(stems: &[(Stem, Analysis)]) -> Part {
    let gain = |from_db: f64, to_db: f64| {
        let text = number(to_db - from_db, 1);
        if text.starts_with('−') {
            text
        } else {
            format!("+{text}")
        }
    };
    let rows = stems.iter().map(|(stem, analysis)| {
        let split = &analysis.split;
        let (own, phase, magnitude) = (split.estimate, split.true_phase, split.true_magnitude);
        vec![
            stem.title().into(),
            db(Some(own.si_sdr_db)),
            gain(own.si_sdr_db, phase.si_sdr_db),
            gain(own.si_sdr_db, magnitude.si_sdr_db),
            db(Some(own.sdr_db)),
            gain(own.sdr_db, phase.sdr_db),
            gain(own.sdr_db, magnitude.sdr_db),
            analysis.phase.as_ref().map_or_else(
                || "–".into(),
                |phase| format!("{}°", number(phase.mean_absolute.to_degrees(), 0)),
            ),
        ]
    });
    let header = [
        "Stem",
        "SI-SDR",
        "true phase",
        "true magnitude",
        "SDR",
        "true phase",
        "true magnitude",
        "Phase error",
    ];
    Part::Table {
        caption: "The error split, in dB: the score, and what the true phase or the true magnitude would \
                  gain. The phase error is the mean of its absolute value, each bin by its true energy; \
                  by chance it would be 90°."
            .into(),
        header: header.map(String::from).into(),
        rows: rows.collect(),
    }
}

fn content_table(stems: &[(Stem, Analysis)]) -> Part {
    let percent =
        |share: Option<f64>| share.map_or_else(|| "–".into(), |share| number(100.0 * share, 1));
    let rows = stems.iter().map(|(stem, analysis)| {
        let explained = |index: usize| {
            let coherences = analysis.coherences.as_ref();
            percent(coherences.map(|coherences| coherences[index].explained()))
        };
        let (statistic, p_value) = match &analysis.correlations {
            Some(correlations) => {
                let test = correlations.test;
                let p_value = match test.p_value {
                    p if p < 1e-4 => "< 0.0001".into(),
                    p => number(p, 4),
                };
                (number(test.statistic, 0), p_value)
            }
            None => ("–".into(), "–".into()),
        };
        vec![
            stem.title().into(),
            explained(0),
            explained(1),
            explained(2),
            statistic,
            p_value,
        ]
    });
    let header = [
        "Stem",
        "separated, by the true stem",
        "residual, by the true stem",
        "residual, by the rest",
        "Ljung–Box Q",
        "p",
    ];
    Part::Table {
        caption: format!(
            "Shares of energy in % that are explained by another signal, and the Ljung–Box test over \
             {} lags.",
            analysis::TEST_LAGS
        ),
        header: header.map(String::from).into(),
        rows: rows.collect(),
    }
}
