//! What a chain is built for, as one number that fits an atomic.

use crate::separators::SeparatorKind;

/// The id of no chain.
pub const NO_CHAIN: u64 = 0;

/// What a chain is built for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChainRequest {
    pub kind: SeparatorKind,
    /// The host's rate, in the precision in which it arrives.
    pub rate_hz: f32,
    /// Of the kind's model: [`super::models::Models::generation`].
    pub generation: u32,
}

/// Where an id holds the kind and the generation, above the rate's 32 bits.
const KIND_SHIFT: u32 = 32;
const GENERATION_SHIFT: u32 = KIND_SHIFT + 3;

impl ChainRequest {
    /// Different for every request, unless the user chooses half a billion models; never
    /// [`NO_CHAIN`].
    pub fn id(self) -> u64 {
        (u64::from(self.generation) << GENERATION_SHIFT)
            | ((self.kind as u64 + 1) << KIND_SHIFT)
            | u64::from(self.rate_hz.to_bits())
    }

    /// The request of this id; `None` for [`NO_CHAIN`].
    pub fn from_id(id: u64) -> Option<Self> {
        let index = ((id >> KIND_SHIFT) as usize & 7).checked_sub(1)?;
        Some(Self {
            kind: *SeparatorKind::ALL.get(index)?,
            rate_hz: f32::from_bits(id as u32),
            generation: (id >> GENERATION_SHIFT) as u32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_has_its_own_id() {
        let mut ids: Vec<u64> = SeparatorKind::ALL
            .into_iter()
            .flat_map(|kind| [44_100.0, 48_000.0, 45_678.9].map(|rate_hz| (kind, rate_hz)))
            .flat_map(|(kind, rate_hz)| {
                [0, 1, (1 << 29) - 1].map(|generation| ChainRequest {
                    kind,
                    rate_hz,
                    generation,
                })
            })
            .map(|request| {
                assert_eq!(ChainRequest::from_id(request.id()), Some(request));
                request.id()
            })
            .collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
        assert!(!ids.contains(&NO_CHAIN));
        assert_eq!(ChainRequest::from_id(NO_CHAIN), None);
    }
}
