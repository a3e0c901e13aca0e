//! The ws-broadcast function.

use std::process::ExitCode;

fn main() -> ExitCode {
    miyabi_core::serve_fallible_invocations("ws-broadcast", |app, event| async move {
        miyabi_ws_broadcast::answer(&app, event).await
    })
}
