//! Swagger UI: a page, its script and its style, all from here.

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use miyabi_core::ApiError;

use crate::assets;

/// Files of this origin run and nothing else does: no script or style in the page, no `eval`.
/// Pictures may be `data:`, since its style sheet draws arrows that way.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// The files change with a release only, and a browser needs half a megabyte of them.
const FOR_AN_HOUR: &str = "public, max-age=3600";

/// To a path under which the page's relative links work. It is not `/swagger-ui/`: API Gateway has
/// no route key that ends in a slash.
pub(crate) async fn to_the_page() -> Response {
    (
        StatusCode::PERMANENT_REDIRECT,
        [(header::LOCATION, "/swagger-ui/index.html")],
    )
        .into_response()
}

pub(crate) async fn file(
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if name == "openapi.json" {
        return Err(ApiError::NotFound);
    }
    serve(&name, &headers)
}

fn serve(name: &str, headers: &HeaderMap) -> Result<Response, ApiError> {
    let mut response = assets::answer(name, headers).ok_or(ApiError::NotFound)?;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(POLICY),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(FOR_AN_HOUR));
    Ok(response)
}
