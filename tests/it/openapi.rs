//! What other people's tools make of the OpenAPI document: validators, linters, generators of
//! clients, and one that sends what the document allows.

use std::path::PathBuf;

mod clients;
mod fuzz;
mod linters;

/// The checked-in document, which `docs` serves.
fn document() -> PathBuf {
    root().join("frontend/openapi.json")
}

/// The settings of the tools, and the sample that is compiled.
fn settings() -> PathBuf {
    root().join("xtask/tools/openapi")
}

fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .canonicalize()
        .unwrap()
}
