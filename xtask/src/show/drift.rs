//! What was changed by hand, for people. For machines it is the value itself, which holds no values of
//! properties either.

use deployer::drift::Drift;

use crate::ui::plural;

/// One line for each resource, what could not be told, and how many there are.
pub(crate) fn text(drift: &Drift) -> String {
    let mut lines = drift.lines();
    lines.extend(drift.unknown.iter().map(|why| format!("not known: {why}")));
    let noise = drift.noise.iter();
    lines.extend(noise.map(|noise| format!("known to be reported without a change: {noise}")));
    lines.push(match (drift.resources.len(), drift.unknown.len()) {
        (0, 0) => "Nothing was changed by hand.".to_owned(),
        (0, _) => "Nothing was found, but not everything could be examined.".to_owned(),
        (count, _) => format!("{} changed or deleted by hand.", plural(count, "resource")),
    });
    lines.join("\n") + "\n"
}
