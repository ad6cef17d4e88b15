//! Scores as museval writes them: a file for each run and song.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::Context;
use unbraid::eval::runner::SongScore;
use unbraid::stem::Stem;

use crate::report::Report;

/// Writes `folder/<run>/<song>.json`.
pub fn write(folder: &Path, report: &Report) -> anyhow::Result<()> {
    for run in &report.runs {
        let folder = folder.join(&run.name);
        fs::create_dir_all(&folder)
            .with_context(|| format!("{}: can't be created", folder.display()))?;
        for song in &run.songs {
            let path = folder.join(format!("{}.json", song.song));
            fs::write(&path, json(song))
                .with_context(|| format!("{}: can't be written", path.display()))?;
        }
    }
    Ok(())
}

/// By hand, because a frame that does not count is `NaN` to museval, which JSON does not know.
fn json(song: &SongScore) -> String {
    let targets = Stem::ALL.into_iter().filter_map(|stem| {
        let score = song.stems[stem as usize].as_ref()?;
        let frames = score.frames.iter().enumerate().map(|(index, frame)| {
            let mut metrics = [f64::NAN; 4];
            if let Some((frame, parts)) = frame.and_then(|frame| Some((frame, frame.parts?))) {
                metrics = [frame.sdr_db, parts.sir_db, parts.sar_db, parts.isr_db];
            }
            let [sdr, sir, sar, isr] = metrics.map(|db| format!("{db:.5}"));
            format!(
                r#"{{"time": {index}.0, "duration": 1.0, "metrics": {{"SDR": {sdr}, "SIR": {sir}, "SAR": {sar}, "ISR": {isr}}}}}"#
            )
        });
        let frames: Vec<String> = frames.collect();
        let frames = frames.join(",\n      ");
        (!score.frames.is_empty()).then(|| {
            format!("    {{\"name\": \"{}\", \"frames\": [\n      {frames}\n    ]}}", stem.name())
        })
    });
    let targets: Vec<String> = targets.collect();
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{{\n  \"targets\": [\n{}\n  ]\n}}",
        targets.join(",\n")
    );
    text
}
