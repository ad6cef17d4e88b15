//! The vocabulary: which stems there are, and the buffer that carries them along the way
//! (host block → hop → separator → **stems** → gains → host block).

/// Channels everywhere inside: left, right. A mono host is duplicated at the entry.
pub const NUM_CHANNELS: usize = 2;

/// Stems everywhere, in the order of MUSDB18.
pub const NUM_STEMS: usize = 4;

/// A signal, `[channel][sample]`, both channels of one length.
pub type Stereo = [Vec<f32>; NUM_CHANNELS];

/// The signals of all stems, `[Stem as usize][channel][sample]`, all of one length.
pub type Stems = [Stereo; NUM_STEMS];

/// The sum of the stems, added in index order in `f32`.
pub fn mix_of(stems: &Stems) -> Stereo {
    std::array::from_fn(|channel| {
        let at = |sample: usize| stems.iter().map(|stem| stem[channel][sample]).sum();
        (0..stems[0][channel].len()).map(at).collect()
    })
}

/// One part of a song. Three are estimated by a separator; [`Stem::Other`] is what remains.
///
/// `stem as usize` is the index in every `[T; NUM_STEMS]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stem {
    Drums,
    Bass,
    Other,
    Vocals,
}

impl Stem {
    /// Every stem, in index order.
    pub const ALL: [Stem; NUM_STEMS] = [Stem::Drums, Stem::Bass, Stem::Other, Stem::Vocals];

    /// The stems that a separator fills, in index order.
    pub const ESTIMATED: [Stem; 3] = [Stem::Drums, Stem::Bass, Stem::Vocals];

    /// Lower-case name, as in the file names of MUSDB18 (`drums.wav`).
    pub const fn name(self) -> &'static str {
        match self {
            Stem::Drums => "drums",
            Stem::Bass => "bass",
            Stem::Other => "other",
            Stem::Vocals => "vocals",
        }
    }

    /// Capitalised name, as people read it.
    pub const fn title(self) -> &'static str {
        match self {
            Stem::Drums => "Drums",
            Stem::Bass => "Bass",
            Stem::Other => "Other",
            Stem::Vocals => "Vocals",
        }
    }
}

/// Audio of all stems, shape `[stem][channel][sample]`, of a capacity fixed at construction.
#[derive(Clone, Debug)]
pub struct StemBuffer {
    samples: [[Vec<f32>; NUM_CHANNELS]; NUM_STEMS],
}

impl StemBuffer {
    /// Silence for `capacity_samples` samples per channel.
    pub fn new(capacity_samples: usize) -> Self {
        let silence = || vec![0.0; capacity_samples];
        Self {
            samples: std::array::from_fn(|_| std::array::from_fn(|_| silence())),
        }
    }

    /// One stem's channel, `capacity_samples` long.
    pub fn channel(&self, stem: Stem, channel: usize) -> &[f32] {
        &self.samples[stem as usize][channel]
    }

    /// One stem's channel for writing, `capacity_samples` long.
    pub fn channel_mut(&mut self, stem: Stem, channel: usize) -> &mut [f32] {
        &mut self.samples[stem as usize][channel]
    }

    /// Silences every stem.
    pub fn clear(&mut self) {
        for channel in self.samples.iter_mut().flatten() {
            channel.fill(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stem_is_its_index_in_all() {
        for (index, stem) in Stem::ALL.into_iter().enumerate() {
            assert_eq!(stem as usize, index, "{stem:?}");
        }
        assert!(!Stem::ESTIMATED.contains(&Stem::Other));
    }
}
