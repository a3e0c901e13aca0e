//! A person's wish to stop, which is granted between two steps, never inside one.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{Error, ErrorKind};

/// Set by the command line when Ctrl-C is pressed; read by the deployer. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Asks for a stop.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether a stop was asked for.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An error when a stop was asked for; `changed` says in a sentence what was done so far.
    pub(crate) fn check(&self, changed: &str) -> Result<(), Error> {
        if !self.is_set() {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Interrupted,
            format!("Interrupted. {changed}"),
            "Run the same command again: it goes on where this one stopped.",
        ))
    }
}
