//! Learning: the twin of `nn` on candle, its data, its losses and its loop.

pub mod curves;
pub mod log;
pub mod validate;
pub mod wave;
