//! A person's wish to stop, which is granted between two steps, never inside one.

use tokio::sync::watch;

use crate::{Error, ErrorKind};

/// Set by the command line when Ctrl-C is pressed; read by the deployer. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Interrupt(watch::Sender<bool>);

impl Default for Interrupt {
    fn default() -> Interrupt {
        Interrupt(watch::Sender::new(false))
    }
}

impl Interrupt {
    /// Asks for a stop.
    pub fn set(&self) {
        self.0.send_replace(true);
    }

    /// Whether a stop was asked for.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// Runs `work`, which changes nothing but what can be thrown away, and drops it as soon as a
    /// stop is asked for.
    pub async fn or<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let mut asked = self.0.subscribe();
        tokio::select! {
            biased;
            // The sender lives in `self`, so this ends only with a wish to stop.
            _ = asked.wait_for(|asked| *asked) => Err(interrupted("Nothing was changed.")),
            result = work => result,
        }
    }

    /// An error when a stop was asked for; `changed` says in a sentence what was done so far.
    pub(crate) fn check(&self, changed: &str) -> Result<(), Error> {
        if self.is_set() {
            Err(interrupted(changed))
        } else {
            Ok(())
        }
    }
}

/// The error after a stop; `changed` says in a sentence what was done so far.
fn interrupted(changed: &str) -> Error {
    Error::new(
        ErrorKind::Interrupted,
        format!("Interrupted. {changed}"),
        "Run the same command again: it goes on where this one stopped.",
    )
}
