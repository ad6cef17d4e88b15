//! Learning: the twin of `nn` on candle, its data, its losses and its loop.
//!
//! The network exists twice: here it learns, in `nn` it plays. A weights file binds the two.

pub mod bands;
pub mod checkpoint;
pub mod export;
pub mod mask_loss;
pub mod middle;
pub mod net;
pub mod norm;
pub mod objective;
pub mod optimiser;
pub mod parameters;
pub mod trainer;
