//! What happens while the deployer works, as values. It never prints; whoever called it decides
//! what to show.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A step began. `step` names it for the events that follow, `title` is for people
    /// (`Building functions`).
    Started {
        /// Identifies the step: `build`, `stack data`, `migrate`.
        step: String,
        /// What is being done.
        title: String,
    },
    /// What the step is busy with at the moment; replaces what was said before.
    Doing {
        /// The step.
        step: String,
        /// A few words: `compiling miyabi-tasks`.
        what: String,
    },
    /// A step ended well.
    Done {
        /// The step.
        step: String,
        /// What came of it: `6 functions, 1 changed`.
        summary: String,
    },
    /// A step failed. The error itself comes back from the call.
    Failed {
        /// The step.
        step: String,
    },
    /// A resource changed its state.
    Resource {
        /// Stack.
        stack: String,
        /// Logical id.
        logical_id: String,
        /// `AWS::RDS::DBInstance`
        resource_type: String,
        /// What happens to it.
        state: ResourceState,
        /// Why it failed, or where it is.
        detail: Option<String>,
    },
    /// Something that the person should know and that stops nothing.
    Warning {
        /// A full sentence.
        text: String,
    },
}

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResourceState {
    /// Being created.
    Creating,
    /// Created.
    Created,
    /// Being updated or replaced.
    Updating,
    /// Updated or replaced.
    Updated,
    /// Being deleted.
    Deleting,
    /// Deleted.
    Deleted,
    /// The operation failed.
    Failed,
}

impl ResourceState {
    /// For people and for `--json`.
    pub const fn as_str(self) -> &'static str {
        match self {
            ResourceState::Creating => "creating",
            ResourceState::Created => "created",
            ResourceState::Updating => "updating",
            ResourceState::Updated => "updated",
            ResourceState::Deleting => "deleting",
            ResourceState::Deleted => "deleted",
            ResourceState::Failed => "failed",
        }
    }
}

/// Where events go. Cheap to clone.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(Event) + Send + Sync>);

impl Progress {
    /// Calls `sink` with each event, from whatever task it arises in.
    pub fn new(sink: impl Fn(Event) + Send + Sync + 'static) -> Progress {
        Progress(Arc::new(sink))
    }

    /// Drops every event.
    pub fn silent() -> Progress {
        Progress::new(|_| ())
    }

    /// Reports an event.
    pub fn report(&self, event: Event) {
        (self.0)(event);
    }

    /// Begins a step. Dropping it without [`Step::done`] reports that it failed, so that an early
    /// `?` never leaves a step open.
    pub fn step(&self, step: impl Into<String>, title: impl Into<String>) -> Step {
        let step = step.into();
        self.report(Event::Started {
            step: step.clone(),
            title: title.into(),
        });
        Step {
            progress: self.clone(),
            step,
            open: true,
        }
    }

    /// Reports a warning; `text` is a full sentence.
    pub fn warn(&self, text: impl Into<String>) {
        self.report(Event::Warning { text: text.into() });
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Progress")
    }
}

/// A step that has begun and not ended.
#[derive(Debug)]
pub struct Step {
    progress: Progress,
    step: String,
    open: bool,
}

impl Step {
    /// Says what the step is busy with.
    pub fn doing(&self, what: impl Into<String>) {
        self.progress.report(Event::Doing {
            step: self.step.clone(),
            what: what.into(),
        });
    }

    /// Ends it well.
    pub fn done(mut self, summary: impl Into<String>) {
        self.open = false;
        self.progress.report(Event::Done {
            step: self.step.clone(),
            summary: summary.into(),
        });
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if self.open {
            self.progress.report(Event::Failed {
                step: self.step.clone(),
            });
        }
    }
}
