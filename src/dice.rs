//! Seeded chance: streams of random numbers that are the same on every platform.

use oorandom::Rand32;

/// A stream of random numbers (PCG32, O'Neill 2014).
pub struct Dice(Rand32);

impl Dice {
    /// The stream of this number: every purpose has one of its own, so that one more draw in one
    /// leaves the others as they were.
    pub fn new(seed: u64, stream: impl Into<u64>) -> Self {
        let mut numbers = Rand32::new_inc(seed, stream.into());
        // The first number of neighbouring seeds is alike; the second no longer is.
        numbers.rand_u32();
        Self(numbers)
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

    /// Whether something of this probability happens.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Uniform in `0..count`, which must not be empty.
    pub fn below(&mut self, count: usize) -> usize {
        self.0.rand_range(0..count as u32) as usize
    }

    /// One of these, all equally likely. `items` must not be empty.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}
