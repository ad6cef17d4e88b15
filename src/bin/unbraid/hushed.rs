//! Libraries in C that print what they also return.

/// Calls something whose lines on standard error nobody should see. It must not panic: nobody would
/// see that either.
pub fn hushed<R>(call: impl FnOnce() -> R) -> R {
    #[cfg(unix)]
    let _silence = Silence::begin();
    call()
}

/// Standard error goes nowhere until this is dropped.
#[cfg(unix)]
struct Silence {
    /// Descriptor of what was standard error; −1 if that failed.
    stderr: libc::c_int,
}

#[cfg(unix)]
impl Silence {
    fn begin() -> Self {
        // SAFETY: plain calls on descriptors that this process owns; a failed one returns −1, which
        // the next ones refuse.
        unsafe {
            let stderr = libc::dup(libc::STDERR_FILENO);
            let nowhere = libc::open(c"/dev/null".as_ptr(), libc::O_WRONLY);
            if stderr >= 0 {
                libc::dup2(nowhere, libc::STDERR_FILENO);
            }
            libc::close(nowhere);
            Self { stderr }
        }
    }
}

#[cfg(unix)]
impl Drop for Silence {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe {
            libc::dup2(self.stderr, libc::STDERR_FILENO);
            libc::close(self.stderr);
        }
    }
}
