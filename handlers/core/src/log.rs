//! Logs: one line of JSON an event on stdout, with the request's id.
//!
//! No filter by environment: its parser costs start-up time. What is logged is said here.

use std::panic;

use tracing::level_filters::LevelFilter;

/// Sets up logging for this process.
pub(crate) fn start() {
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(LevelFilter::INFO)
        .finish();
    // Fails only when it was set up before.
    let _ = tracing::subscriber::set_global_default(subscriber);
    // A panic is a line of JSON like everything else. Its message is not: it can hold anything.
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "A panic: this is a mistake in the program.");
    }));
}
