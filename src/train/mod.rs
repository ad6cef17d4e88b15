//! Learning: the twin of `nn` on candle, its data, its losses and its loop.
//!
//! The network exists twice: here it learns, in `nn` it plays. A weights file binds the two.

pub mod augment;
pub mod average;
pub mod bands;
pub mod batches;
pub mod checkpoint;
pub mod curves;
pub mod data;
pub mod export;
pub mod hand_written;
pub mod heap;
pub mod log;
pub mod mask_loss;
pub mod middle;
pub mod net;
pub mod norm;
pub mod objective;
pub mod odds;
pub mod optimiser;
pub mod parameters;
pub mod refine;
pub mod run;
pub mod separation;
pub mod settings;
pub mod trainer;
pub mod unfold;
pub mod validate;
pub mod wave;
