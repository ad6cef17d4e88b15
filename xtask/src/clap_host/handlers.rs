//! The host's side of CLAP: what the plug-in may ask of us while we use it.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use clack_extensions::gui::{GuiSize, HostGui, HostGuiImpl};
use clack_extensions::latency::{HostLatency, HostLatencyImpl};
use clack_extensions::params::{
    HostParams, HostParamsImplMainThread, HostParamsImplShared, ParamClearFlags, ParamRescanFlags,
};
use clack_extensions::state::{HostState, HostStateImpl};
use clack_extensions::thread_check::{HostThreadCheck, HostThreadCheckImpl};
use clack_host::prelude::*;
use clack_host::utils::ClapId;

/// Which of CLAP's threads the current thread plays at the moment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    None,
    Main,
    Audio,
}

thread_local! {
    static ROLE: Cell<Role> = const { Cell::new(Role::None) };
}

/// Makes this thread the main thread: the one that creates an instance.
pub(super) fn become_main_thread() {
    ROLE.set(Role::Main);
}

/// Runs `call` as the audio thread.
///
/// One thread takes both roles in turn, never at once, so that every test is deterministic while
/// the plug-in sees the threads that it would see in a real host.
pub(super) fn on_audio_thread<R>(call: impl FnOnce() -> R) -> R {
    let before = ROLE.replace(Role::Audio);
    let result = call();
    ROLE.set(before);
    result
}

/// What the plug-in asked for, and what it announced.
#[derive(Default)]
pub struct Requests {
    pub(super) restart: AtomicBool,
    pub(super) callback: AtomicBool,
    pub(super) flush: AtomicBool,
    pub(super) latency_changes: AtomicUsize,
    pub(super) value_rescans: AtomicUsize,
}

impl SharedHandler<'_> for Requests {
    fn request_restart(&self) {
        self.restart.store(true, Ordering::SeqCst);
    }

    // The host always processes, so there is nothing to wake.
    fn request_process(&self) {}

    fn request_callback(&self) {
        self.callback.store(true, Ordering::SeqCst);
    }
}

impl HostThreadCheckImpl for Requests {
    fn is_main_thread(&self) -> bool {
        ROLE.get() == Role::Main
    }

    fn is_audio_thread(&self) -> bool {
        ROLE.get() == Role::Audio
    }
}

/// The window fits the editor from the first on, and stays.
impl HostGuiImpl for Requests {
    fn resize_hints_changed(&self) {}

    fn request_resize(&self, _new_size: GuiSize) -> Result<(), HostError> {
        Err(HostError::Message("the window keeps its size"))
    }

    fn request_show(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn request_hide(&self) -> Result<(), HostError> {
        Ok(())
    }

    fn closed(&self, _was_destroyed: bool) {}
}

impl HostParamsImplShared for Requests {
    fn request_flush(&self) {
        self.flush.store(true, Ordering::SeqCst);
    }
}

/// The main thread's half; it only notes what was announced.
pub struct MainThread<'a> {
    pub(super) requests: &'a Requests,
}

impl<'a> MainThreadHandler<'a> for MainThread<'a> {}

impl HostLatencyImpl for MainThread<'_> {
    fn changed(&self) {
        self.requests.latency_changes.fetch_add(1, Ordering::SeqCst);
    }
}

impl HostParamsImplMainThread for MainThread<'_> {
    fn rescan(&self, flags: ParamRescanFlags) {
        if flags.contains(ParamRescanFlags::VALUES) {
            self.requests.value_rescans.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn clear(&self, _param_id: ClapId, _flags: ParamClearFlags) {}
}

impl HostStateImpl for MainThread<'_> {
    fn mark_dirty(&self) {}
}

/// The types above, as clack wants them.
pub struct Handlers;

impl HostHandlers for Handlers {
    type Shared<'a> = Requests;
    type MainThread<'a> = MainThread<'a>;
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _shared: &Requests) {
        builder
            .register::<HostGui>()
            .register::<HostLatency>()
            .register::<HostParams>()
            .register::<HostState>()
            .register::<HostThreadCheck>();
    }
}
