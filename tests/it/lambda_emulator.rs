//! The functions under AWS's own Runtime Interface Emulator: what survives odd events behind the
//! Runtime API of the stage `local` survives them behind AWS's, too.

use std::time::Duration;

use miyabi_catalog::FUNCTIONS;
use miyabi_tests::{App, LambdaEmulator, http_event, skipped, until};

use crate::odd_events::{Odd, assert_refusal, expected_of_socket, odd_events};

/// The emulator starts the function with the first event, while other tests load the machine.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

#[tokio::test]
async fn no_event_ends_a_function_under_the_emulator_of_aws() {
    if !LambdaEmulator::is_for_this_machine() {
        let why = "AWS publishes it for Linux on x86_64 and arm64";
        return skipped("AWS's Runtime Interface Emulator", why);
    }
    let app = App::start().await;
    for function in FUNCTIONS {
        let name = function.name;
        let emulator = LambdaEmulator::start(&app, name);
        let first = http_event("GET /api/odd", "/api/odd", &[], None);
        let first = first.to_string().into_bytes();
        // The emulator may start a function before it listens for it. Such a function ends, and the
        // next event starts it again.
        let started = until("the function runs", STARTS_WITHIN, async || {
            emulator.invoke(first.clone()).await?;
            let process = emulator.processes();
            (process.len() == 1).then_some(process)
        });
        let process = started.await;
        for Odd {
            what,
            event,
            is_http,
        } in odd_events()
        {
            let what = format!("{name}, {what}");
            let answer = emulator.invoke(event).await.unwrap();
            if is_http && !function.routes.is_empty() {
                assert_refusal(&answer, &what);
            } else if let Some(expected) = expected_of_socket(function, &what) {
                assert_eq!(answer, expected, "{what}");
            } else {
                let kind = answer["errorType"].as_str().unwrap_or_default();
                assert!(
                    !kind.is_empty() && !kind.starts_with("Runtime."),
                    "{what}: {answer:.600}"
                );
            }
        }
        assert_eq!(emulator.processes(), process, "{name} was started again");
    }
}
