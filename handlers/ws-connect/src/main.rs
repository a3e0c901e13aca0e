//! The ws-connect function.

use std::process::ExitCode;

fn main() -> ExitCode {
    miyabi_core::serve_fallible_invocations("ws-connect", |app, event| async move {
        miyabi_ws_connect::answer(&app, event).await
    })
}
