//! `report`: a song in, a page that explains it and its separation out.

mod args;

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use unbraid::eval::songs::Seconds;
use unbraid::report::{CHAPTERS, Material, Page, passage};
use unbraid::whole_file;

use crate::args::Args;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> anyhow::Result<()> {
    args.check()?;
    let output = args.output()?;
    let bar = progress_bar();
    let page = page(args, &bar)?;
    bar.set_message("writing");
    if let Some(folder) = &args.pictures {
        write_pictures(folder, &page)?;
    }
    whole_file::write(&output, page.html().as_bytes())
        .with_context(|| format!("{}: can't be written", output.display()))?;
    bar.finish_and_clear();
    // A reader that has gone away (`report … | head`) is no error.
    let _ = writeln!(std::io::stdout(), "{}", output.display());
    Ok(())
}

fn page(args: &Args, bar: &ProgressBar) -> anyhow::Result<Page> {
    let step = |message: &'static str| {
        bar.inc(1);
        bar.set_message(message);
    };
    let way = args.way()?;
    step("reading");
    let song = args.song()?;
    let whole = song.load(Seconds::ALL)?;
    let seconds = match args.start {
        Some(start_s) => Seconds {
            start_s,
            end_s: start_s + args.seconds,
        },
        None => passage::choose(&whole, args.seconds),
    };
    let truth = song.part(whole, seconds)?;
    step("separating");
    let material = Material::new(&song, truth, way)?;
    let mut chapters = Vec::new();
    for (name, chapter) in CHAPTERS {
        step(name);
        chapters.extend(chapter(&material)?);
    }
    Ok(Page {
        title: material.song,
        chapters,
    })
}

fn write_pictures(folder: &Path, page: &Page) -> anyhow::Result<()> {
    fs::create_dir_all(folder)
        .with_context(|| format!("{}: can't be created", folder.display()))?;
    for (name, png) in page.pictures() {
        let path = folder.join(name);
        whole_file::write(&path, png)
            .with_context(|| format!("{}: can't be written", path.display()))?;
    }
    Ok(())
}

fn progress_bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}, {elapsed} ");
    let style = style.expect("the template is fixed and right");
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    // Reading, separating and writing are steps too.
    let bar = ProgressBar::with_draw_target(Some(CHAPTERS.len() as u64 + 3), target);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar.with_style(style)
}
