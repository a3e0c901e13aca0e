//! The smallest function that can be made of the same parts: what every other one is measured
//! against.

use axum::{Router, routing::get};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    lambda_http::run(Router::new().route("/api/tasks", get(async || "hello"))).await
}
