//! What a network does with a passage: its masks as the separator applies them, and what they go
//! along with.

pub mod features;
pub mod masks;
