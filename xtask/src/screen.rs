//! X's screen: windows for an editor to open in, and what they show.

use std::collections::HashSet;

use anyhow::{Context, Result, bail};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    ConnectionExt, CreateWindowAux, EventMask, ImageFormat, MapState, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

/// A connection to a screen.
pub struct Screen {
    connection: RustConnection,
    root: Window,
}

/// What a window shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    /// Row by row from the top, `[red, green, blue]`.
    pub pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// How many different colours there are.
    pub fn num_colours(&self) -> usize {
        self.pixels.iter().collect::<HashSet<_>>().len()
    }
}

impl Screen {
    /// Connects to the screen of this name, such as `:1`; without one, to that of `$DISPLAY`.
    pub fn connect(display: Option<&str>) -> Result<Self> {
        let (connection, number) = x11rb::connect(display).context("there is no X screen")?;
        let root = connection.setup().roots[number].root;
        Ok(Self { connection, root })
    }

    /// Shows an empty window for an editor to be put into.
    pub fn open_window(&self, width: u32, height: u32) -> Result<Window> {
        let window = self.connection.generate_id()?;
        self.connection
            .create_window(
                x11rb::COPY_DEPTH_FROM_PARENT,
                window,
                self.root,
                0,
                0,
                u16::try_from(width)?,
                u16::try_from(height)?,
                0,
                WindowClass::INPUT_OUTPUT,
                x11rb::COPY_FROM_PARENT,
                &CreateWindowAux::new().event_mask(EventMask::NO_EVENT),
            )?
            .check()?;
        self.connection.map_window(window)?.check()?;
        Ok(window)
    }

    pub fn close_window(&self, window: Window) -> Result<()> {
        Ok(self.connection.destroy_window(window)?.check()?)
    }

    /// Puts the pointer at a pixel of the screen.
    pub fn move_pointer(&self, x: u32, y: u32) -> Result<()> {
        let (x, y) = (i16::try_from(x)?, i16::try_from(y)?);
        let pointer = (self.connection).warp_pointer(x11rb::NONE, self.root, 0, 0, 0, 0, x, y)?;
        Ok(pointer.check()?)
    }

    /// The largest window that is shown, if there is any: on a virtual screen, that of the one
    /// program that runs there.
    pub fn largest_window(&self) -> Result<Option<Window>> {
        let windows = self.connection.query_tree(self.root)?.reply()?.children;
        let mut largest = None;
        for window in windows {
            // A window may have gone since it was listed.
            let Ok(attributes) = self.connection.get_window_attributes(window)?.reply() else {
                continue;
            };
            let Ok(geometry) = self.connection.get_geometry(window)?.reply() else {
                continue;
            };
            let area = u32::from(geometry.width) * u32::from(geometry.height);
            if attributes.map_state == MapState::VIEWABLE {
                largest = largest.max(Some((area, window)));
            }
        }
        Ok(largest.map(|(_, window)| window))
    }

    /// What a window shows now. It must lie on the screen, with nothing before it.
    pub fn picture(&self, window: Window) -> Result<Picture> {
        let geometry = self.connection.get_geometry(window)?.reply()?;
        let image = self
            .connection
            .get_image(
                ImageFormat::Z_PIXMAP,
                window,
                0,
                0,
                geometry.width,
                geometry.height,
                u32::MAX,
            )?
            .reply()?;
        if image.depth < 24 {
            bail!("expected a screen of 24 bits, found {}", image.depth);
        }
        let pixels = image.data.chunks_exact(4);
        Ok(Picture {
            width: geometry.width.into(),
            height: geometry.height.into(),
            pixels: pixels.map(|bgrx| [bgrx[2], bgrx[1], bgrx[0]]).collect(),
        })
    }
}
