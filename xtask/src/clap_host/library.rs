//! The plug-in's file: which plug-ins it has, and how to make an instance of one.

use std::ffi::CStr;
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use clack_host::prelude::*;

use super::ClapHost;

/// A plug-in file that is loaded.
pub struct ClapLibrary {
    entry: PluginEntry,
}

/// One plug-in of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    pub id: String,
    pub name: String,
    pub features: Vec<String>,
}

impl ClapLibrary {
    /// Loads a `.clap` file, or on macOS its bundle.
    pub fn load(path: &Path) -> Result<Self> {
        if !path.exists() {
            bail!("{} does not exist: expected a CLAP plug-in", path.display());
        }
        // SAFETY: the file is a plug-in that this workspace built; loading it runs its initialisers.
        let entry = unsafe { PluginEntry::load(path) }
            .map_err(|error| anyhow!("{} can't be loaded: {error}", path.display()))?;
        Ok(Self { entry })
    }

    /// Every plug-in of the file, in its order.
    pub fn classes(&self) -> Result<Vec<Class>> {
        let text = |text: Option<&CStr>| {
            text.map(|text| text.to_string_lossy().into_owned())
                .unwrap_or_default()
        };
        let factory = self
            .entry
            .get_plugin_factory()
            .context("the file has no plug-in factory")?;
        Ok(factory
            .plugin_descriptors()
            .map(|class| Class {
                id: text(class.id()),
                name: text(class.name()),
                features: class
                    .features()
                    .map(|feature| text(Some(feature)))
                    .collect(),
            })
            .collect())
    }

    /// Makes an instance of the plug-in that is called `name`.
    pub fn instantiate(&self, name: &str) -> Result<ClapHost> {
        let classes = self.classes()?;
        let class = classes
            .iter()
            .find(|class| class.name == name)
            .with_context(|| {
                let names: Vec<_> = classes.iter().map(|class| class.name.as_str()).collect();
                format!("the file has no plug-in called {name:?}: found {names:?}")
            })?;
        ClapHost::new(&self.entry, &class.id)
    }
}
