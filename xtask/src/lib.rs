//! What the tasks and their tests share: an in-process CLAP host, the scores of its output, and the
//! screen that its editor opens on.

pub mod clap_host;
pub mod score;
pub mod screen;
