//! Reads whole audio files and tracks.

use std::fs::File;
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

use super::checks::{
    both_channels, check_finite, check_num_channels, cut_off, damaged, open, unreadable,
};
use super::{Audio, AudioFileError, mp4_trim};

/// Reads the file's first audio track at its own rate.
pub fn read(path: &Path) -> Result<Audio, AudioFileError> {
    let file = Opened::probe(path)?;
    let track = file
        .format
        .default_track(TrackType::Audio)
        .cloned()
        .ok_or_else(|| AudioFileError::NotAudio {
            path: path.to_owned(),
        })?;
    let mut songs = file.read(vec![track])?;
    Ok(songs.pop().expect("one track was asked for"))
}

/// Reads those audio tracks of a file, counted from 0 in its order, that lie in `wanted`; fewer
/// if it holds fewer.
pub fn read_tracks(path: &Path, wanted: Range<usize>) -> Result<Vec<Audio>, AudioFileError> {
    let file = Opened::probe(path)?;
    let tracks = file.audio_tracks().skip(wanted.start).take(wanted.len());
    let tracks = tracks.cloned().collect();
    file.read(tracks)
}

/// The rate of each audio track in Hz, where the file's header tells it; refuses what the header
/// shows to be no readable audio.
pub fn track_rates_hz(path: &Path) -> Result<Vec<Option<f64>>, AudioFileError> {
    let file = Opened::probe(path)?;
    let rates_hz = file.audio_tracks().map(|track| {
        make_decoder(path, track)?;
        Ok(audio_params(track).sample_rate.map(f64::from))
    });
    rates_hz.collect()
}

/// A file whose format is known.
struct Opened<'a> {
    path: &'a Path,
    format: Box<dyn FormatReader>,
    /// Shares its position with the handle of `format`.
    second_handle: File,
}

impl<'a> Opened<'a> {
    fn probe(path: &'a Path) -> Result<Self, AudioFileError> {
        let file = open(path)?;
        let mut second_handle = file.try_clone().map_err(|e| unreadable(path, e))?;

        let mut hint = Hint::new();
        if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
            hint.with_extension(extension);
        }
        let stream = MediaSourceStream::new(Box::new(file), Default::default());
        let format = symphonia::default::get_probe()
            .probe(&hint, stream, Default::default(), Default::default())
            .map_err(|error| probe_error(path, &mut second_handle, error))?;
        Ok(Self {
            path,
            format,
            second_handle,
        })
    }

    fn audio_tracks(&self) -> impl Iterator<Item = &Track> {
        let tracks = self.format.tracks().iter();
        tracks.filter(|track| matches!(track.codec_params, Some(CodecParameters::Audio(_))))
    }

    fn read(mut self, tracks: Vec<Track>) -> Result<Vec<Audio>, AudioFileError> {
        let start = |track: Track| {
            Ok(TrackReader {
                decoder: make_decoder(self.path, &track)?,
                track,
                decoded: Decoded::default(),
            })
        };
        let mut readers: Vec<TrackReader> =
            tracks.into_iter().map(start).collect::<Result<_, _>>()?;
        let ended_early = decode(self.path, self.format.as_mut(), &mut readers)?;
        readers
            .into_iter()
            .map(|reader| self.finish(reader, ended_early))
            .collect()
    }

    fn finish(
        &mut self,
        mut reader: TrackReader,
        ended_early: bool,
    ) -> Result<Audio, AudioFileError> {
        let path = self.path;
        check_length(path, &reader, ended_early)?;
        if reader.decoder.finalize().verify_ok == Some(false) {
            return Err(damaged(
                path,
                None,
                "its checksum differs from that of its audio",
            ));
        }

        let TrackReader { track, decoded, .. } = reader;
        let mut channels = decoded.channels;
        if self.format.format_info().format == FORMAT_ID_ISOMP4 {
            // The demuxer is done with the handles' position by now.
            let format = self.format.as_mut();
            let song = song_range(format, &mut self.second_handle, &track, decoded.rate_hz)
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
        check_finite(path, &channels, 0)?;
        Ok(Audio {
            rate_hz: f64::from(decoded.rate_hz),
            num_source_channels: channels.len(),
            channels: both_channels(channels),
        })
    }
}

fn audio_params(track: &Track) -> &AudioCodecParameters {
    match &track.codec_params {
        Some(CodecParameters::Audio(params)) => params,
        _ => unreachable!("an audio track has audio parameters"),
    }
}

fn make_decoder(path: &Path, track: &Track) -> Result<Box<dyn AudioDecoder>, AudioFileError> {
    let params = audio_params(track);
    if params.codec == CODEC_ID_OPUS {
        return Err(AudioFileError::Opus {
            path: path.to_owned(),
        });
    }
    if let Some(channels) = &params.channels {
        check_num_channels(path, channels.count())?;
    }
    let options = AudioDecoderOptions::default()
        .gapless(declared_samples(track).is_some())
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

/// A track on its way from packets to samples.
struct TrackReader {
    track: Track,
    decoder: Box<dyn AudioDecoder>,
    decoded: Decoded,
}

/// All that a track decodes to, `[channel][sample]`.
#[derive(Default)]
struct Decoded {
    rate_hz: u32,
    channels: Vec<Vec<f32>>,
}

/// Decodes all packets of the readers' tracks; whether the file ended where its format says that
/// more must follow.
fn decode(
    path: &Path,
    format: &mut dyn FormatReader,
    readers: &mut [TrackReader],
) -> Result<bool, AudioFileError> {
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => return Ok(false),
            Err(SymphoniaError::IoError(e)) if e.kind() == ErrorKind::UnexpectedEof => {
                // A WAV of unknown length, written to a pipe, has no other end.
                return Ok(format.format_info().format != FORMAT_ID_WAVE);
            }
            Err(SymphoniaError::IoError(e)) => return Err(unreadable(path, e)),
            Err(SymphoniaError::ResetRequired) => {
                return Err(AudioFileError::Unsupported {
                    path: path.to_owned(),
                    what: "a chain of several streams in one file".into(),
                });
            }
            Err(e) => {
                let position_s = readers.first().and_then(|r| r.decoded.position_s());
                return Err(damaged(path, position_s, &reason(&e)));
            }
        };
        let reader = readers.iter_mut().find(|r| r.track.id == packet.track_id);
        let Some(TrackReader {
            decoder, decoded, ..
        }) = reader
        else {
            continue;
        };
        match decoder.decode(&packet) {
            Ok(buffer) => decoded.append(path, &buffer)?,
            Err(e) => return Err(damaged(path, decoded.position_s(), &reason(&e))),
        }
    }
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
    reader: &TrackReader,
    ended_early: bool,
) -> Result<(), AudioFileError> {
    let found = reader.decoded.channels.first().map_or(0, Vec::len) as u64;
    match declared_samples(&reader.track) {
        Some(expected) if found < expected => Err(cut_off(
            path,
            &format!("{expected} samples"),
            &found.to_string(),
        )),
        None if ended_early => Err(cut_off(
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

/// Samples per channel that the file says it holds.
///
/// An MP3 without a delay field has only an estimate, made from the bit rate of its first frames:
/// trimming to that would cut music off.
fn declared_samples(track: &Track) -> Option<u64> {
    let codec = audio_params(track).codec;
    let is_mpeg_audio = [CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3].contains(&codec);
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
