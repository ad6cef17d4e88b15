//! Seeded chance. Every purpose has a stream of its own, so that one more draw in the drums leaves
//! the melody as it was.

use oorandom::Rand32;

/// What a stream of random numbers is for; its discriminant selects the stream.
#[derive(Clone, Copy)]
pub enum Purpose {
    Form = 1,
    Drums,
    Bass,
    Keys,
    Melody,
    Lyrics,
    Backing,
    Kit,
    BassSound,
    PianoSound,
    PluckSound,
    PadSound,
    Singer,
    Noise,
}

/// A stream of random numbers (PCG32, O'Neill 2014), the same on every platform.
pub struct Dice(Rand32);

impl Dice {
    pub fn new(seed: u64, purpose: Purpose) -> Self {
        let mut stream = Rand32::new_inc(seed, purpose as u64);
        // The first number of neighbouring seeds is alike; the second no longer is.
        stream.rand_u32();
        Self(stream)
    }

    /// Uniform in 0…1, without 1.
    pub fn unit(&mut self) -> f64 {
        f64::from(self.0.rand_float())
    }

    /// Uniform between the two limits.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Bell-shaped in −1…1 with a standard deviation of 1/3: what a player's hand does.
    pub fn bell(&mut self) -> f64 {
        (self.unit() + self.unit() + self.unit()) * 2.0 / 3.0 - 1.0
    }

    /// One of these, all equally likely. `items` must not be empty.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.0.rand_range(0..items.len() as u32) as usize]
    }
}
