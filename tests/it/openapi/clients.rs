//! Clients that are generated from the document.

use std::{fs, os::unix::fs::symlink};

use miyabi_tests::{Value, expect_success, from_npm, from_pypi, json, node_modules, run_tool};
use tempfile::TempDir;

use super::{document, settings};

/// A folder with the sample and the types that openapi-typescript makes of a document.
async fn typescript(document: &str) -> TempDir {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    symlink(node_modules(), folder.join("node_modules")).unwrap();
    for file in ["sample.ts", "tsconfig.json"] {
        fs::copy(settings().join(file), folder.join(file)).unwrap();
    }
    let arguments = [document, "--output", "api.d.ts"];
    expect_success(run_tool(&from_npm("openapi-typescript"), &arguments, folder).await);
    scratch
}

#[tokio::test]
async fn a_typescript_program_that_calls_every_operation_compiles() {
    let path = document();
    let scratch = typescript(path.to_str().unwrap()).await;
    let tsc = from_npm("tsc");
    expect_success(run_tool(&tsc, &["--project", "."], scratch.path()).await);
    // The sample is complete: it does not compile with an operation more, nor where a change must
    // name a member that it leaves alone.
    let mut document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let mut another = document["paths"]["/api/health"].clone();
    another["get"]["operationId"] = json!("anotherOne");
    document["paths"]["/api/another"] = another;
    document["components"]["schemas"]["TaskChange"]["required"] = json!(["title"]);
    let changed = scratch.path().join("changed.json");
    fs::write(&changed, document.to_string()).unwrap();
    let scratch = typescript(changed.to_str().unwrap()).await;
    let refused = run_tool(&tsc, &["--project", "."], scratch.path()).await;
    assert!(!refused.succeeded, "{}", refused.text);
    for expected in ["'anotherOne'", "'title'"] {
        assert!(refused.text.contains(expected), "{}", refused.text);
    }
}

/// Imports every module, and makes requests as a Python program would.
const PROGRAM: &str = r#"
import importlib, pkgutil
import client

modules = [name for _, name, _ in pkgutil.walk_packages(client.__path__, "client.")]
for name in modules:
    importlib.import_module(name)

from client.models import NewTask, Task, TaskChange

# Free members survive both ways.
metadata = {"pot": {"size": 12}, "tags": ["a", None]}
assert NewTask.from_dict({"title": "a", "metadata": metadata}).to_dict() == {"title": "a", "metadata": metadata}
# A change names what changes, and null is a value of its own.
assert TaskChange.from_dict({"due_at": None}).to_dict() == {"due_at": None}
assert TaskChange().to_dict() == {}
print(len(modules), "modules")
"#;

#[tokio::test]
async fn every_module_of_a_generated_python_client_is_imported() {
    let scratch = tempfile::tempdir().unwrap();
    let path = document().display().to_string();
    let configuration = settings().join("python-client.yaml").display().to_string();
    let arguments = [
        "generate",
        "--path",
        &path,
        "--config",
        &configuration,
        "--output-path",
        "client",
        "--meta",
        "none",
        "--fail-on-warning",
    ];
    let generator = from_pypi("openapi-python-client");
    expect_success(run_tool(&generator, &arguments, scratch.path()).await);
    let python = from_pypi("python");
    let text = expect_success(run_tool(&python, &["-c", PROGRAM], scratch.path()).await);
    let modules: usize = text.split_whitespace().next().unwrap().parse().unwrap();
    let document: Value = serde_json::from_slice(&fs::read(document()).unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    let operations: usize = paths.map(|path| path.as_object().unwrap().len()).sum();
    assert!(modules > operations, "{text}");
}
