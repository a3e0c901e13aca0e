//! `GET /api/health`.

use axum::extract::State;
use miyabi_core::{App, Json};
use serde::Serialize;
use utoipa::ToSchema;

/// That the API answers, and which one it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `ok`: there is no other answer.
    #[schema(example = "ok")]
    pub status: &'static str,
    /// Version of the application.
    #[schema(example = "0.1.0")]
    pub version: &'static str,
    /// Name of the stage.
    #[schema(example = "local")]
    pub stage: String,
}

/// Says that the API is up.
///
/// It asks neither the database nor anything else: it says that requests arrive at functions.
#[utoipa::path(
    get,
    path = "/api/health",
    responses((status = 200, description = "It is up.", body = Health)),
)]
pub(crate) async fn health(State(app): State<App>) -> Json<Health> {
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        stage: app.stage().to_owned(),
    })
}
