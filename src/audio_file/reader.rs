//! Reads a whole audio file.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3, CODEC_ID_OPUS,
};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::errors::Error as SymphoniaError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::well_known::{FORMAT_ID_ISOMP4, FORMAT_ID_WAVE};
use symphonia::core::formats::{FormatReader, Track, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::RawValue;

use super::{Audio, AudioFileError, mp4_trim};

/// Reads the file's first audio track at its own rate.
pub fn read(path: &Path) -> Result<Audio, AudioFileError> {
    let file = open(path)?;
    let mut second_handle = file.try_clone().map_err(|e| unreadable(path, e))?;

    let mut hint = Hint::new();
    if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
        hint.with_extension(extension);
    }
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(&hint, stream, Default::default(), Default::default())
        .map_err(|error| probe_error(path, &mut second_handle, error))?;

    let track = format
        .default_track(TrackType::Audio)
        .cloned()
        .ok_or_else(|| AudioFileError::NotAudio {
            path: path.to_owned(),
        })?;
    let Some(CodecParameters::Audio(params)) = &track.codec_params else {
        unreachable!("an audio track has audio parameters");
    };

    let mut decoder = make_decoder(path, &track, params)?;
    let decoded = decode(path, format.as_mut(), decoder.as_mut(), &track)?;
    check_length(path, &track, params, &decoded)?;
    if decoder.finalize().verify_ok == Some(false) {
        return Err(damaged(
            path,
            None,
            "its checksum differs from that of its audio",
        ));
    }

    let mut channels = decoded.channels;
    if format.format_info().format == FORMAT_ID_ISOMP4 {
        // The clone of a handle shares its position; the demuxer is done with it by now.
        let song = song_range(format.as_mut(), &mut second_handle, &track, decoded.rate_hz)
            .map_err(|e| unreadable(path, e))?;
        if let Some(song) = song {
            trim(&mut channels, song);
        }
    }
    if channels[0].is_empty() {
        return Err(AudioFileError::NoSamples {
            path: path.to_owned(),
        });
    }
    check_finite(path, &channels)?;

    let num_source_channels = channels.len();
    let right = channels.pop().expect("there are 1 or 2 channels");
    let left = channels.pop().unwrap_or_else(|| right.clone());
    Ok(Audio {
        rate_hz: f64::from(decoded.rate_hz),
        num_source_channels,
        channels: [left, right],
    })
}

fn open(path: &Path) -> Result<File, AudioFileError> {
    let metadata = fs::metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => AudioFileError::Missing {
            path: path.to_owned(),
        },
        _ => unreadable(path, error),
    })?;
    if metadata.is_dir() {
        return Err(AudioFileError::Folder {
            path: path.to_owned(),
        });
    }
    if metadata.is_file() && metadata.len() == 0 {
        return Err(AudioFileError::Empty {
            path: path.to_owned(),
        });
    }
    File::open(path).map_err(|error| unreadable(path, error))
}

fn make_decoder(
    path: &Path,
    track: &Track,
    params: &AudioCodecParameters,
) -> Result<Box<dyn AudioDecoder>, AudioFileError> {
    if params.codec == CODEC_ID_OPUS {
        return Err(AudioFileError::Opus {
            path: path.to_owned(),
        });
    }
    if let Some(channels) = &params.channels {
        check_num_channels(path, channels.count())?;
    }
    let options = AudioDecoderOptions::default()
        .gapless(declared_samples(track, params).is_some())
        .verify(true);
    symphonia::default::get_codecs()
        .make_audio_decoder(params, &options)
        .map_err(|error| match error {
            SymphoniaError::DecodeError(reason) => damaged(path, None, reason),
            _ => AudioFileError::Unsupported {
                path: path.to_owned(),
                what: match params.codec {
                    CODEC_ID_AAC => "this kind of AAC (expected AAC-LC, mono or stereo)".into(),
                    _ => "the codec of this file".into(),
                },
            },
        })
}

/// All that a track decodes to, `[channel][sample]`.
struct Decoded {
    rate_hz: u32,
    channels: Vec<Vec<f32>>,
    /// The file ended where its format says that more must follow.
    ended_early: bool,
}

fn decode(
    path: &Path,
    format: &mut dyn FormatReader,
    decoder: &mut dyn AudioDecoder,
    track: &Track,
) -> Result<Decoded, AudioFileError> {
    let mut decoded = Decoded {
        rate_hz: 0,
        channels: Vec::new(),
        ended_early: false,
    };
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            Err(SymphoniaError::IoError(e)) if e.kind() == ErrorKind::UnexpectedEof => {
                // A WAV of unknown length, written to a pipe, has no other end.
                decoded.ended_early = format.format_info().format != FORMAT_ID_WAVE;
                break;
            }
            Err(SymphoniaError::IoError(e)) => return Err(unreadable(path, e)),
            Err(SymphoniaError::ResetRequired) => {
                return Err(AudioFileError::Unsupported {
                    path: path.to_owned(),
                    what: "a chain of several streams in one file".into(),
                });
            }
            Err(e) => return Err(damaged(path, decoded.position_s(), &reason(&e))),
        };
        if packet.track_id != track.id {
            continue;
        }
        let buffer = match decoder.decode(&packet) {
            Ok(buffer) => buffer,
            Err(e) => return Err(damaged(path, decoded.position_s(), &reason(&e))),
        };
        decoded.append(path, &buffer)?;
    }
    Ok(decoded)
}

impl Decoded {
    fn append(
        &mut self,
        path: &Path,
        buffer: &GenericAudioBufferRef,
    ) -> Result<(), AudioFileError> {
        let num_channels = buffer.num_planes();
        let rate_hz = buffer.spec().rate();
        if self.channels.is_empty() {
            check_num_channels(path, num_channels)?;
            if rate_hz == 0 {
                return Err(damaged(path, None, "its sample rate is 0 Hz"));
            }
            self.rate_hz = rate_hz;
            self.channels = vec![Vec::new(); num_channels];
        }
        if (self.rate_hz, self.channels.len()) != (rate_hz, num_channels) {
            return Err(AudioFileError::Unsupported {
                path: path.to_owned(),
                what: "a change of sample rate or channels in mid-file".into(),
            });
        }
        let start = self.channels[0].len();
        for channel in &mut self.channels {
            channel.resize(start + buffer.frames(), 0.0);
        }
        let mut new: Vec<&mut [f32]> = self.channels.iter_mut().map(|c| &mut c[start..]).collect();
        buffer.copy_to_slice_planar::<f32, _>(&mut new);
        Ok(())
    }

    fn position_s(&self) -> Option<f64> {
        let decoded = self.channels.first()?.len();
        Some(decoded as f64 / f64::from(self.rate_hz))
    }
}

/// Refuses a file that holds less than it declares, or nothing.
fn check_length(
    path: &Path,
    track: &Track,
    params: &AudioCodecParameters,
    decoded: &Decoded,
) -> Result<(), AudioFileError> {
    let found = decoded.channels.first().map_or(0, Vec::len) as u64;
    match declared_samples(track, params) {
        Some(expected) if found < expected => Err(cut_off(
            path,
            &format!("{expected} samples"),
            &found.to_string(),
        )),
        None if decoded.ended_early => Err(cut_off(
            path,
            "the stream's last packet",
            &format!("the end of the file after {found} samples"),
        )),
        _ if found == 0 => Err(AudioFileError::NoSamples {
            path: path.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Which of the decoded samples an MP4 declares to be the song.
fn song_range(
    format: &mut dyn FormatReader,
    file: &mut File,
    track: &Track,
    rate_hz: u32,
) -> io::Result<Option<Range<u64>>> {
    if let Some(range) = itunes_tag(format).and_then(|text| mp4_trim::from_itunes_tag(&text)) {
        return Ok(Some(range));
    }
    match track.num_frames {
        Some(num_samples) => mp4_trim::from_edit_list(file, track.id, rate_hz, num_samples),
        None => Ok(None),
    }
}

fn itunes_tag(format: &mut dyn FormatReader) -> Option<String> {
    let mut metadata = format.metadata();
    let revision = metadata.skip_to_latest()?;
    let tag = revision
        .media
        .tags
        .iter()
        .find(|tag| tag.raw.key.ends_with("iTunSMPB"))?;
    match &tag.raw.value {
        RawValue::String(text) => Some(text.to_string()),
        _ => None,
    }
}

fn trim(channels: &mut [Vec<f32>], song: Range<u64>) {
    for channel in channels {
        let end = song.end.min(channel.len() as u64) as usize;
        let start = song.start.min(end as u64) as usize;
        channel.truncate(end);
        channel.drain(..start);
    }
}

fn check_num_channels(path: &Path, found: usize) -> Result<(), AudioFileError> {
    if (1..=2).contains(&found) {
        return Ok(());
    }
    Err(AudioFileError::NumChannels {
        path: path.to_owned(),
        found,
    })
}

fn check_finite(path: &Path, channels: &[Vec<f32>]) -> Result<(), AudioFileError> {
    let first = channels
        .iter()
        .enumerate()
        .filter_map(|(index, channel)| {
            let position = channel.iter().position(|sample| !sample.is_finite())?;
            Some((position, index))
        })
        .min();
    let Some((position_samples, channel)) = first else {
        return Ok(());
    };
    Err(AudioFileError::NonFinite {
        path: path.to_owned(),
        channel,
        position_samples,
        count: channels
            .iter()
            .flatten()
            .filter(|sample| !sample.is_finite())
            .count(),
    })
}

/// Samples per channel that the file says it holds.
///
/// An MP3 without a delay field has only an estimate, made from the bit rate of its first frames:
/// trimming to that would cut music off.
fn declared_samples(track: &Track, params: &AudioCodecParameters) -> Option<u64> {
    let is_mpeg_audio = [CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3].contains(&params.codec);
    let is_exact = !is_mpeg_audio || track.delay.is_some_and(|delay| delay > 0);
    track.num_frames.filter(|_| is_exact)
}

fn probe_error(path: &Path, file: &mut File, error: SymphoniaError) -> AudioFileError {
    if let Some(found) = wav_num_channels(file)
        && !(1..=2).contains(&found)
    {
        // The demuxer's own words for it are of block sizes and masks.
        return AudioFileError::NumChannels {
            path: path.to_owned(),
            found,
        };
    }
    match error {
        SymphoniaError::IoError(e) if e.kind() == ErrorKind::UnexpectedEof => {
            cut_off(path, "audio", "the end of the file")
        }
        SymphoniaError::IoError(e) => unreadable(path, e),
        // The probe's own refusal, as opposed to that of a demuxer that it chose.
        SymphoniaError::Unsupported(reason) if reason.starts_with("core (probe)") => {
            AudioFileError::NotAudio {
                path: path.to_owned(),
            }
        }
        SymphoniaError::Unsupported(reason) if reason.ends_with("missing moov atom") => {
            cut_off(path, "an index of the audio (moov)", "the end of the file")
        }
        e => damaged(path, None, &reason(&e)),
    }
}

/// The decoder's own words, without its classes of error.
fn reason(error: &SymphoniaError) -> String {
    match error {
        SymphoniaError::DecodeError(reason)
        | SymphoniaError::Unsupported(reason)
        | SymphoniaError::LimitError(reason) => (*reason).to_owned(),
        other => other.to_string(),
    }
}

/// The channel count in a WAV's header, if that is what the file is.
fn wav_num_channels(file: &mut File) -> Option<usize> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.take(1 << 16).read_to_end(&mut head).ok()?;
    if head.get(..4)? != b"RIFF" || head.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut rest = &head[12..];
    loop {
        let size = u32::from_le_bytes(rest.get(4..8)?.try_into().ok()?) as usize;
        if &rest[..4] == b"fmt " {
            let field = rest.get(10..12)?;
            return Some(usize::from(u16::from_le_bytes(field.try_into().ok()?)));
        }
        rest = rest.get(8 + size.next_multiple_of(2)..)?;
    }
}

fn unreadable(path: &Path, source: io::Error) -> AudioFileError {
    AudioFileError::Unreadable {
        path: path.to_owned(),
        source,
    }
}

fn cut_off(path: &Path, expected: &str, found: &str) -> AudioFileError {
    AudioFileError::Truncated {
        path: path.to_owned(),
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}

fn damaged(path: &Path, position_s: Option<f64>, reason: &str) -> AudioFileError {
    AudioFileError::Damaged {
        path: path.to_owned(),
        position_s,
        reason: reason.to_owned(),
    }
}
