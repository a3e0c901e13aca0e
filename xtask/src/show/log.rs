//! Log lines as a person reads them: one line a request, what went wrong in it below.

mod line;

use std::collections::{BTreeMap, BTreeSet};

use deployer::{
    logs::{Entry, Kind, LogSource},
    target::LogLine,
};
use time::{Date, OffsetDateTime, macros::format_description};

use crate::ui::Paint;
use line::Shape;

/// A line and what it means.
pub(crate) type Understood = (LogLine, Entry);

/// Shows lines; remembers the day that it showed last.
pub(crate) struct Pretty {
    paint: Paint,
    shape: Shape,
    day: Option<Date>,
}

impl Pretty {
    /// Columns are wide enough for every source.
    pub(crate) fn new(sources: &[LogSource], paint: Paint) -> Pretty {
        let widths = sources.iter().map(|source| source.name().len());
        Pretty {
            paint,
            shape: Shape {
                paint,
                source: widths.max().unwrap_or(0),
            },
            day: None,
        }
    }

    /// The lines of one look as text without a line end at its end. What a function reports within a
    /// request stands below the line of the request where the look has both, else by itself.
    pub(crate) fn text(&mut self, lines: &[Understood]) -> String {
        let answered: BTreeSet<(LogSource, &str)> = lines
            .iter()
            .filter(|(_, entry)| matches!(entry.kind, Kind::Answered(_)))
            .filter_map(|(line, entry)| Some((line.source, entry.request_id.as_deref()?)))
            .collect();
        let mut below: BTreeMap<(LogSource, &str), Vec<&Understood>> = BTreeMap::new();
        let mut text = String::new();
        for understood in lines {
            let (line, entry) = understood;
            let request = entry.request_id.as_deref().map(|id| (line.source, id));
            let request = request.filter(|request| answered.contains(request));
            match (&entry.kind, request) {
                (Kind::Message(_), Some(request)) => {
                    below.entry(request).or_default().push(understood);
                }
                (Kind::Answered(_), Some(request)) => {
                    let messages = below.remove(&request).unwrap_or_default();
                    self.add(&mut text, understood, &messages);
                }
                _ => self.add(&mut text, understood, &[]),
            }
        }
        // Written after the line of their request.
        for understood in below.into_values().flatten() {
            self.add(&mut text, understood, &[]);
        }
        text.truncate(text.trim_end_matches('\n').len());
        text
    }

    fn add(&mut self, text: &mut String, (line, entry): &Understood, below: &[&Understood]) {
        let at = OffsetDateTime::from(line.at);
        if self.day != Some(at.date()) {
            self.day = Some(at.date());
            text.push_str(&self.paint.with("2", &format!("-- {}, UTC --", at.date())));
            text.push('\n');
        }
        let time = at
            .format(format_description!(
                "[hour]:[minute]:[second].[subsecond digits:3]"
            ))
            .unwrap_or_default();
        self.shape.entry(text, &time, line, entry);
        for (line, entry) in below {
            self.shape.below(text, line, entry);
        }
        if entry.level >= deployer::logs::Level::Error || !below.is_empty() {
            self.shape.request_id(text, entry);
        }
    }
}

#[cfg(test)]
mod tests;
