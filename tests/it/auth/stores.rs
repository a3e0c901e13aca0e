//! The two stores of withdrawn tokens: what is proven of one is proven of the other.

use miyabi_tests::{App, Setup, Valkey};

/// Runs a test with the list of withdrawn tokens in PostgreSQL, then with the list in Valkey.
#[expect(
    clippy::print_stdout,
    reason = "the output of a failed test says which store it was"
)]
pub(crate) async fn on_each_store(test: impl AsyncFn(&App)) {
    println!("withdrawn tokens in PostgreSQL");
    test(&App::start().await).await;
    println!("withdrawn tokens in Valkey");
    let valkey = Valkey::start().await;
    let setup = Setup {
        valkey: Some(valkey.address()),
        ..Setup::default()
    };
    test(&App::with(setup).await).await;
}
