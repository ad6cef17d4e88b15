//! Which part of an MP4's decoded audio is the song: the demuxer hands out encoder delay and
//! padding as if they were music.
//!
//! Two notes about it are in use. iTunes writes a tag, `iTunSMPB`, of hexadecimal numbers: one
//! unused, delay, padding, length in samples, exact. Everyone else (ISO/IEC 14496-12, 8.6.6)
//! writes an edit list: where playback starts, in samples, and how long it lasts, in ticks of
//! the movie's own time scale, often only milliseconds.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// Boxes that are bigger than this hold audio, not notes.
const MAX_BOX_BYTES: u64 = 64 << 20;

/// The song's samples according to the text of an iTunes tag.
pub fn from_itunes_tag(text: &str) -> Option<Range<u64>> {
    let mut numbers = text
        .split_whitespace()
        .map(|number| u64::from_str_radix(number, 16));
    let _unused = numbers.next()?.ok()?;
    let delay = numbers.next()?.ok()?;
    let _padding = numbers.next()?.ok()?;
    let length = numbers.next()?.ok()?;
    (length > 0).then(|| Some(delay..delay.checked_add(length)?))?
}

/// The song's samples according to the edit list of track `track_id`, whose media plays
/// `num_media_samples` at `rate_hz`. `None` without an edit list, or with one that does more
/// than cut both ends (those come from video editors; then everything is kept).
pub fn from_edit_list(
    file: &mut (impl Read + Seek),
    track_id: u32,
    rate_hz: u32,
    num_media_samples: u64,
) -> io::Result<Option<Range<u64>>> {
    let length = file.seek(SeekFrom::End(0))?;
    let Some(movie) = find_top_level(file, length, *b"moov")? else {
        return Ok(None);
    };
    Ok(edit_in_movie(&movie, track_id, rate_hz, num_media_samples))
}

fn edit_in_movie(
    movie: &[u8],
    track_id: u32,
    rate_hz: u32,
    num_media_samples: u64,
) -> Option<Range<u64>> {
    let movie_scale = time_scale(child(movie, *b"mvhd")?)?;
    let track = children(movie)
        .filter(|(kind, _)| kind == b"trak")
        .find(|(_, track)| child(track, *b"tkhd").and_then(id_of_track) == Some(track_id))?
        .1;
    let media_scale = time_scale(child(child(track, *b"mdia")?, *b"mdhd")?)?;
    let edits = child(child(track, *b"edts")?, *b"elst")?;
    let (ticks, start) = single_edit(edits)?;

    let to_samples = |time: u64, scale: u32| {
        (u128::from(time) * u128::from(rate_hz) + u128::from(scale) / 2) / u128::from(scale)
    };
    let start = u64::try_from(to_samples(start, media_scale)).ok()?;
    let end = start.checked_add(u64::try_from(to_samples(ticks, movie_scale)).ok()?)?;
    // The media's own end is exact to the sample; the edit's is exact to a tick.
    let tick_samples = to_samples(1, movie_scale) as u64 + 1;
    let end = if ticks == 0 || end.abs_diff(num_media_samples) <= tick_samples {
        num_media_samples
    } else {
        end
    };
    (start < end).then_some(start..end)
}

/// Length in ticks of the movie and start in ticks of the media, if that is all the list says.
fn single_edit(list: &[u8]) -> Option<(u64, u64)> {
    let wide = *list.first()? == 1;
    if u32_at(list, 4)? != 1 {
        return None;
    }
    let (ticks, start, rate_at) = if wide {
        (u64_at(list, 8)?, u64_at(list, 16)? as i64, 24)
    } else {
        let start = u32_at(list, 12)? as i32;
        (u64::from(u32_at(list, 8)?), i64::from(start), 16)
    };
    // A negative start is a silent pause; a rate other than 1.0 (16.16) is slow motion.
    let normal_speed = u32_at(list, rate_at)? == 1 << 16;
    Some((ticks, u64::try_from(start).ok()?)).filter(|_| normal_speed)
}

/// Time scale of an `mvhd` or `mdhd` box, in ticks per second: one layout serves both.
fn time_scale(header: &[u8]) -> Option<u32> {
    let at = if *header.first()? == 1 { 20 } else { 12 };
    u32_at(header, at).filter(|&scale| scale > 0)
}

fn id_of_track(header: &[u8]) -> Option<u32> {
    u32_at(header, if *header.first()? == 1 { 20 } else { 12 })
}

/// The content of the first top-level box of this kind.
fn find_top_level(
    file: &mut (impl Read + Seek),
    length: u64,
    wanted: [u8; 4],
) -> io::Result<Option<Vec<u8>>> {
    let mut position = 0;
    while position + 8 <= length {
        file.seek(SeekFrom::Start(position))?;
        let mut head = [0; 16];
        file.read_exact(&mut head[..8])?;
        let mut head_bytes = 8;
        let mut size = u64::from(u32_at(&head, 0).expect("8 bytes were read"));
        if size == 1 && position + 16 <= length {
            file.read_exact(&mut head[8..])?;
            head_bytes = 16;
            size = u64_at(&head, 8).expect("16 bytes were read");
        } else if size == 0 {
            size = length - position;
        }
        if size < head_bytes || size > length - position {
            return Ok(None);
        }
        if head[4..8] == wanted {
            if size > MAX_BOX_BYTES {
                return Ok(None);
            }
            let mut content = vec![0; (size - head_bytes) as usize];
            file.read_exact(&mut content)?;
            return Ok(Some(content));
        }
        position += size;
    }
    Ok(None)
}

fn child(parent: &[u8], wanted: [u8; 4]) -> Option<&[u8]> {
    children(parent)
        .find(|(kind, _)| *kind == wanted)
        .map(|(_, content)| content)
}

/// Kind and content of each box in `parent`; ends early where sizes make no sense.
fn children(parent: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = parent;
    std::iter::from_fn(move || {
        let size = u32_at(rest, 0)? as usize;
        let kind = rest.get(4..8)?.try_into().ok()?;
        let content = rest.get(8..size)?;
        rest = &rest[size..];
        Some((kind, content))
    })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + 8)?;
    Some(u64::from_be_bytes(bytes.try_into().ok()?))
}
