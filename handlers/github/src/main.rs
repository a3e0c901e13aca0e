//! The github function.

use std::{process::ExitCode, sync::Arc};

use miyabi_github::GitHub;

fn main() -> ExitCode {
    match GitHub::from_environment() {
        Ok(github) => {
            let github = Arc::new(github);
            miyabi_core::serve_invocations("github", move |app, event| {
                let github = Arc::clone(&github);
                async move { github.answer(&app, event).await }
            })
        }
        Err(sentence) => miyabi_core::refuse_to_start("github", &sentence),
    }
}
