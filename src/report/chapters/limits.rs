//! What masks could do at best: those that the true stems give.

use crate::eval::oracle::Oracle;
use crate::plot::{self, ColourMap, Frame};
use crate::report::chapters::spectrograms::Look;
use crate::report::heat_map::{self, cell};
use crate::report::words::{db, number};
use crate::report::{Chapter, Material, Part, ReportError};
use crate::score::sdr_db;
use crate::stem::{Stem, Stems, Stereo};

/// A column of the table: its title, and each stem's SI-SDR.
type Column = (String, [Option<f64>; 4]);

pub fn chapter(material: &Material) -> Result<Option<Chapter>, ReportError> {
    let Some(truth) = material.true_stems() else {
        return Ok(None);
    };
    let separate = |oracle: &Oracle| oracle.separate(material.mix(), truth, material.rate_hz());
    let masked = separate(&Oracle::RatioMask);
    let mut columns = vec![
        column(
            material,
            "Mix",
            &[(); 4].map(|()| Some(material.mix().clone())),
        ),
        column(material, "This separation", &material.estimates),
    ];
    let network = material.network.as_ref();
    if let Some(own) = network.and_then(|network| Oracle::of_model(network.model.config())) {
        let title = "Ratio mask on the network's bands";
        columns.push(column(material, title, &separate(&own).map(Some)));
    }
    let ratio = masked.clone().map(Some);
    columns.push(column(material, "Ratio mask", &ratio));
    let binary = separate(&Oracle::BinaryMask).map(Some);
    columns.push(column(material, "Binary mask", &binary));

    let mut parts = vec![
        Part::Text(
            "A mask scales the magnitude of each bin of the mix and keeps the phase as it is. How far \
             can that get? Here the true stems are used to make the masks: the ratio mask gives each \
             stem its part of the sum of all magnitudes, |S| / Σ|S|, the binary mask gives each bin \
             to the loudest. However clever, a separator that works by such masks hardly gets beyond \
             the better of the two; so what it lacks is its own, and what they lack is a limit of \
             masks."
                .into(),
        ),
        table(&columns),
        Part::Text(conclusion(&columns)),
        Part::Heading("What is left".into()),
        Part::Text(
            "Where one stem sounds alone in a bin, the mask is 1 there and all is well. Where two \
             meet, each has a phase of its own, and the mix has that of neither: even with the right \
             magnitude, the stem would be turned; and since two that pull in opposite directions \
             leave less in the mix than each has, a mask between 0 and 1 can't give it back."
                .into(),
        ),
    ];
    let look = Look::new(material);
    let sounding = Stem::ALL.into_iter().filter(|&stem| !material.rests(stem));
    for stem in sounding {
        parts.extend(picture(&look, truth, &masked, stem)?);
    }
    Ok(Some(Chapter {
        title: "The limits of magnitude masks".into(),
        parts,
    }))
}

fn column(material: &Material, title: &str, estimates: &[Option<Stereo>; 4]) -> Column {
    let scores = material.score(estimates);
    let si_sdr_db = Stem::ALL.map(|stem| {
        let score = scores[stem as usize]
            .as_ref()
            .filter(|_| !material.rests(stem));
        Some(score?.whole.as_ref()?.si_sdr_db)
    });
    (title.into(), si_sdr_db)
}

fn mean(values: &[Option<f64>]) -> Option<f64> {
    let known: Vec<f64> = values.iter().flatten().copied().collect();
    (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
}

fn table(columns: &[Column]) -> Part {
    let titles = columns.iter().map(|(title, _)| title.clone());
    let row = |name: &str, cell: &dyn Fn(&[Option<f64>; 4]) -> Option<f64>| {
        let cells = columns.iter().map(|(_, scores)| db(cell(scores)));
        [name.to_owned()].into_iter().chain(cells).collect()
    };
    let stems = Stem::ALL.map(|stem| row(stem.title(), &|scores| scores[stem as usize]));
    let mean = row("Mean", &|scores| mean(scores));
    Part::Table {
        caption: "SI-SDR in dB. The last masks are made of windows of 4096 samples every 1024 at 44.1 \
                  kHz, as the field's campaigns have it. A dash stands where a stem rests throughout, \
                  or is not separated."
            .into(),
        header: ["Stem".to_owned()].into_iter().chain(titles).collect(),
        rows: stems.into_iter().chain([mean]).collect(),
    }
}

/// How far the separation is from the ratio mask, over the stems that both have.
fn conclusion(columns: &[Column]) -> String {
    let of = |title: &str| {
        let column = columns.iter().find(|column| column.0 == title);
        column.expect("the table has it").1
    };
    let (own, ratio) = (of("This separation"), of("Ratio mask"));
    let lacking: Vec<_> = own
        .into_iter()
        .zip(ratio)
        .map(|(own, ratio)| Some(ratio? - own?))
        .collect();
    let perfect = mean(&ratio).map_or(String::new(), |ratio_db| {
        format!(
            " The ratio mask itself stops at {} dB: an error of {} % of the stem's energy.",
            db(Some(ratio_db)),
            number(100.0 * 10_f64.powf(-ratio_db / 10.0), 1)
        )
    });
    let separation = mean(&lacking).map_or(String::new(), |lacking_db| {
        format!(
            "This separation is {} dB below the ratio mask, on average over the stems that it fills.",
            db(Some(lacking_db))
        )
    });
    format!("{separation}{perfect}").trim().to_owned()
}

/// The mask of a stem, what it lets through, and what is left of the true stem.
fn picture(
    look: &Look,
    truth: &Stems,
    masked: &Stems,
    stem: Stem,
) -> Result<Option<Part>, ReportError> {
    let (true_stem, masked) = (&truth[stem as usize], &masked[stem as usize]);
    let Some(left_db) = sdr_db(true_stem, masked) else {
        return Ok(None);
    };
    let left: Stereo = std::array::from_fn(|channel| {
        let pairs = true_stem[channel].iter().zip(&masked[channel]);
        pairs.map(|(truth, masked)| truth - masked).collect()
    });
    let frame = |index: u32| Frame {
        left: 52 + 280 * index,
        top: 34,
        width: 226,
        height: 200,
    };
    let points = frame(0).num_points();
    let magnitudes = truth.each_ref().map(|stem| {
        let gain = |level_db: f32| 10_f32.powf(level_db / 20.0);
        let levels_db = look.levels_db(stem, points).into_iter();
        let columns = levels_db.map(|column| column.into_iter().map(gain).collect());
        columns.collect::<Vec<Vec<f32>>>()
    });
    let png = plot::png((940, 276), |area| {
        frame(0).paint(area, |x, y| {
            let at = magnitudes
                .each_ref()
                .map(|magnitudes| cell(magnitudes, x, y));
            let mask = at[stem as usize] / at.iter().sum::<f32>();
            ColourMap::Viridis.at(f64::from(mask))
        })?;
        look.scale
            .paint(area, &frame(1), &look.levels_db(masked, points))?;
        look.scale
            .paint(area, &frame(2), &look.levels_db(&left, points))?;
        let title = format!("{}: mask", stem.title());
        for (index, title) in [&title, "What it lets through", "What is left"]
            .into_iter()
            .enumerate()
        {
            let frame = frame(index as u32);
            frame.title(area, title)?;
            heat_map::axes(area, &frame, look.axis(), look.seconds.clone())?;
        }
        look.scale.bar(area, &frame(2))
    })?;
    Ok(Some(Part::Picture {
        name: format!("limits-{}.png", stem.name()),
        png,
        caption: format!(
            "{}: the ratio mask, from 0 (violet) to 1 (yellow), as the true spectrograms give it point by \
             point; the mix through the mask; and the true stem minus that, {} dB below the stem.",
            stem.title(),
            db(Some(left_db))
        ),
    }))
}
