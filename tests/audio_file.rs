//! Reading and writing audio files: every format to the sample, every error by its kind.
#![cfg(feature = "tools")]

use std::f64::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use unbraid::audio_file::{
    Audio, AudioFileError, SampleFormat, WavFile, WavWriter, read, read_tracks, track_rates_hz,
};

const TONE_RATE_HZ: f64 = 44_100.0;
const TONE_SAMPLES: usize = 8_820;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// What `tests/data/make.sh` asked the encoders to encode.
fn tone(channel: usize) -> Vec<f32> {
    let (start_hz, slope) = [(200.0, 5_000.0), (300.0, 4_000.0)][channel];
    (0..TONE_SAMPLES)
        .map(|n| {
            let t = n as f64 / TONE_RATE_HZ;
            (0.4 * (TAU * (start_hz * t + slope * t * t)).sin()) as f32
        })
        .collect()
}

fn energy(samples: impl Iterator<Item = f32>) -> f64 {
    samples.map(|s| f64::from(s) * f64::from(s)).sum()
}

/// Ratio of the wanted signal to what differs from it, in dB, with `got` moved by `lag` samples.
fn snr_db(wanted: &[f32], got: &[f32], lag: isize) -> f64 {
    let moved = |n: usize| {
        n.checked_add_signed(lag)
            .and_then(|n| got.get(n).copied())
            .unwrap_or(0.0)
    };
    let error = energy(wanted.iter().enumerate().map(|(n, s)| s - moved(n)));
    10.0 * (energy(wanted.iter().copied()) / error).log10()
}

fn assert_is_tone(name: &str, audio: &Audio, num_channels: usize, min_snr_db: f64) {
    assert_eq!(audio.rate_hz, TONE_RATE_HZ, "{name}");
    assert_eq!(audio.num_source_channels, num_channels, "{name}");
    assert_eq!(audio.num_samples(), TONE_SAMPLES, "{name}: length");
    for index in 0..num_channels {
        let (wanted, got) = (tone(index), &audio.channels[index]);
        let best = (-2_500..=2_500)
            .max_by(|&a, &b| snr_db(&wanted, got, a).total_cmp(&snr_db(&wanted, got, b)))
            .unwrap();
        assert_eq!(
            best, 0,
            "{name}: channel {index} is late by that many samples"
        );
        let snr = snr_db(&wanted, got, 0);
        assert!(snr >= min_snr_db, "{name}: channel {index}: {snr:.1} dB");
    }
}

/// 16-bit rounding of this tone is at −89 dB; the lossy codecs are far from that at any bit rate,
/// and a shift by one sample alone costs them more than they lose.
#[test]
fn every_format_gives_the_same_song_to_the_sample() {
    for (name, num_channels, min_snr_db) in [
        ("tone.flac", 2, 80.0),
        ("tone_alac.m4a", 2, 80.0),
        ("tone.aiff", 1, 80.0),
        ("tone.mp3", 2, 20.0),
        ("tone.ogg", 2, 20.0),
        ("tone.m4a", 2, 15.0),
    ] {
        let audio = read(&data(name)).unwrap_or_else(|e| panic!("{e}"));
        assert_is_tone(name, &audio, num_channels, min_snr_db);
    }
}

#[test]
fn mono_is_duplicated_and_remembered() {
    let audio = read(&data("tone.aiff")).unwrap();
    assert_eq!(audio.num_source_channels, 1);
    assert_eq!(audio.channels[0], audio.channels[1]);
    assert!((audio.duration_s() - 0.2).abs() < 1e-12);
}

/// Sub-chunks of a WAV file; `format_tag` 1 is PCM, 3 float.
fn wav_bytes(format_tag: u16, num_channels: u16, bits: u16, body: &[u8]) -> Vec<u8> {
    let frame_bytes = num_channels * bits / 8;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + body.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0");
    bytes.extend(format_tag.to_le_bytes());
    bytes.extend(num_channels.to_le_bytes());
    bytes.extend(8_000_u32.to_le_bytes());
    bytes.extend((8_000 * u32::from(frame_bytes)).to_le_bytes());
    bytes.extend(frame_bytes.to_le_bytes());
    bytes.extend(bits.to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((body.len() as u32).to_le_bytes());
    bytes.extend(body);
    bytes
}

struct Scratch(TempDir);

impl Scratch {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

#[test]
fn every_wav_width_reads_to_full_scale_one() {
    let folder = Scratch::new();
    // Each body holds −1, −1/2, 0 and +1/2.
    let int = |bits: u32| -> Vec<u8> {
        let half = 1_i64 << (bits - 2);
        [-2 * half, -half, 0, half]
            .into_iter()
            .flat_map(|value| value.to_le_bytes().into_iter().take(bits as usize / 8))
            .collect()
    };
    let values = [-1.0, -0.5, 0.0, 0.5_f32];
    for (name, tag, bits, body) in [
        ("u8", 1, 8, vec![0, 64, 128, 192]),
        ("s16", 1, 16, int(16)),
        ("s24", 1, 24, int(24)),
        ("s32", 1, 32, int(32)),
        (
            "f32",
            3,
            32,
            values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        ),
        (
            "f64",
            3,
            64,
            values
                .iter()
                .flat_map(|v| f64::from(*v).to_le_bytes())
                .collect(),
        ),
    ] {
        let path = folder.file(&format!("{name}.wav"), wav_bytes(tag, 1, bits, &body));
        let audio = read(&path).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(audio.channels[0], values, "{name}");
        assert_eq!(audio.rate_hz, 8_000.0, "{name}");
    }
}

/// A pipe can't go back to fill in the length: FFmpeg then writes the largest one.
#[test]
fn a_wav_of_unknown_length_ends_where_it_ends() {
    let folder = Scratch::new();
    let mut bytes = wav_bytes(1, 1, 16, &[1, 0, 2, 0, 3, 0]);
    bytes[4..8].fill(0xFF);
    bytes[40..44].fill(0xFF);
    let audio = read(&folder.file("pipe.wav", bytes)).unwrap();
    assert_eq!(audio.num_samples(), 3);
}

#[test]
fn an_mp3_without_a_length_is_not_cut_to_an_estimate() {
    let audio = read(&data("loud_then_quiet.mp3")).unwrap();
    // 1 s and what the encoder adds around it: 40 frames of 1152 samples.
    assert_eq!(audio.num_samples(), 40 * 1_152);
}

/// Wraps `content` into an MP4 box.
fn mp4_box(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut bytes = (8 + content.len() as u32).to_be_bytes().to_vec();
    bytes.extend(kind);
    bytes.extend(content);
    bytes
}

fn find(bytes: &[u8], needle: &[u8]) -> usize {
    bytes
        .windows(needle.len())
        .position(|w| w == needle)
        .expect("the bytes are there")
}

#[test]
fn an_itunes_tag_trims_an_m4a_without_an_edit_list() {
    let folder = Scratch::new();
    let mut bytes = fs::read(data("tone.m4a")).unwrap();
    let edits = find(&bytes, b"edts");
    bytes[edits..edits + 4].copy_from_slice(b"free");
    let untrimmed = read(&folder.file("untrimmed.m4a", &bytes)).unwrap();
    assert!(untrimmed.num_samples() > TONE_SAMPLES + 1_000);

    let text = format!(" 00000000 00000400 00000000 {TONE_SAMPLES:016X} 00000000 00000000");
    let full_box = |kind: &[u8; 4], content: &[u8]| mp4_box(kind, &[&[0; 4], content].concat());
    let tag = mp4_box(
        b"----",
        &[
            full_box(b"mean", b"com.apple.iTunes"),
            full_box(b"name", b"iTunSMPB"),
            mp4_box(
                b"data",
                &[&[0, 0, 0, 1, 0, 0, 0, 0], text.as_bytes()].concat(),
            ),
        ]
        .concat(),
    );
    let handler = full_box(b"hdlr", b"\0\0\0\0mdirappl\0\0\0\0\0\0\0\0\0");
    let meta = full_box(b"meta", &[handler, mp4_box(b"ilst", &tag)].concat());
    // The movie box is the file's last one, and its metadata the movie's last.
    let old = find(&bytes, b"udta") - 4;
    bytes.truncate(old);
    bytes.extend(mp4_box(b"udta", &meta));
    let movie = find(&bytes, b"moov") - 4;
    let movie_bytes = (bytes.len() - movie) as u32;
    bytes[movie..movie + 4].copy_from_slice(&movie_bytes.to_be_bytes());

    let audio = read(&folder.file("itunes.m4a", &bytes)).unwrap();
    assert_is_tone("itunes.m4a", &audio, 2, 15.0);
}

fn write(path: &Path, format: SampleFormat, channels: &[&[f32]]) -> u64 {
    let mut writer = WavWriter::create(path, 48_000.0, channels.len(), format).unwrap();
    // In two pieces, as the tools stream.
    let middle = channels[0].len() / 3;
    let pieces = |range: std::ops::Range<usize>| -> Vec<&[f32]> {
        channels.iter().map(|c| &c[range.clone()]).collect()
    };
    writer.write(&pieces(0..middle)).unwrap();
    writer.write(&pieces(middle..channels[0].len())).unwrap();
    writer.finish().unwrap()
}

#[test]
fn float_files_come_back_bit_for_bit() {
    let folder = Scratch::new();
    let path = folder.path("float.wav");
    let left = [1.7, -3.25, 0.1, f32::MIN_POSITIVE, -1.0, 1e-20];
    let right = [0.0, -0.5, 12.0, 0.3, f32::MAX, -0.7];
    assert_eq!(write(&path, SampleFormat::Float32, &[&left, &right]), 0);
    let audio = read(&path).unwrap();
    assert_eq!(audio.channels, [left.to_vec(), right.to_vec()]);
    assert_eq!((audio.rate_hz, audio.num_source_channels), (48_000.0, 2));
}

#[test]
fn int24_files_come_back_to_half_a_step_and_count_what_clips() {
    let folder = Scratch::new();
    let path = folder.path("int.wav");
    let samples = tone(0);
    assert_eq!(write(&path, SampleFormat::Int24, &[&samples]), 0);
    let audio = read(&path).unwrap();
    assert_eq!(audio.num_source_channels, 1);
    for (index, (got, want)) in audio.channels[0].iter().zip(&samples).enumerate() {
        assert!(
            (got - want).abs() <= 0.5 / 8_388_608.0,
            "{index}: {got} {want}"
        );
    }

    let loud = [1.5, -1.5, 0.5, -1.0];
    assert_eq!(write(&path, SampleFormat::Int24, &[&loud]), 2);
    let full = 8_388_607.0 / 8_388_608.0;
    assert_eq!(read(&path).unwrap().channels[0], [full, -1.0, 0.5, -1.0]);
}

#[test]
fn a_file_appears_only_when_it_is_whole() {
    let folder = Scratch::new();
    let path = folder.path("song.wav");
    let old = folder.file("song.wav", "what was there");

    let mut writer = WavWriter::create(&path, 48_000.0, 1, SampleFormat::Float32).unwrap();
    writer.write(&[&[0.5; 1_000]]).unwrap();
    assert_eq!(folder.names(), [".song.wav.part", "song.wav"]);
    assert_eq!(fs::read(&old).unwrap(), b"what was there");
    drop(writer);
    assert_eq!(folder.names(), ["song.wav"], "given up");
    assert_eq!(fs::read(&old).unwrap(), b"what was there");

    write(&path, SampleFormat::Float32, &[&[0.5; 10]]);
    assert_eq!(folder.names(), ["song.wav"], "finished");
    assert_eq!(read(&path).unwrap().num_samples(), 10);
}

#[test]
fn what_cannot_be_written_is_refused() {
    let folder = Scratch::new();
    let create = |path: &Path, rate_hz| {
        let result = WavWriter::create(path, rate_hz, 2, SampleFormat::Float32);
        result.err().expect("an error")
    };
    let error = create(&folder.path("no/such/folder.wav"), 48_000.0);
    assert!(
        matches!(error, AudioFileError::Unwritable { .. }),
        "{error}"
    );
    let error = create(&folder.path("odd.wav"), 45_678.901);
    assert!(matches!(error, AudioFileError::Rate { .. }), "{error}");
    // The file's name is taken by a folder by the time that it is renamed.
    let path = folder.path("taken.wav");
    fs::create_dir_all(path.join("inside")).unwrap();
    let writer = WavWriter::create(&path, 48_000.0, 1, SampleFormat::Float32).unwrap();
    let error = writer.finish().unwrap_err();
    assert!(
        matches!(error, AudioFileError::Unwritable { .. }),
        "{error}"
    );
    assert_eq!(folder.names(), ["taken.wav"]);
}

/// `read`'s error, after checking that it is one line that names the file.
fn error_of(path: &Path) -> AudioFileError {
    let error = match read(path) {
        Ok(audio) => panic!("{}: read {} samples", path.display(), audio.num_samples()),
        Err(error) => error,
    };
    let text = error.to_string();
    assert!(text.starts_with(&path.display().to_string()), "{text}");
    assert!(!text.contains('\n'), "{text}");
    error
}

#[test]
fn what_is_no_song_is_refused_by_its_kind() {
    use AudioFileError::*;
    let folder = Scratch::new();

    assert!(matches!(error_of(&folder.path("no.wav")), Missing { .. }));
    fs::create_dir(folder.path("folder.wav")).unwrap();
    assert!(matches!(
        error_of(&folder.path("folder.wav")),
        Folder { .. }
    ));
    assert!(matches!(error_of(&folder.file("0.wav", "")), Empty { .. }));
    let no_samples = folder.file("none.wav", wav_bytes(1, 2, 16, &[]));
    assert!(matches!(error_of(&no_samples), NoSamples { .. }));
    let error = error_of(&data("tone.opus"));
    assert!(matches!(error, Opus { .. }), "{error}");

    let mut noise = 1_u32;
    let random: Vec<u8> = std::iter::repeat_with(|| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8
    })
    .take(50_000)
    .collect();
    for (name, bytes) in [
        ("text.wav", "This is no audio.\n".repeat(100).into_bytes()),
        ("text.mp3", "This is no audio.\n".repeat(100).into_bytes()),
        ("short.wav", b"R".to_vec()),
        (
            "picture.flac",
            [b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 4_000]].concat(),
        ),
        ("random.ogg", random),
    ] {
        let error = error_of(&folder.file(name, bytes));
        assert!(matches!(error, NotAudio { .. }), "{error}");
    }

    for found in [0, 3, 6, 300] {
        let bytes = wav_bytes(1, found, 16, &[0; 3_600]);
        let error = error_of(&folder.file("channels.wav", bytes));
        let NumChannels {
            found: reported, ..
        } = error
        else {
            panic!("{found} channels: {error}");
        };
        assert_eq!(reported, usize::from(found));
    }
}

#[test]
fn samples_that_are_not_finite_are_located_and_counted() {
    let folder = Scratch::new();
    let mut samples = [0.25_f32; 40];
    // Stereo, interleaved: right channel at sample 10, left at 12.
    samples[21] = f32::NAN;
    samples[24] = f32::NEG_INFINITY;
    samples[39] = f32::INFINITY;
    let body: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    let error = error_of(&folder.file("nan.wav", wav_bytes(3, 2, 32, &body)));
    let AudioFileError::NonFinite {
        channel,
        position_samples,
        count,
        ..
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!((channel, position_samples, count), (1, 10, 3));
}

#[test]
fn a_file_that_is_cut_off_is_refused_wherever_it_is_cut() {
    let folder = Scratch::new();
    let wav = wav_bytes(1, 2, 16, &[7; 40_000]);
    for (name, whole) in [
        ("cut.wav", wav),
        ("cut.flac", fs::read(data("tone.flac")).unwrap()),
        ("cut.mp3", fs::read(data("tone.mp3")).unwrap()),
        ("cut.ogg", fs::read(data("tone.ogg")).unwrap()),
        ("cut.m4a", fs::read(data("tone.m4a")).unwrap()),
        ("cut.aiff", fs::read(data("tone.aiff")).unwrap()),
    ] {
        for percent in [2, 10, 30, 50, 70, 90, 99] {
            let length = whole.len() * percent / 100;
            let error = error_of(&folder.file(name, &whole[..length]));
            // A header that is cut is damage of other kinds; audio that is cut must be told.
            let is_told = matches!(
                error,
                AudioFileError::Truncated { .. } | AudioFileError::Damaged { .. }
            );
            assert!(is_told || percent < 30, "{percent} %: {error}");
        }
    }
}

#[test]
fn a_flac_whose_audio_is_not_what_was_encoded_is_refused() {
    let folder = Scratch::new();
    let mut bytes = fs::read(data("tone.flac")).unwrap();
    // "fLaC", the head of the first block, and 18 bytes of it come before the MD5 of the audio.
    bytes[4 + 4 + 18] ^= 1;
    let error = error_of(&folder.file("changed.flac", bytes));
    assert!(
        error.to_string().contains("its checksum differs"),
        "{error}"
    );
}

/// The decoders are fed with files from anywhere: whatever they hold, it must end in samples or
/// in an error, and samples must be finite.
#[test]
fn damaged_files_neither_panic_nor_give_what_is_not_finite() {
    let folder = Scratch::new();
    let mut seed = 7_u32;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as usize % below
    };
    for name in [
        "tone.flac",
        "tone.mp3",
        "tone.ogg",
        "tone.m4a",
        "tone_alac.m4a",
        "tone.aiff",
    ] {
        let whole = fs::read(data(name)).unwrap();
        for case in 0..60 {
            let mut bytes = whole.clone();
            // Half of the cases hit the header, which steers most of the code.
            let reach = if case % 2 == 0 { 300 } else { bytes.len() };
            for _ in 0..1 + case % 5 {
                let at = random(reach);
                bytes[at] = random(256) as u8;
            }
            let path = folder.file(name, &bytes);
            let result = std::panic::catch_unwind(|| read(&path));
            match result {
                Ok(Ok(audio)) => assert!(audio.channels.iter().flatten().all(|s| s.is_finite())),
                Ok(Err(_)) => (),
                Err(_) => panic!("{name}, case {case}: the reader panicked"),
            }
        }
    }
}

/// 1000 frames of random bytes, which as floats of these exponents are finite.
fn random_values(num_channels: u16, bits: u16) -> Vec<u8> {
    let mut noise = 5_u32;
    let mut byte = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8
    };
    let mut body: Vec<u8> = (0..1_000 * num_channels * bits / 8)
        .map(|_| byte())
        .collect();
    if bits == 32 {
        body.iter_mut()
            .skip(3)
            .step_by(4)
            .for_each(|top| *top = 0x3e);
    }
    body
}

#[test]
fn parts_of_a_wav_are_those_of_the_whole_in_every_encoding() {
    let folder = Scratch::new();
    for (format_tag, bits) in [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32)] {
        for num_channels in [1, 2] {
            let case = format!("format {format_tag}, {bits} bits, {num_channels} channels");
            let body = random_values(num_channels, bits);
            let path = folder.file("part.wav", wav_bytes(format_tag, num_channels, bits, &body));
            let whole = read(&path).unwrap();
            let wav = WavFile::open(&path).unwrap().expect("a plain WAV");
            assert_eq!(
                (wav.rate_hz(), wav.num_samples()),
                (8_000.0, 1_000),
                "{case}"
            );
            for (start, length) in [
                (0, 1_000),
                (0, 1),
                (137, 500),
                (990, 100),
                (1_000, 5),
                (2_000, 1),
            ] {
                let got = wav.read(start, length).unwrap();
                let end = (start + length).min(1_000);
                let want = whole
                    .channels
                    .each_ref()
                    .map(|c| c[start.min(end)..end].to_vec());
                assert_eq!(got, want, "{case}: {length} from {start}");
            }
        }
    }
}

#[test]
fn what_is_no_plain_wav_is_left_to_the_reader_or_refused() {
    let folder = Scratch::new();
    assert!(WavFile::open(&data("tone.flac")).unwrap().is_none());
    let doubles = folder.file("doubles.wav", wav_bytes(3, 2, 64, &[0; 1_600]));
    assert!(WavFile::open(&doubles).unwrap().is_none());

    let error_of = |path: &Path| WavFile::open(path).expect_err("an error");
    let missing = error_of(&folder.path("no.wav"));
    assert!(
        matches!(missing, AudioFileError::Missing { .. }),
        "{missing}"
    );
    let none = error_of(&folder.file("none.wav", wav_bytes(1, 2, 16, &[])));
    assert!(matches!(none, AudioFileError::NoSamples { .. }), "{none}");
    let six = error_of(&folder.file("six.wav", wav_bytes(1, 6, 16, &[0; 1_200])));
    assert!(
        matches!(six, AudioFileError::NumChannels { found: 6, .. }),
        "{six}"
    );
    let bytes = wav_bytes(1, 2, 16, &[7; 40_000]);
    let cut = error_of(&folder.file("cut.wav", &bytes[..30_000]));
    assert!(matches!(cut, AudioFileError::Truncated { .. }), "{cut}");

    let path = folder.file("shrinks.wav", &bytes);
    let wav = WavFile::open(&path).unwrap().expect("a plain WAV");
    folder.file("shrinks.wav", &bytes[..20_000]);
    assert!(wav.read(0, 100).is_ok());
    let error = wav.read(9_000, 500).unwrap_err();
    assert!(matches!(error, AudioFileError::Truncated { .. }), "{error}");

    let mut samples = [0.25_f32; 40];
    samples[25] = f32::NAN;
    let body: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    let path = folder.file("nan.wav", wav_bytes(3, 2, 32, &body));
    let wav = WavFile::open(&path).unwrap().expect("a plain WAV");
    assert!(wav.read(0, 12).is_ok());
    match wav.read(5, 10).unwrap_err() {
        AudioFileError::NonFinite {
            channel,
            position_samples,
            count,
            ..
        } => assert_eq!((channel, position_samples, count), (1, 12, 1)),
        error => panic!("{error}"),
    }
}

#[test]
fn tracks_come_in_the_files_order_and_aligned() {
    let path = data("sines.stem.mp4");
    assert_eq!(track_rates_hz(&path).unwrap(), [Some(TONE_RATE_HZ); 5]);
    assert_eq!(
        track_rates_hz(&data("tone.flac")).unwrap(),
        [Some(TONE_RATE_HZ)]
    );
    let tracks = read_tracks(&path, 1..5).unwrap();
    assert_eq!(tracks.len(), 4);
    for (track, frequency_hz) in tracks.iter().zip([400.0, 800.0, 1_600.0, 3_200.0]) {
        assert_eq!(track.num_samples(), 13_230);
        let sine: Vec<f32> = (0..13_230)
            .map(|n| (0.2 * (TAU * frequency_hz * f64::from(n) / TONE_RATE_HZ).sin()) as f32)
            .collect();
        // A pure tone at 64 kbit/s; late by one sample, 3.2 kHz would be down to 7 dB.
        let snr = snr_db(&sine, &track.channels[0], 0);
        assert!(snr > 15.0, "{frequency_hz} Hz: {snr} dB");
    }
    assert!(read_tracks(&path, 5..9).unwrap().is_empty());
}
