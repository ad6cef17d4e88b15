//! The plug-in's editor as the window of a program.

use std::error::Error;

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::NativeSize;
use nice_plug::editor::{Editor, HostMethods, ParentWindowHandle, ResizeHint, SpawnedEditor};
use nice_plug::prelude::Plugin;
use unbraid::plugin::Unbraid;

type PluginEditor = <Unbraid as Plugin>::Editor;

/// The same editor, in a program that Ctrl-C ends.
pub struct Window(pub PluginEditor);

impl Editor for Window {
    type Handle = <PluginEditor as Editor>::Handle;

    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        fallback_scale_factor: Option<f64>,
        gui_context: GuiContext,
        host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<Self::Handle>, Box<dyn Error>> {
        let_ctrl_c_end_the_program();
        let spawned = self.0.spawn(
            parent,
            wait_for_parent,
            fallback_scale_factor,
            gui_context,
            host,
        );
        if let Err(error) = &spawned {
            // nice-plug would go on without a window, and nobody could end it.
            eprintln!("error: the window can't be opened: {error}");
            std::process::exit(1);
        }
        spawned
    }

    fn size(&self) -> NativeSize<u32> {
        self.0.size()
    }

    fn resize_hint(&self) -> ResizeHint {
        self.0.resize_hint()
    }
}

/// nice-plug catches the signal before it opens the window, and looks at it only where there is
/// none.
fn let_ctrl_c_end_the_program() {
    #[cfg(unix)]
    // SAFETY: the default action needs no handler that could be unsound.
    unsafe {
        libc::signal(libc::SIGINT, libc::SIG_DFL);
    }
}
