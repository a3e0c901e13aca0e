//! What was found: one line of the table.

use serde::Serialize;

/// One measured thing and what it must reach.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Finding {
    /// The measurement it comes from, as given on the command line.
    pub(crate) bench: &'static str,
    /// What was measured.
    pub(crate) what: String,
    /// The figure, with its unit.
    pub(crate) ours: String,
    /// What it is compared with; empty: with nothing but the goal.
    pub(crate) other: String,
    /// The number that the goal is about: a ratio, milliseconds, or megabytes.
    pub(crate) value: f64,
    /// What it must reach, in words; empty: for information.
    pub(crate) goal: String,
    /// Whether it reaches it; `None`: for information, or it could not be measured.
    pub(crate) holds: Option<bool>,
    /// What has to be known to read the figure.
    pub(crate) note: String,
}

impl Finding {
    /// A figure without a goal.
    pub(crate) fn new(
        bench: &'static str,
        what: impl Into<String>,
        ours: impl Into<String>,
        value: f64,
    ) -> Finding {
        Finding {
            bench,
            what: what.into(),
            ours: ours.into(),
            other: String::new(),
            value,
            goal: String::new(),
            holds: None,
            note: String::new(),
        }
    }

    /// Something that could not be measured, and why.
    pub(crate) fn absent(
        bench: &'static str,
        what: impl Into<String>,
        why: impl std::fmt::Display,
    ) -> Finding {
        let mut finding = Finding::new(bench, what, "not measured", f64::NAN);
        finding.note = why.to_string();
        finding
    }

    /// What it is compared with.
    #[must_use]
    pub(crate) fn against(mut self, other: impl Into<String>) -> Finding {
        self.other = other.into();
        self
    }

    /// The value must be at most this.
    #[must_use]
    pub(crate) fn at_most(mut self, limit: f64, unit: &str) -> Finding {
        self.goal = format!("at most {limit}{unit}");
        self.holds = Some(self.value <= limit);
        self
    }

    /// The value must be at least this.
    #[must_use]
    pub(crate) fn at_least(mut self, limit: f64, unit: &str) -> Finding {
        self.goal = format!("at least {limit}{unit}");
        self.holds = Some(self.value >= limit);
        self
    }

    /// What has to be known to read the figure.
    #[must_use]
    pub(crate) fn note(mut self, note: impl Into<String>) -> Finding {
        self.note = note.into();
        self
    }
}
