//! Health, the OpenAPI document and Swagger UI. No database, no secret, nothing of a tenant.
//!
//! The document is not made here. `miyabi-openapi` makes it from what the crates of all functions
//! say of their routes, `cargo xtask openapi` writes it to `frontend/openapi.json`, and this
//! function is built with that file: so it needs none of the others' code, starts without building
//! a document that never changes, and the client of the dashboard, people who review a change and
//! this function read the same bytes. `cargo xtask check` fails when the file is not what the
//! functions say.

mod assets;
mod health;
mod swagger_ui;

pub use health::Health;

use axum::{Router, http::HeaderMap, response::Response, routing::get};
use miyabi_core::{ApiError, App};
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this function.
pub fn router() -> Router<App> {
    described()
        .split_for_parts()
        .0
        .route("/swagger-ui", get(swagger_ui::to_the_page))
        .route("/swagger-ui/{*proxy}", get(swagger_ui::file))
}

/// What the routes of the API say of themselves: one part of the document.
pub fn openapi() -> OpenApi {
    described().split_for_parts().1
}

fn described() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(openapi_json))
}

/// Gets this document.
#[utoipa::path(
    get,
    path = "/api/openapi.json",
    operation_id = "getOpenApiDocument",
    responses((status = 200, description = "An OpenAPI 3.1 document.", body = HashMap<String, serde_json::Value>)),
)]
async fn openapi_json(headers: HeaderMap) -> Result<Response, ApiError> {
    assets::answer("openapi.json", &headers).ok_or(ApiError::NotFound)
}
