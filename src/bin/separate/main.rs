//! `separate`: songs in, stems out, through the same engine as the plug-in.

mod args;
mod batch;
mod method;
mod plan;
mod report;
mod song;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use crate::args::{Args, Settings};
use crate::batch::OutputFolder;
use crate::report::Report;

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(report) if report.num_failed == 0 => ExitCode::SUCCESS,
        // Each song has told its own error when it happened.
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> anyhow::Result<Report> {
    let settings = Settings::new(&args)?;
    let plan = plan::make(&args, &settings)?;
    let output_folder = OutputFolder::create(&args.output)?;
    let report = batch::run(&plan, &settings, args.quiet || args.json);
    drop(output_folder);
    if args.json {
        let text = serde_json::to_string_pretty(&report).context("can't write the summary")?;
        report::say(text);
    } else if !args.quiet {
        report.print_total();
        if report.wrote_any() {
            settings.print_notes();
        }
    }
    Ok(report)
}
