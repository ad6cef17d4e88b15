//! Named stages, one after the other: the first failure ends the run, and the times are told.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

#[derive(Default)]
pub struct Stages {
    times: Vec<(String, Duration)>,
}

impl Stages {
    /// Runs a stage; its failure is told with its name.
    pub fn run<R>(&mut self, name: &str, stage: impl FnOnce() -> Result<R>) -> Result<R> {
        println!("\n── {name}");
        let start = Instant::now();
        let result = stage();
        self.times.push((name.to_owned(), start.elapsed()));
        if result.is_err() {
            self.print();
        }
        result.with_context(|| format!("stage {name:?} failed"))
    }

    /// Prints how long each stage took.
    pub fn print(&self) {
        println!();
        for (name, time) in &self.times {
            println!("{name:<40} {:>7.1} s", time.as_secs_f64());
        }
        let total: Duration = self.times.iter().map(|(_, time)| *time).sum();
        println!("{:<40} {:>7.1} s", "total", total.as_secs_f64());
    }
}
