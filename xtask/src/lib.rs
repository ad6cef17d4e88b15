//! What the tasks and their tests share: an in-process CLAP host and the scores of its output.

pub mod clap_host;
pub mod score;
