//! The way of a chain to the audio thread, and of the one before it back to be freed.

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use super::Chain;

/// Most chains that one arrival sends back: one that waited in the engine, and the playing one.
const RETIRED_PER_ARRIVAL: usize = 2;

/// Room for the chains sent back between two collections: a chain in the engine's hands and one in
/// the slot may both arrive before the sender comes round again.
const RETIRED_CAPACITY: usize = 2 * RETIRED_PER_ARRIVAL;

/// A pair for one engine: the audio thread receives, any other thread sends.
pub fn chain_swap() -> (ChainReceiver, ChainSender) {
    let (outgoing, incoming) = HeapRb::new(1).split();
    let (retiring, retired) = HeapRb::new(RETIRED_CAPACITY).split();
    let receiver = ChainReceiver { incoming, retiring };
    let sender = ChainSender {
        outgoing,
        retired,
        waiting: None,
    };
    (receiver, sender)
}

/// The audio thread's end.
pub struct ChainReceiver {
    incoming: HeapCons<Box<Chain>>,
    retiring: HeapProd<Box<Chain>>,
}

impl ChainReceiver {
    /// The chain that has arrived, once there is room for all that it sends back.
    pub(super) fn take(&mut self) -> Option<Box<Chain>> {
        if self.retiring.vacant_len() < RETIRED_PER_ARRIVAL {
            return None;
        }
        self.incoming.try_pop()
    }

    /// The chain that has arrived. Not for the audio thread: the caller frees what it replaces.
    pub(super) fn take_blocking(&mut self) -> Option<Box<Chain>> {
        self.incoming.try_pop()
    }

    /// Sends a chain back to be freed; real-time safe.
    pub(super) fn retire(&mut self, chain: Box<Chain>) {
        if let Err(chain) = self.retiring.try_push(chain) {
            // `take` leaves room. Should that ever break, a leak is better than a free here.
            debug_assert!(false, "no room for a retired chain");
            std::mem::forget(chain);
        }
    }
}

/// The builder's end; frees what comes back.
pub struct ChainSender {
    outgoing: HeapProd<Box<Chain>>,
    retired: HeapCons<Box<Chain>>,
    /// The newest chain, while the one before it has not been taken yet.
    waiting: Option<Box<Chain>>,
}

impl ChainSender {
    /// Sends a chain, or keeps it for [`ChainSender::deliver`] while an older one waits to be
    /// taken. Only the newest is kept.
    pub fn send(&mut self, chain: Box<Chain>) {
        self.waiting = Some(chain);
        self.deliver();
    }

    /// Frees what has come back and sends what waits, if there is room.
    pub fn deliver(&mut self) {
        self.retired.clear();
        if let Some(chain) = self.waiting.take() {
            self.waiting = self.outgoing.try_push(chain).err();
        }
    }
}
