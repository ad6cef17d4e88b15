//! A screen without a graphics card: Xvfb, which draws in memory.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

/// A screen of its own, gone when dropped.
pub struct VirtualScreen {
    server: Child,
    /// As `$DISPLAY` has it.
    pub display: String,
}

impl VirtualScreen {
    /// Starts one of so many pixels, under a number that nobody uses.
    pub fn start(width: u32, height: u32) -> Result<Self> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0"])
            .arg(format!("{width}x{height}x24"))
            .args(["+extension", "GLX"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb can't be started")?;
        let mut number = String::new();
        let output = server.stdout.take().expect("it is piped");
        let is_read = BufReader::new(output).read_line(&mut number);
        let screen = Self {
            server,
            display: format!(":{}", number.trim()),
        };
        is_read?;
        ensure!(
            screen.display.len() > 1,
            "Xvfb ended before it had a screen"
        );
        Ok(screen)
    }
}

impl Drop for VirtualScreen {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
