//! The audit trail of an organization: `GET /api/activity`, all of it as NDJSON, and what of it every
//! member may read: the history of tasks.
//!
//! Only reading: the trail is written by the functions that do something, in the transaction that
//! does it (`miyabi_core::Audit`). The database role of this function may read the trail and add
//! to it (a refusal is an entry), and can neither change nor remove a row.

mod entry;
mod export;
mod history;
mod list;

pub use entry::{Actor, Entry, Outcome, UsedApiToken};

miyabi_core::routes![
    list::list,
    export::export,
    history::of_tasks,
    history::of_task
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_routes_are_those_of_the_catalogue() {
        let document = serde_json::to_value(super::openapi()).unwrap();
        let mut described = Vec::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for method in operations.as_object().unwrap().keys() {
                described.push(format!("{} {path}", method.to_uppercase()));
            }
        }
        let function = miyabi_catalog::function("activity").unwrap();
        let mut catalogue: Vec<String> = function
            .routes
            .iter()
            .map(|route| format!("{} {}", route.method.as_str(), route.path))
            .collect();
        described.sort();
        catalogue.sort();
        assert_eq!(described, catalogue);
    }
}
