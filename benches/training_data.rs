//! What a segment of 3 s costs to read and augment, from songs as 32-bit WAV files.
//!
//! `cargo bench --no-default-features --features train --bench training_data`

use std::time::Instant;

use unbraid::audio_file::{SampleFormat, WavWriter};
use unbraid::dice::Dice;
use unbraid::stem::Stem;
use unbraid::train::augment::AugmentSpec;
use unbraid::train::data::{DataSet, DataSpec, Library};

const RATE_HZ: f64 = 44_100.0;
const NUM_SONGS: usize = 6;
const SONG_SAMPLES: usize = 20 * 44_100;
const NUM_SEGMENTS: u64 = 200;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut dice = Dice::new(1, 0_u64);
    let noise: Vec<f32> = (0..SONG_SAMPLES)
        .map(|_| 0.2 * dice.bell() as f32)
        .collect();
    for song in 0..NUM_SONGS {
        let song = folder.path().join(song.to_string());
        std::fs::create_dir(&song).expect("a folder");
        for stem in Stem::ALL {
            let path = song.join(format!("{}.wav", stem.name()));
            let writer = WavWriter::create(&path, RATE_HZ, 2, SampleFormat::Float32);
            let mut writer = writer.expect("a file");
            writer.write(&[&noise, &noise]).expect("it is written");
            writer.finish().expect("it is whole");
        }
    }
    let none = AugmentSpec::none();
    let all = AugmentSpec::default;
    for (name, augment) in [
        ("reading", none.clone()),
        (
            "all but speed",
            AugmentSpec {
                speed_semitones: none.speed_semitones,
                ..all()
            },
        ),
        (
            "all but low-pass",
            AugmentSpec {
                low_pass_hz: none.low_pass_hz,
                ..all()
            },
        ),
        (
            "all but equaliser",
            AugmentSpec {
                equalizer_db: none.equalizer_db,
                ..all()
            },
        ),
        (
            "all but compression",
            AugmentSpec {
                compression_db: none.compression_db,
                ..all()
            },
        ),
        (
            "all but room",
            AugmentSpec {
                room_s: none.room_s,
                ..all()
            },
        ),
        ("all", all()),
    ] {
        let spec = DataSpec {
            sets: vec![DataSet {
                folder: folder.path().to_owned(),
                weight: 1.0,
            }],
            segment_s: 3.0,
            augment,
            ..DataSpec::default()
        };
        let library = Library::open(&spec, RATE_HZ, 1).expect("six songs");
        let start = Instant::now();
        for index in 0..NUM_SEGMENTS {
            library.segment(index).expect("a segment");
        }
        let mean_ms = 1e3 * start.elapsed().as_secs_f64() / NUM_SEGMENTS as f64;
        println!("{name:20} {mean_ms:6.2} ms");
    }
}
