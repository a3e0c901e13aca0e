//! The function `github` with a handler that panics when it is asked to, and else returns the event:
//! for the tests of what a panic is in a function that is invoked directly. Nothing deploys it.

use std::process::ExitCode;

use miyabi_core::App;
use serde_json::Value;

fn main() -> ExitCode {
    miyabi_core::serve_invocations("github", |_: App, event: Value| async {
        assert!(event != "panic", "The third panic of the tests.");
        event
    })
}
