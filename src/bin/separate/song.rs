//! One song: read, separate, write.

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, ensure};
use unbraid::audio_file::{Audio, WavWriter, read};
use unbraid::offline::{OfflineEngine, Piece};

use crate::args::{Settings, Track};
use crate::plan::Song;

/// What became of a song.
#[derive(Debug)]
pub struct Done {
    pub rate_hz: f64,
    pub num_channels: usize,
    pub audio_s: f64,
    pub elapsed_s: f64,
    /// What was taken off.
    pub latency_samples: usize,
    /// In all files together.
    pub clipped_samples: u64,
    pub outputs: Vec<PathBuf>,
}

/// Separates a song and writes its tracks. `progress` hears how much of it is done, 0 to 1.
pub fn separate(
    song: &Song,
    settings: &Settings,
    mut progress: impl FnMut(f64),
) -> anyhow::Result<Done> {
    let start = Instant::now();
    let audio = read(&song.input)?;
    let separator = settings.method.build(audio.rate_hz);
    let separator = separator.with_context(|| song.input.display().to_string())?;
    let mut engine = OfflineEngine::new(separator, audio.rate_hz);

    let mut writers = Writers::create(song, settings, &audio)?;
    let mut done = 0;
    engine.separate(audio.as_slices(), &settings.gains, |piece| {
        done += piece.num_samples();
        progress(done as f64 / audio.num_samples() as f64);
        writers.write(&piece)
    })?;
    ensure!(
        !engine.take_fault(),
        "{}: {} gave values that are not finite",
        song.input.display(),
        settings.method.kind.title()
    );
    let (outputs, clipped_samples) = writers.finish()?;
    Ok(Done {
        rate_hz: audio.rate_hz,
        num_channels: audio.num_source_channels,
        audio_s: audio.duration_s(),
        elapsed_s: start.elapsed().as_secs_f64(),
        latency_samples: engine.latency_samples(),
        clipped_samples,
        outputs,
    })
}

/// The files of one song in the making. Given up before [`finish`](Self::finish), they vanish,
/// with the song's folder if nothing else is in it.
struct Writers {
    files: Vec<(Track, WavWriter)>,
    /// As many as the song has: a mono song's second channel repeats the first.
    num_channels: usize,
    folder: PathBuf,
    outputs: Vec<PathBuf>,
}

impl Writers {
    fn create(song: &Song, settings: &Settings, audio: &Audio) -> anyhow::Result<Self> {
        fs::create_dir_all(&song.folder)
            .with_context(|| format!("{}: can't be created", song.folder.display()))?;
        let mut writers = Self {
            files: Vec::new(),
            num_channels: audio.num_source_channels,
            folder: song.folder.clone(),
            outputs: Vec::new(),
        };
        for &track in &song.tracks {
            let path = song.folder.join(track.file_name());
            let format = settings.format.into();
            let file = WavWriter::create(&path, audio.rate_hz, writers.num_channels, format)?;
            writers.files.push((track, file));
            writers.outputs.push(path);
        }
        Ok(writers)
    }

    fn write(&mut self, piece: &Piece) -> anyhow::Result<()> {
        for (track, file) in &mut self.files {
            let channels = [0, 1].map(|channel| match *track {
                Track::Stem(stem) => piece.stem(stem, channel),
                Track::Remix => piece.remix(channel),
            });
            file.write(&channels[..self.num_channels])?;
        }
        Ok(())
    }

    /// Gives all files their names. Returns them, and how many samples were clipped.
    fn finish(mut self) -> anyhow::Result<(Vec<PathBuf>, u64)> {
        let mut clipped_samples = 0;
        for (_, file) in self.files.drain(..) {
            clipped_samples += file.finish()?;
        }
        Ok((std::mem::take(&mut self.outputs), clipped_samples))
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        // The files first, or the folder would not be empty. It stays when it holds anything.
        self.files.clear();
        let _ = fs::remove_dir(&self.folder);
    }
}
