//! The pixels of a picture, drawn large and shrunk, and their PNG file.

/// Pixels are means of so many squared: plotters does not smooth edges.
const OVERSAMPLING: u32 = 2;

/// A length in pixels of the picture, as it is drawn.
pub const fn px(pixels: u32) -> u32 {
    pixels * OVERSAMPLING
}

/// The picture, three bytes a pixel, of what was drawn: means over squares.
pub fn shrink(pixels: &[u8], size: (u32, u32)) -> Vec<u8> {
    let (width, height) = (size.0 as usize, size.1 as usize);
    let factor = OVERSAMPLING as usize;
    let mut small = Vec::with_capacity(3 * width * height);
    for y in 0..height {
        for x in 0..width {
            for colour in 0..3 {
                let at = |i: usize| {
                    let (y, x) = (y * factor + i / factor, x * factor + i % factor);
                    usize::from(pixels[3 * (y * width * factor + x) + colour])
                };
                let sum: usize = (0..factor * factor).map(at).sum();
                small.push((sum / (factor * factor)) as u8);
            }
        }
    }
    small
}

/// The bytes of the picture's PNG file. Each colour has 64 levels: nobody sees the difference, and
/// the grain of spectrograms costs a third less.
pub fn png(pixels: &[u8], size: (u32, u32)) -> Result<Vec<u8>, png::EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, size.0, size.1);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header()?;
    let coarse: Vec<u8> = pixels.iter().map(|byte| byte & 0xfc | byte >> 6).collect();
    writer.write_image_data(&coarse)?;
    writer.finish()?;
    Ok(file)
}
