//! From the waveform to a frame, from a frame to its bins, and from frames to a spectrogram.

mod frame;
mod pictures;

use crate::report::words::number;
use crate::report::{Chapter, Material, Part, ReportError};
use frame::Walk;

/// Bins that the table lists.
const NUM_LISTED: usize = 8;

pub fn chapter(material: &Material) -> Result<Option<Chapter>, ReportError> {
    let walk = Walk::new(material);
    let (rate_hz, window) = (walk.rate_hz, walk.window_samples);
    let bin_hz = rate_hz / window as f64;
    let ms = |samples: usize| 1e3 * samples as f64 / rate_hz;
    let loudest = walk.peaks()[0];
    let value = walk.spectrum[loudest];
    let text = |text: String| Part::Text(text);
    let parts = vec![
        Part::Heading("Waveform".into()),
        text(format!(
            "A recording is a list of numbers, {rate_hz} a second for each channel: the pressure \
             that the air is to have at each moment. Here both channels are averaged. Seen from \
             afar the numbers are an outline; close by they are a curve, in which all instruments \
             are already added up."
        )),
        pictures::zoom(&walk)?,
        Part::Heading("Frame and window".into()),
        text(format!(
            "To say which tones sound at a moment, a short part of the list is cut out: a frame of \
             {window} samples, {:.1} ms. It is multiplied by a window that fades it in and out (Hann: \
             a raised cosine wave). Without it, the edges of the cut would look like clicks, which \
             have all frequencies. This frame is the one, among the loud ones of the passage, for \
             which that matters most.",
            ms(window)
        )),
        pictures::window(&walk)?,
        pictures::leakage(&walk)?,
        Part::Heading("Discrete Fourier transform".into()),
        text(format!(
            "The transform asks of each of {} frequencies, the bins, how much of it the frame has. \
             Bin k is the frequency of k whole waves in a frame: k · {rate_hz} / {window} Hz, so \
             they are {} Hz apart. The frame is multiplied by a cosine of that frequency and summed, \
             which gives the real part, and by a negative sine, which gives the imaginary part. \
             Where the frame swings along, the products have one sign and add up; where it does not, \
             they cancel.",
            window / 2 + 1,
            number(bin_hz, 2)
        )),
        pictures::bin(&walk, loudest)?,
        text(format!(
            "For bin {loudest}, {:.1} Hz, the loudest here, the sums are {} and {}. Together they are \
             one complex number: its length, the magnitude, says how loud the tone is, its angle, the \
             phase, where in its swing it starts. A longer frame would have finer bins and blur time; \
             a shorter one would know the time better and have coarser bins.",
            loudest as f64 * bin_hz,
            number(f64::from(value.re), 3),
            number(f64::from(value.im), 3),
        )),
        Part::Heading("Bins".into()),
        pictures::spectrum(&walk)?,
        listing(&walk, bin_hz),
        Part::Heading("From frames to a spectrogram".into()),
        text(format!(
            "Then the frame moves on by a hop of {} samples, {:.1} ms, a quarter of its length, and \
             all begins anew. Every frame becomes a column, and every bin a row. The phases are left \
             out of the picture, but not of the sound: a separator that works on spectra scales the \
             complex numbers of each frame, transforms them back and adds up the frames where they \
             overlap.",
            walk.hop_samples,
            ms(walk.hop_samples)
        )),
        pictures::cells(&walk)?,
    ];
    Ok(Some(Chapter {
        title: "From the waveform to the spectrogram".into(),
        parts,
    }))
}

fn listing(walk: &Walk, bin_hz: f64) -> Part {
    let row = |&bin: &usize| {
        let value = walk.spectrum[bin];
        vec![
            bin.to_string(),
            format!("{:.1}", bin as f64 * bin_hz),
            number(f64::from(value.re), 3),
            number(f64::from(value.im), 3),
            number(f64::from(value.norm()), 3),
            number(f64::from(walk.levels_db[bin]), 1),
            number(f64::from(value.arg().to_degrees()), 0),
        ]
    };
    let peaks = walk.peaks();
    let header = [
        "Bin",
        "Hz",
        "Real",
        "Imaginary",
        "Magnitude",
        "Level, dB",
        "Phase, °",
    ];
    Part::Table {
        caption:
            "The loudest bins that are louder than their neighbours. The level is that of a sine \
                  wave: 0 dB at full scale."
                .into(),
        header: header.map(String::from).to_vec(),
        rows: peaks.iter().take(NUM_LISTED).map(row).collect(),
    }
}
