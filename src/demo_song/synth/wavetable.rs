//! A periodic waveform, read at any frequency without aliasing: one table for each of a few numbers of
//! harmonics (Andersen 2005's mip-mapped wavetables), with a cross-fade from one to the next, so
//! that a gliding pitch loses its top harmonics gradually.

/// Harmonics in each table, from silence upwards.
const NUM_HARMONICS: [usize; 17] = [
    0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256,
];

/// Samples in a table: sixteen for a period of the highest harmonic.
const LENGTH: usize = 4096;

/// One waveform at every bandwidth.
pub struct Wavetable {
    tables: Vec<Vec<f32>>,
}

/// Which tables to read at a frequency.
#[derive(Clone, Copy, Default)]
pub struct Bandwidth {
    upper: usize,
    mix: f32,
}

impl Wavetable {
    /// The sum of `harmonic(k)` = (cosine, sine) parts for k = 1, 2 … up to `max_harmonics`.
    pub fn new(max_harmonics: usize, harmonic: impl Fn(usize) -> (f64, f64)) -> Self {
        let sines: Vec<f64> = (0..LENGTH)
            .map(|index| (std::f64::consts::TAU * index as f64 / LENGTH as f64).sin())
            .collect();
        let mut wave = vec![0.0; LENGTH];
        let mut tables = Vec::new();
        let mut below = 0;
        for up_to in NUM_HARMONICS {
            for k in below + 1..=up_to.min(max_harmonics) {
                let (cosine, sine) = harmonic(k);
                for (index, value) in wave.iter_mut().enumerate() {
                    let angle = index * k % LENGTH;
                    *value += sine * sines[angle] + cosine * sines[(angle + LENGTH / 4) % LENGTH];
                }
            }
            below = up_to;
            let mut table: Vec<f32> = wave.iter().map(|value| *value as f32).collect();
            // One more, so that reading between the last and the first needs no wrap.
            table.push(table[0]);
            tables.push(table);
        }
        Self { tables }
    }

    /// The richest waveform at this frequency with no harmonic above `limit_hz`.
    pub fn bandwidth(frequency_hz: f64, limit_hz: f64) -> Bandwidth {
        let room = limit_hz / frequency_hz;
        let above = NUM_HARMONICS.partition_point(|harmonics| *harmonics as f64 <= room);
        match NUM_HARMONICS.get(above) {
            None => Bandwidth {
                upper: NUM_HARMONICS.len() - 1,
                mix: 1.0,
            },
            Some(next) => {
                let upper = above - 1;
                let fits = NUM_HARMONICS[upper];
                let mix = (room - fits as f64) / (next - fits) as f64;
                Bandwidth {
                    upper,
                    mix: mix as f32,
                }
            }
        }
    }

    /// The waveform at a phase in cycles, which must not be negative.
    pub fn read(&self, phase: f64, bandwidth: Bandwidth) -> f64 {
        let position = phase * LENGTH as f64;
        let whole = position as i64;
        let within = (position - whole as f64) as f32;
        let index = whole as usize % LENGTH;
        let at = |table: &[f32]| table[index] + within * (table[index + 1] - table[index]);
        let upper = at(&self.tables[bandwidth.upper]);
        let lower = at(&self.tables[bandwidth.upper.saturating_sub(1)]);
        f64::from(lower + bandwidth.mix * (upper - lower))
    }
}
