//! Training data: what is drawn from which folder, that it is the same every time, and that nothing
//! held out is ever learned from.

use std::collections::BTreeSet;
use std::f64::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use unbraid::audio_file::{SampleFormat, WavWriter};
use unbraid::demo_song;
use unbraid::stem::{Stem, Stems};
use unbraid::train::augment::AugmentSpec;
use unbraid::train::data::{DataError, DataSet, DataSpec, HeldOut, Library};

const RATE_HZ: f64 = 8_000.0;
const SONG_SAMPLES: usize = 20_000;
const SEGMENT_SAMPLES: usize = 4_000;

/// A folder of test songs.
struct Scratch(TempDir);

impl Scratch {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn wav(&self, name: &str, rate_hz: f64, channels: &[&[f32]]) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut writer =
            WavWriter::create(&path, rate_hz, channels.len(), SampleFormat::Float32).unwrap();
        writer.write(channels).unwrap();
        writer.finish().unwrap();
        path
    }

    /// A stem whose every sample tells which stem it is, on the left, and where, on the right.
    fn stem(&self, name: &str, id: f32) -> PathBuf {
        let right: Vec<f32> = (0..SONG_SAMPLES).map(position_value).collect();
        self.wav(name, RATE_HZ, &[&[id; SONG_SAMPLES], &right])
    }

    /// Four stems; that of index k has the id `id + k / 100`.
    fn song(&self, name: &str, id: f32) {
        for stem in Stem::ALL {
            let id = id + stem as usize as f32 / 100.0;
            self.stem(&format!("{name}/{}.wav", stem.name()), id);
        }
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Learns from this folder's subfolder, songs as they are.
    fn spec(&self, folder: &str) -> DataSpec {
        DataSpec {
            sets: vec![self.set(folder, 1.0)],
            segment_s: SEGMENT_SAMPLES as f64 / RATE_HZ,
            augment: AugmentSpec::none(),
            ..DataSpec::default()
        }
    }

    fn set(&self, folder: &str, weight: f64) -> DataSet {
        DataSet {
            folder: self.path(folder),
            weight,
        }
    }
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn position_value(position: usize) -> f32 {
    0.1 + position as f32 / 65_536.0
}

/// Where in its song a stem of [`Scratch::stem`] begins.
fn position(stem: &[Vec<f32>; 2]) -> usize {
    ((stem[1][0] - 0.1) * 65_536.0).round() as usize
}

/// Ids in hundredths of a segment's stems; 0 is silence.
fn ids(segment: &Stems) -> [i32; 4] {
    segment.each_ref().map(|stem| {
        assert_eq!(stem.each_ref().map(Vec::len), [SEGMENT_SAMPLES; 2]);
        let id = stem[0][0];
        assert!(
            stem[0].iter().all(|sample| *sample == id),
            "one song at a time"
        );
        (100.0 * id).round() as i32
    })
}

fn open(spec: &DataSpec) -> Library {
    Library::open(spec, RATE_HZ, 1).unwrap_or_else(|error| panic!("{error}"))
}

fn segments(library: &Library, count: u64) -> Vec<Stems> {
    (0..count)
        .map(|index| {
            library
                .segment(index)
                .unwrap_or_else(|error| panic!("{error}"))
        })
        .collect()
}

fn remixed(mut spec: DataSpec) -> DataSpec {
    spec.augment.remix = 1.0;
    spec
}

#[test]
fn a_segment_follows_from_settings_seed_and_index() {
    let scratch = Scratch::new();
    for song in 1..4 {
        scratch.song(&format!("set/song {song}"), song as f32 / 10.0);
    }
    let spec = DataSpec {
        demo_songs: 2,
        augment: AugmentSpec::default(),
        ..scratch.spec("set")
    };
    let library = open(&spec);
    let want = segments(&library, 24);
    assert_eq!(segments(&library, 24), want, "again");

    let fresh = open(&spec);
    let backwards = |first: u64| {
        let indices = (0..24).rev().filter(move |index| index % 3 == first);
        indices
            .map(|index| (index, fresh.segment(index).unwrap()))
            .collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let threads = [0, 1, 2].map(|first| scope.spawn(move || backwards(first)));
        for (index, got) in threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
        {
            assert!(got == want[index as usize], "segment {index} on a thread");
        }
    });

    for one in 0..24 {
        for other in 0..one {
            assert!(
                want[one] != want[other],
                "segments {one} and {other} are alike"
            );
        }
    }
    let other_seed = Library::open(&spec, RATE_HZ, 2).unwrap();
    assert!(
        other_seed.segment(0).unwrap() != want[0],
        "the seed matters"
    );
    for segment in &want {
        assert!(segment.iter().flatten().flatten().all(|s| s.is_finite()));
    }
}

#[test]
fn the_library_is_shared_by_threads() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Library>();
}

#[test]
fn without_remix_all_stems_are_of_one_song_and_place() {
    let scratch = Scratch::new();
    for song in 1..4 {
        scratch.song(&format!("set/song {song}"), song as f32 / 10.0);
    }
    let (mut songs, mut positions) = (BTreeSet::new(), BTreeSet::new());
    for segment in segments(&open(&scratch.spec("set")), 60) {
        let ids = ids(&segment);
        assert_eq!(ids, [ids[0], ids[0] + 1, ids[0] + 2, ids[0] + 3]);
        let start = position(&segment[0]);
        for stem in segment {
            for (sample, got) in stem[1].iter().enumerate() {
                assert_eq!(*got, position_value(start + sample));
            }
        }
        songs.insert(ids[0]);
        positions.insert(start);
    }
    assert_eq!(songs, BTreeSet::from([10, 20, 30]));
    // 60 draws of 16001 places: two alike are one in ten.
    assert!(positions.len() > 55, "{positions:?}");
    assert!(positions.last() > Some(&14_000) && positions.first() < Some(&2_000));
}

#[test]
fn in_a_remix_each_stem_has_its_own_song_and_place() {
    let scratch = Scratch::new();
    for song in 1..4 {
        scratch.song(&format!("set/song {song}"), song as f32 / 10.0);
    }
    let mut seen = BTreeSet::new();
    for segment in segments(&open(&remixed(scratch.spec("set"))), 100) {
        let ids = ids(&segment);
        for (stem, id) in ids.into_iter().enumerate() {
            assert_eq!(id % 10, stem as i32, "a stem stays what it is");
        }
        let positions: BTreeSet<usize> = segment.iter().map(position).collect();
        assert!(positions.len() > 2, "{positions:?}");
        seen.insert(ids.map(|id| id / 10));
    }
    // 100 draws out of 81 combinations hit 57 on average.
    assert!(seen.len() > 40, "{}", seen.len());
}

#[test]
fn half_of_the_segments_are_remixes_by_default() {
    let scratch = Scratch::new();
    for song in 1..9 {
        scratch.song(&format!("set/song {song}"), song as f32 / 10.0);
    }
    let mut spec = scratch.spec("set");
    spec.augment.remix = AugmentSpec::default().remix;
    let coherent = segments(&open(&spec), 200)
        .iter()
        .filter(|segment| {
            let ids = ids(segment);
            ids.iter().all(|id| id / 10 == ids[0] / 10)
        })
        .count();
    // 100, give or take three times the standard deviation of 7.
    assert!((79..=121).contains(&coherent), "{coherent}");
}

#[test]
fn what_is_held_out_by_name_never_appears() {
    let scratch = Scratch::new();
    for song in 1..4 {
        scratch.song(&format!("set/song {song}"), song as f32 / 10.0);
    }
    scratch.song("set/Artist - The Secret", 0.7);
    scratch.stem("set/drums/The Secret/kick.wav", 0.8);
    scratch.stem("set/drums/kick.wav", 0.4);
    let mut spec = scratch.spec("set");
    spec.augment.remix = 0.5;
    spec.held_out.names = vec!["Secret".to_owned()];
    let library = open(&spec);
    let seen: BTreeSet<i32> = segments(&library, 200)
        .iter()
        .flat_map(ids)
        .map(|id| id / 10)
        .collect();
    assert_eq!(seen, BTreeSet::from([1, 2, 3, 4]));

    let [song] = library.held_out() else {
        panic!("one song is held out")
    };
    assert_eq!(song.name(), "Artist - The Secret");
    for (index, stem) in song.load().unwrap().iter().enumerate() {
        assert_eq!(stem[0], [0.7 + index as f32 / 100.0; SONG_SAMPLES]);
        assert_eq!(stem[1].len(), SONG_SAMPLES);
    }
}

#[test]
fn train_is_learned_and_test_is_held_out() {
    let scratch = Scratch::new();
    scratch.song("musdb/train/one", 0.1);
    scratch.song("musdb/test/two", 0.2);
    // Beside `train`, nothing counts.
    scratch.song("musdb/three", 0.3);
    scratch.song("more/four", 0.4);
    let spec = DataSpec {
        held_out: HeldOut {
            folders: vec![scratch.path("musdb"), scratch.path("more")],
            demo_songs: 2,
            ..HeldOut::default()
        },
        demo_songs: 0,
        ..remixed(scratch.spec("musdb"))
    };
    let library = open(&spec);
    let seen: BTreeSet<i32> = segments(&library, 50)
        .iter()
        .flat_map(ids)
        .map(|id| id / 10)
        .collect();
    assert_eq!(seen, BTreeSet::from([1]));
    let names: Vec<&str> = library.held_out().iter().map(|song| song.name()).collect();
    assert_eq!(names, ["two", "four", "demo song 1", "demo song 2"]);
    let want = demo_song::render(RATE_HZ, 2).stems;
    assert!(library.held_out()[3].load().unwrap() == want, "as rendered");
}

#[test]
fn a_stem_without_a_file_is_silent_and_no_part_of_a_remix() {
    let scratch = Scratch::new();
    scratch.stem("set/a cappella/Vocals.WAV", 0.13);
    scratch.song("set/song", 0.2);
    scratch.file("set/a cappella/notes.txt", "not audio");
    fs::create_dir(scratch.path("set/nothing in here")).unwrap();
    let spec = DataSpec {
        held_out: HeldOut {
            folders: vec![scratch.path("held")],
            ..HeldOut::default()
        },
        ..scratch.spec("set")
    };
    scratch.stem("held/groove/bass.wav", 0.5);
    let seen: BTreeSet<[i32; 4]> = segments(&open(&spec), 40).iter().map(ids).collect();
    assert_eq!(seen, BTreeSet::from([[0, 0, 0, 13], [20, 21, 22, 23]]));
    let seen: BTreeSet<[i32; 4]> = segments(&open(&remixed(spec.clone())), 40)
        .iter()
        .map(ids)
        .collect();
    assert_eq!(seen, BTreeSet::from([[20, 21, 22, 13], [20, 21, 22, 23]]));

    let held = open(&spec).held_out()[0].load().unwrap();
    assert_eq!(
        held[Stem::Drums as usize],
        [vec![0.0; SONG_SAMPLES], vec![0.0; SONG_SAMPLES]]
    );
    assert_eq!(held[Stem::Bass as usize][0], [0.5; SONG_SAMPLES]);
}

#[test]
fn loose_stems_appear_in_remixes_only() {
    let scratch = Scratch::new();
    scratch.stem("loose/vocals/somebody/deep/take 1.wav", 0.33);
    scratch.stem("loose/drums/loop.wav", 0.3);
    scratch.file(
        "loose/drums/._loop.wav",
        "macOS leaves these on foreign disks",
    );
    scratch.song("songs/song", 0.1);
    let mut both = scratch.spec("loose");
    both.sets.push(scratch.set("songs", 1.0));

    let seen: BTreeSet<[i32; 4]> = segments(&open(&both), 30).iter().map(ids).collect();
    assert_eq!(seen, BTreeSet::from([[10, 11, 12, 13]]));
    let seen: BTreeSet<[i32; 4]> = segments(&open(&remixed(both)), 60)
        .iter()
        .map(ids)
        .collect();
    let want = [
        [10, 11, 12, 13],
        [30, 11, 12, 13],
        [10, 11, 12, 33],
        [30, 11, 12, 33],
    ];
    assert_eq!(seen, BTreeSet::from(want));

    // Alone they can only be remixed, and what nobody plays is silent.
    for segment in segments(&open(&scratch.spec("loose")), 10) {
        assert_eq!(ids(&segment), [30, 0, 0, 33]);
    }
}

#[test]
fn sets_are_drawn_by_weight_and_songs_evenly() {
    let scratch = Scratch::new();
    for song in 1..4 {
        scratch.song(&format!("many/song {song}"), song as f32 / 10.0);
    }
    scratch.song("one/song", 0.5);
    let mut spec = scratch.spec("many");
    spec.sets[0].weight = 3.0;
    spec.sets.push(scratch.set("one", 1.0));
    for spec in [spec.clone(), remixed(spec)] {
        let mut counts = [0; 6];
        for segment in segments(&open(&spec), 400) {
            counts[(ids(&segment)[0] / 10) as usize] += 1;
        }
        // 100 of each, give or take three times the standard deviation of 8.7.
        for song in [1, 2, 3, 5] {
            assert!((74..=126).contains(&counts[song]), "{counts:?}");
        }
    }
}

#[test]
fn places_that_sound_are_preferred() {
    let scratch = Scratch::new();
    let mut half = vec![0.5; 100_000];
    half[..50_000].fill(0.0);
    scratch.wav("set/song/vocals.wav", RATE_HZ, &[&half]);
    let silent = segments(&open(&scratch.spec("set")), 200)
        .iter()
        .filter(|segment| segment[3][0].iter().all(|sample| *sample == 0.0))
        .count();
    // Just under an eighth, as three draws find silence; a single one would find 96.
    assert!((5..50).contains(&silent), "{silent}");
}

#[test]
fn short_songs_are_filled_and_mono_is_doubled() {
    let scratch = Scratch::new();
    scratch.wav("set/song/bass.wav", RATE_HZ, &[&[0.25; 100]]);
    let segment = open(&scratch.spec("set")).segment(0).unwrap();
    let bass = &segment[Stem::Bass as usize];
    assert_eq!(bass[0], bass[1]);
    assert_eq!(bass[0][..100], [0.25; 100]);
    assert_eq!(bass[0][100..], [0.0; SEGMENT_SAMPLES - 100]);
}

#[test]
fn speed_is_one_for_a_whole_song_and_of_each_stem_in_a_remix() {
    let scratch = Scratch::new();
    scratch.song("set/song", 0.1);
    // Silent to the very end, the ramp's slope is the speed.
    let speeds = |segment: &Stems| {
        segment.each_ref().map(|stem| {
            let rise = stem[1][3_000] - stem[1][1_000];
            (65.536 * 1_000.0 * rise / 2_000.0 * 1_000.0).round() as i32
        })
    };
    let mut spec = scratch.spec("set");
    spec.augment.speed_semitones = AugmentSpec::default().speed_semitones;
    spec.augment.speed_semitones.chance = 1.0;
    let mut all = BTreeSet::new();
    for segment in segments(&open(&spec), 20) {
        let speeds = speeds(&segment);
        // A thousandth: the interpolation filter's ripple on a ramp.
        assert!(
            speeds.iter().all(|speed| (speed - speeds[0]).abs() <= 1),
            "{speeds:?}"
        );
        assert!((890..=1_123).contains(&speeds[0]), "{speeds:?}");
        all.insert(speeds[0]);
    }
    assert!(all.len() > 10, "{all:?}");
    let speeds = speeds(&open(&remixed(spec)).segment(0).unwrap());
    assert!(BTreeSet::from(speeds).len() > 2, "{speeds:?}");
}

/// Amplitude of a sine of this frequency.
fn amplitude(samples: &[f32], frequency_hz: f64, rate_hz: f64) -> f64 {
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let phase = TAU * frequency_hz * n as f64 / rate_hz;
        real += f64::from(*sample) * phase.cos();
        imaginary += f64::from(*sample) * phase.sin();
    }
    2.0 * real.hypot(imaginary) / samples.len() as f64
}

#[test]
fn stem_mp4_gives_the_stems_in_their_order() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.path("set/train")).unwrap();
    fs::create_dir_all(scratch.path("set/test")).unwrap();
    fs::copy(
        data("sines.stem.mp4"),
        scratch.path("set/train/learned.stem.mp4"),
    )
    .unwrap();
    fs::copy(
        data("sines.stem.mp4"),
        scratch.path("set/test/held.stem.mp4"),
    )
    .unwrap();
    let spec = DataSpec {
        held_out: HeldOut {
            folders: vec![scratch.path("set")],
            ..HeldOut::default()
        },
        segment_s: 0.2,
        ..scratch.spec("set")
    };
    let library = Library::open(&spec, 44_100.0, 1).unwrap();
    let held = library.held_out()[0].load().unwrap();
    assert_eq!(library.held_out()[0].name(), "held");
    assert_eq!(held[0][0].len(), 13_230);
    let frequencies_hz = [400.0, 800.0, 1_600.0, 3_200.0];
    for stems in [held, library.segment(0).unwrap()] {
        for (index, stem) in stems.iter().enumerate() {
            for (other, frequency_hz) in frequencies_hz.into_iter().enumerate() {
                let got = amplitude(&stem[1], frequency_hz, 44_100.0);
                let want = if other == index { 0.2 } else { 0.0 };
                // 5 % of the sine: what AAC at 64 kbit/s loses, and the window's side lobes.
                assert!(
                    (got - want).abs() < 0.01,
                    "{frequency_hz} Hz in stem {index}: {got}"
                );
            }
        }
    }
}

#[test]
fn compressed_files_stand_beside_wav() {
    let scratch = Scratch::new();
    let tone = unbraid::audio_file::read(&data("tone.flac")).unwrap();
    scratch.file("set/song/drums.flac", fs::read(data("tone.flac")).unwrap());
    scratch.wav("set/song/bass.wav", 44_100.0, &tone.as_slices());
    let spec = DataSpec {
        segment_s: 0.1,
        ..scratch.spec("set")
    };
    let library = Library::open(&spec, 44_100.0, 1).unwrap();
    for segment in segments(&library, 5) {
        let [drums, bass, ..] = &segment;
        for (drums, bass) in drums.iter().flatten().zip(bass.iter().flatten()) {
            // The cache's steps at a peak of 0.4.
            assert!((drums - bass).abs() < 1e-5);
        }
        assert!(bass[0].iter().any(|sample| *sample != 0.0));
    }
    assert!(library.cache_bytes() > 0);
}

#[test]
fn the_cache_keeps_to_its_budget_and_changes_nothing() {
    let spec = |cache_mib| DataSpec {
        demo_songs: 4,
        segment_s: 0.5,
        cache_mib,
        ..DataSpec::default()
    };
    // A song of some 27 s takes 3.3 MiB at this rate: three fit.
    let (small, large) = (open(&spec(11)), open(&spec(100)));
    for index in 0..10 {
        assert!(small.segment(index).unwrap() == large.segment(index).unwrap());
        assert!(small.cache_bytes() <= 11 << 20);
    }
    assert!(small.cache_bytes() > 5 << 20, "it does keep songs");
    assert!(large.cache_bytes() > small.cache_bytes());
}

/// The one sentence of what is wrong, which holds all of `parts`.
fn assert_refused(result: Result<Library, DataError>, parts: &[&str]) {
    let text = match result {
        Ok(_) => panic!("expected an error about {parts:?}"),
        Err(error) => error.to_string(),
    };
    assert!(!text.contains('\n'), "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}

#[test]
fn what_is_wrong_with_files_is_said_at_the_start() {
    let scratch = Scratch::new();
    let open = |folder: &str| Library::open(&scratch.spec(folder), RATE_HZ, 1);
    let one = [0.5_f32; 100];

    scratch.wav("rate/song/drums.wav", 44_100.0, &[&one]);
    assert_refused(
        open("rate"),
        &[
            "rate/song/drums.wav: expected 8000 Hz, found 44100 Hz",
            "convert the file, or train at its rate",
        ],
    );
    scratch.file("rate 2/drums/tone.mp3", fs::read(data("tone.mp3")).unwrap());
    assert_refused(
        open("rate 2"),
        &["tone.mp3: expected 8000 Hz, found 44100 Hz"],
    );
    scratch.file(
        "rate 3/song.stem.mp4",
        fs::read(data("sines.stem.mp4")).unwrap(),
    );
    assert_refused(
        open("rate 3"),
        &["song.stem.mp4: expected 8000 Hz, found 44100 Hz"],
    );

    scratch.wav("length/song/drums.wav", RATE_HZ, &[&one]);
    scratch.wav("length/song/vocals.wav", RATE_HZ, &[&one[1..]]);
    assert_refused(
        open("length"),
        &["length/song: expected stems of one length, found 100 samples of drums and 99 of vocals"],
    );

    scratch.wav("channels/song/bass.wav", RATE_HZ, &[&one, &one, &one]);
    assert_refused(
        open("channels"),
        &["bass.wav: expected 1 or 2 channels, found 3"],
    );
    scratch.wav("none/song/bass.wav", RATE_HZ, &[&one[..0]]);
    assert_refused(open("none"), &["bass.wav: expected audio, found 0 samples"]);
    scratch.file("empty/song/bass.wav", "");
    assert_refused(
        open("empty"),
        &["bass.wav: expected audio, found an empty file"],
    );
    scratch.file(
        "text/song/bass.wav",
        "this is text, again and again".repeat(100),
    );
    assert_refused(open("text"), &["bass.wav: expected WAV", "found no audio"]);

    let whole = fs::read(scratch.wav("whole.wav", RATE_HZ, &[&one])).unwrap();
    scratch.file("cut/song/bass.wav", &whole[..whole.len() - 40]);
    assert_refused(
        open("cut"),
        &["bass.wav: is cut off", "400 bytes", "found 360"],
    );

    scratch.file("tracks/song.stem.mp4", fs::read(data("tone.m4a")).unwrap());
    assert_refused(
        open("tracks"),
        &["song.stem.mp4: expected 5 audio tracks (mixture, drums, bass, other, vocals), found 1"],
    );
}

#[test]
fn what_is_wrong_with_folders_is_said_at_the_start() {
    let scratch = Scratch::new();
    let open = |folder: &str| Library::open(&scratch.spec(folder), RATE_HZ, 1);
    scratch.song("set/song", 0.1);
    scratch.stem("loose/drums/a.wav", 0.1);

    assert_refused(open("missing"), &["missing: can't be listed"]);
    scratch.file("songless/README.txt", "nothing");
    assert_refused(
        open("songless"),
        &[
            "songless: expected songs (SONG/drums.wav …, SONG.stem.mp4, or train/",
            "found none",
        ],
    );
    let with_held_out = |folders: &[&str], names: &[&str]| {
        let mut spec = scratch.spec("set");
        spec.held_out.folders = folders.iter().map(|folder| scratch.path(folder)).collect();
        spec.held_out.names = names.iter().map(|name| name.to_string()).collect();
        Library::open(&spec, RATE_HZ, 1)
    };
    let in_both = ["set/song/drums.wav: is both learned from and held out"];
    assert_refused(with_held_out(&["set"], &[]), &in_both);
    assert_refused(with_held_out(&["loose/../set"], &[]), &in_both);
    assert_refused(
        with_held_out(&["loose"], &[]),
        &["loose: expected whole songs to validate with"],
    );
    assert_refused(
        with_held_out(&[], &["sung"]),
        &["\"sung\"", "found no song with that name"],
    );
    assert_refused(with_held_out(&[], &["song"]), &["nothing to learn from"]);
    assert_refused(
        Library::open(&DataSpec::default(), RATE_HZ, 1),
        &["nothing to learn from"],
    );
}

/// A link is another way to the same song.
#[cfg(unix)]
#[test]
fn links_are_followed_and_do_not_hide_a_held_out_song() {
    let scratch = Scratch::new();
    scratch.song("real/song", 0.1);
    scratch.song("set/there", 0.2);
    std::os::unix::fs::symlink(scratch.path("real/song"), scratch.path("set/linked")).unwrap();
    let mut spec = scratch.spec("set");
    let seen: BTreeSet<i32> = segments(&open(&spec), 20)
        .iter()
        .map(|s| ids(s)[0])
        .collect();
    assert_eq!(seen, BTreeSet::from([10, 20]));
    spec.held_out.folders = vec![scratch.path("real")];
    let in_both = ["set/linked/drums.wav: is both learned from and held out"];
    assert_refused(Library::open(&spec, RATE_HZ, 1), &in_both);
}

#[test]
fn settings_without_sense_are_refused() {
    let scratch = Scratch::new();
    scratch.song("set/song", 0.1);
    let refused = |change: fn(&mut DataSpec), parts: &[&str]| {
        let mut spec = scratch.spec("set");
        change(&mut spec);
        assert_refused(Library::open(&spec, RATE_HZ, 1), parts);
    };
    refused(
        |spec| spec.sets[0].weight = 0.0,
        &["weight of", "set: expected a number above 0"],
    );
    refused(
        |spec| spec.demo_weight = f64::NAN,
        &["demo_weight: expected a number above 0"],
    );
    refused(
        |spec| spec.segment_s = 0.0,
        &["segment_s: expected 0.1 to 600 seconds"],
    );
    refused(
        |spec| spec.held_out.demo_songs = 10_000,
        &["held_out.demo_songs: expected fewer"],
    );
    refused(
        |spec| spec.held_out.names = vec![String::new()],
        &["held_out.names: expected names"],
    );
    refused(
        |spec| spec.augment.remix = 2.0,
        &["augment.remix: expected a probability"],
    );
}

#[test]
fn what_is_wrong_with_content_is_said_when_it_is_read() {
    let scratch = Scratch::new();
    let mut samples = [0.5_f32; 100];
    samples[60] = f32::NAN;
    let path = scratch.wav("set/song/other.wav", RATE_HZ, &[&samples]);
    let library = open(&scratch.spec("set"));
    let text = library.segment(0).unwrap_err().to_string();
    assert!(text.starts_with(&path.display().to_string()), "{text}");
    assert!(text.contains("NaN") && text.contains("sample 60"), "{text}");
    fs::remove_file(&path).unwrap();
    let text = library.segment(0).unwrap_err().to_string();
    assert!(text.contains("there is no such file"), "{text}");

    // Only decoding tells how long an MP3 is.
    scratch.file("mixed/song/drums.mp3", fs::read(data("tone.mp3")).unwrap());
    scratch.wav("mixed/song/bass.wav", 44_100.0, &[&samples[..60]]);
    let library = Library::open(&scratch.spec("mixed"), 44_100.0, 1).unwrap();
    let text = library.segment(0).unwrap_err().to_string();
    assert!(
        text.contains("found 8820 samples of drums and 60 of bass"),
        "{text}"
    );
}

#[test]
fn settings_come_back_from_json_and_unknown_ones_are_refused() {
    let scratch = Scratch::new();
    let mut spec = scratch.spec("set");
    spec.held_out.names.push("song".to_owned());
    let text = serde_json::to_string(&spec).unwrap();
    assert_eq!(serde_json::from_str::<DataSpec>(&text).unwrap(), spec);
    let defaults: DataSpec = serde_json::from_str("{\"demo_songs\": 3}").unwrap();
    assert_eq!(
        (defaults.demo_songs, defaults.augment),
        (3, AugmentSpec::default())
    );
    for typo in [
        "{\"songs\": 3}",
        "{\"augment\": {\"remx\": 1}}",
        "{\"held_out\": {\"name\": []}}",
    ] {
        assert!(serde_json::from_str::<DataSpec>(typo).is_err(), "{typo}");
    }
}
