//! Pictures of few colours as small PNG files.

use std::collections::HashMap;
use std::io::Write;

use anyhow::Result;
use xtask::screen::Picture;

/// As many as one byte tells apart.
const MOST_COLOURS: usize = 256;

type Colour = [u8; 3];

/// Writes a PNG whose pixels are numbers of at most 256 colours: a third of the size, and for an
/// editor of few colours and their blends hard to tell from the original.
pub fn write_png(picture: &Picture, file: impl Write) -> Result<()> {
    let mut counts = HashMap::new();
    for &colour in &picture.pixels {
        *counts.entry(colour).or_insert(0_u64) += 1;
    }
    let boxes = cut(counts);
    let palette: Vec<u8> = boxes.iter().flat_map(|colours| mean(colours)).collect();
    let mut index_of = HashMap::new();
    for (index, colours) in boxes.iter().enumerate() {
        index_of.extend(colours.iter().map(|(colour, _)| (*colour, index as u8)));
    }
    let indices: Vec<u8> = picture
        .pixels
        .iter()
        .map(|colour| index_of[colour])
        .collect();

    let mut encoder = png::Encoder::new(file, picture.width, picture.height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_palette(palette);
    encoder.set_compression(png::Compression::High);
    // Neighbours in a palette have nothing in common, so no difference is worth filtering.
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&indices)?;
    Ok(writer.finish()?)
}

/// Median cut (Heckbert 1982): halves the box of colours that errs most until there are enough
/// boxes. Each holds colours and how many pixels have them.
fn cut(counts: HashMap<Colour, u64>) -> Vec<Vec<(Colour, u64)>> {
    let mut all: Vec<_> = counts.into_iter().collect();
    // A map has no order, but two runs must give the same picture.
    all.sort_unstable();
    let mut boxes = vec![all];
    while boxes.len() < MOST_COLOURS {
        let errors = boxes.iter().map(|colours| {
            let (_, width) = widest(colours);
            let num_pixels: u64 = colours.iter().map(|(_, count)| count).sum();
            width * width * num_pixels
        });
        let Some((index, error)) = errors.enumerate().max_by_key(|(_, error)| *error) else {
            break;
        };
        if error == 0 {
            break;
        }
        let mut colours = boxes.swap_remove(index);
        let (channel, _) = widest(&colours);
        colours.sort_unstable_by_key(|(colour, _)| colour[channel]);
        // In the middle of the range, not of the pixels: a rare colour is wanted, too.
        let (first, last) = (colours[0].0[channel], colours[colours.len() - 1].0[channel]);
        let middle = first + (last - first) / 2;
        let upper = colours.partition_point(|(colour, _)| colour[channel] <= middle);
        let upper = colours.split_off(upper);
        boxes.extend([colours, upper]);
    }
    boxes
}

/// The channel in which a box is widest, and how wide.
fn widest(colours: &[(Colour, u64)]) -> (usize, u64) {
    let width = |channel: usize| {
        let values = colours.iter().map(|(colour, _)| colour[channel]);
        let range = values.clone().max().zip(values.min());
        range.map_or(0, |(max, min)| u64::from(max - min))
    };
    let widths = [0, 1, 2].map(|channel| (width(channel), channel));
    let (width, channel) = widths.into_iter().max().expect("there are three channels");
    (channel, width)
}

fn mean(colours: &[(Colour, u64)]) -> Colour {
    let num_pixels: u64 = colours.iter().map(|(_, count)| count).sum();
    std::array::from_fn(|channel| {
        let weighted = colours
            .iter()
            .map(|(c, count)| u64::from(c[channel]) * count);
        ((weighted.sum::<u64>() + num_pixels / 2) / num_pixels.max(1)) as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a decoder makes of the file.
    fn decoded(picture: &Picture) -> Vec<Colour> {
        let mut file = Vec::new();
        write_png(picture, &mut file).unwrap();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut bytes).unwrap();
        bytes.chunks_exact(3).map(|c| [c[0], c[1], c[2]]).collect()
    }

    #[test]
    fn few_colours_stay_as_they_are() {
        let pixels: Vec<Colour> = (0..200).map(|i| [i as u8, (i / 2) as u8, 7]).collect();
        let picture = Picture {
            width: 20,
            height: 10,
            pixels,
        };
        assert_eq!(decoded(&picture), picture.pixels);
    }

    #[test]
    fn many_colours_are_near_and_a_rare_one_is_kept() {
        let grain = |i: u32| [(i % 64) as u8, (i / 64 % 64) as u8, 40];
        let mut pixels: Vec<Colour> = (0..4096).map(grain).collect();
        pixels[1000] = [255, 0, 0];
        let picture = Picture {
            width: 64,
            height: 64,
            pixels,
        };
        let decoded = decoded(&picture);
        assert_eq!(decoded[1000], [255, 0, 0]);
        for (found, want) in decoded.iter().zip(&picture.pixels) {
            let error = (0..3).map(|c| found[c].abs_diff(want[c])).max();
            assert!(error <= Some(8), "{found:?} for {want:?}");
        }
    }
}
