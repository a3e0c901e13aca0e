//! What a failed sign-in is answered with: a page for people, the problem for programs.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use miyabi_core::{ApiError, Origin, request_id};

/// The page of the site that explains a failure by its code.
const PAGE: &str = "/auth/callback/";

/// A redirect to the page when a browser navigates on the site, else the problem.
///
/// Nobody but the browser says that it navigates: `Sec-Fetch-Mode` cannot be set by a page.
pub(crate) fn response(error: ApiError, origin: &Origin, headers: &HeaderMap) -> Response {
    let is_navigation = headers
        .get("sec-fetch-mode")
        .is_some_and(|mode| mode == "navigate");
    let code = error.code();
    // Also writes what failed to the log.
    let problem = error.into_response();
    if !origin.is_site || !is_navigation {
        return problem;
    }
    let location = format!("{PAGE}?error={code}&request_id={}", in_query(&request_id()));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

/// An id as the value of a query parameter: API Gateway's are base64 with `=`.
fn in_query(id: &str) -> String {
    id.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(is_site: bool, mode: Option<&str>) -> StatusCode {
        let origin = Origin {
            url: "https://tasks.example.com".to_owned(),
            client_address: None,
            is_site,
        };
        let mut headers = HeaderMap::new();
        if let Some(mode) = mode {
            headers.insert("sec-fetch-mode", mode.parse().unwrap());
        }
        response(
            ApiError::bad_request("bad_state", "Odd."),
            &origin,
            &headers,
        )
        .status()
    }

    #[test]
    fn only_a_browser_that_navigates_on_the_site_is_redirected() {
        assert_eq!(status(true, Some("navigate")), StatusCode::SEE_OTHER);
        assert_eq!(status(true, Some("cors")), StatusCode::BAD_REQUEST);
        assert_eq!(status(true, None), StatusCode::BAD_REQUEST);
        assert_eq!(status(false, Some("navigate")), StatusCode::BAD_REQUEST);
    }

    #[test]
    fn an_id_is_one_value_of_the_query() {
        assert_eq!(in_query("JKJaXmPLvHcESHA="), "JKJaXmPLvHcESHA%3D");
        assert_eq!(in_query("a&b"), "a%26b");
    }
}
