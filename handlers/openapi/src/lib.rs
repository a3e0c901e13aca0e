//! The OpenAPI document of the whole API: what each function says of its routes, put together and
//! completed from the route catalogue.
//!
//! It runs when somebody develops, never in a function; `docs` serves what it printed. From the
//! catalogue come who may call an operation and the errors that follow from that. What always holds: an operation is a route of the catalogue and stands in the
//! function that the catalogue names, names of operations are unique, and two functions do not mean
//! two things by the name of one schema. That no route is missing is held by the tests of the whole
//! application.

mod complete;
mod errors;
mod merge;
mod pages;

use serde_json::Value;
use utoipa::openapi::OpenApi;

/// The document. The same sources give the same bytes.
///
/// # Errors
///
/// When functions contradict each other or the catalogue: a sentence that says where.
pub fn document() -> Result<Value, Error> {
    let mut document = merge::empty();
    for (function, part) in parts() {
        let part = serde_json::to_value(part).map_err(|error| Error(error.to_string()))?;
        merge::add(&mut document, function, part)?;
    }
    pages::name(&mut document);
    complete::complete(&mut document)?;
    Ok(document)
}

/// What each function says of its routes.
fn parts() -> [(&'static str, OpenApi); 6] {
    [
        ("activity", miyabi_activity::openapi()),
        ("auth", miyabi_auth::openapi()),
        ("docs", miyabi_docs::openapi()),
        ("inbox", miyabi_inbox::openapi()),
        ("orgs", miyabi_orgs::openapi()),
        ("tasks", miyabi_tasks::openapi()),
    ]
}

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// What a router answers is what it describes: both are made from one list (`core::routes`).
    #[test]
    fn the_routes_are_those_of_the_catalogue() {
        let described: BTreeMap<&str, Value> = parts()
            .map(|(function, part)| (function, serde_json::to_value(part).unwrap()))
            .into();
        for function in miyabi_catalog::FUNCTIONS {
            let paths = described.get(function.name).map(|part| &part["paths"]);
            let paths = paths.and_then(Value::as_object).into_iter().flatten();
            let described: BTreeSet<String> = paths
                .flat_map(|(path, item)| {
                    let methods = item.as_object().unwrap().keys();
                    methods.map(move |method| format!("{} {path}", method.to_uppercase()))
                })
                .collect();
            // Pages, which no client calls.
            let routes = function.routes.iter();
            let routes = routes.filter(|route| !route.path.starts_with("/swagger-ui"));
            let catalogue: BTreeSet<String> = routes
                .map(|route| format!("{} {}", route.method.as_str(), route.path))
                .collect();
            assert_eq!(described, catalogue, "{}", function.name);
        }
    }
}
