//! A person's wish to stop, which is granted between two steps, never inside one; what goes on
//! meanwhile; and the wish to have it taken back.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::{Error, ErrorKind};

/// Set by the command line when Ctrl-C is pressed; read by the deployer. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Interrupt {
    asked: watch::Sender<bool>,
    back: watch::Sender<bool>,
    ongoing: Arc<Mutex<Vec<Ongoing>>>,
}

/// A step that goes on even when this process ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ongoing {
    /// What, for people: `Updating api`.
    pub title: String,
    /// Name of the stack at CloudFormation when its update can be taken back.
    pub can_go_back: Option<String>,
}

/// Says that a step goes on until it is dropped.
#[derive(Debug)]
pub(crate) struct During<'a>(&'a Interrupt, Ongoing);

impl Drop for During<'_> {
    fn drop(&mut self) {
        let mut ongoing = self.0.lock();
        if let Some(at) = ongoing.iter().position(|other| *other == self.1) {
            ongoing.remove(at);
        }
    }
}

impl Default for Interrupt {
    fn default() -> Interrupt {
        Interrupt {
            asked: watch::Sender::new(false),
            back: watch::Sender::new(false),
            ongoing: Arc::default(),
        }
    }
}

impl Interrupt {
    /// Asks for a stop.
    pub fn set(&self) {
        self.asked.send_replace(true);
    }

    /// Whether a stop was asked for.
    pub fn is_set(&self) -> bool {
        *self.asked.borrow()
    }

    /// What goes on now, and would without this process.
    pub fn ongoing(&self) -> Vec<Ongoing> {
        self.lock().clone()
    }

    /// Asks that updates that go on are taken back.
    pub fn take_back(&self) {
        self.back.send_replace(true);
    }

    /// Ends when that is asked for.
    pub(crate) async fn taken_back(&self) {
        // The sender lives in `self`, so this ends only with the wish.
        let _ = self.back.subscribe().wait_for(|back| *back).await;
    }

    /// Notes that a step goes on until what this gives is dropped.
    pub(crate) fn during(&self, ongoing: Ongoing) -> During<'_> {
        self.lock().push(ongoing.clone());
        During(self, ongoing)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Ongoing>> {
        self.ongoing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work`, which changes nothing but what can be thrown away, and drops it as soon as a
    /// stop is asked for.
    pub async fn or<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let mut asked = self.asked.subscribe();
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
pub(crate) fn interrupted(changed: &str) -> Error {
    Error::new(
        ErrorKind::Interrupted,
        format!("Interrupted. {changed}"),
        "Run the same command again: it continues where this one stopped.",
    )
}
