//! `GET /api/health`.

use axum::extract::State;
use miyabi_core::{App, Json};
use serde::Serialize;
use utoipa::ToSchema;

/// State of the API.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    pub status: &'static str,
    /// Version of the application.
    #[schema(example = "0.1.0")]
    pub version: &'static str,
    /// Name of the stage.
    #[schema(example = "local")]
    pub stage: String,
}

/// Checks that the API responds.
///
/// Does not check the database: a response shows that requests reach the functions.
#[utoipa::path(
    get,
    path = "/api/health",
    operation_id = "getHealth",
    responses((status = 200, description = "The API responds.", body = Health)),
)]
pub(crate) async fn health(State(app): State<App>) -> Json<Health> {
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
        stage: app.stage().to_owned(),
    })
}
