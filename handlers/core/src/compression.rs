//! Compression of responses: an HTTP API sends what the function answers, and compresses nothing.
//!
//! Only what says that it is text, and only from [`SMALLEST`] bytes on: below it gzip saves less than
//! a packet. Never the answers of `auth`: they hold tokens beside text that others can choose, and
//! the length of a compressed answer would say how much of the two is alike (BREACH).

use std::io::Write;

use axum::{
    body::{Body, HttpBody},
    response::{IntoResponse, Response},
};
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, header};

/// Smallest body that is compressed, in bytes.
const SMALLEST: u64 = 1024;

/// Whether `Accept-Encoding` names gzip, or anything, without refusing it by `q=0`.
pub fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING);
    let codings = values
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let mut by_wildcard = false;
    for coding in codings {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let quality = parameters
            .split(';')
            .find_map(|parameter| parameter.trim().strip_prefix("q="));
        let is_taken = quality.is_none_or(|q| q.trim().parse::<f32>().is_ok_and(|q| q > 0.0));
        match name.trim() {
            name if name.eq_ignore_ascii_case("gzip") => return is_taken,
            "*" => by_wildcard = is_taken,
            _ => {}
        }
    }
    by_wildcard
}

/// The response, compressed when that is worth it and the client takes it.
pub(crate) async fn compress(function: &str, takes_gzip: bool, response: Response) -> Response {
    let is_large = response.body().size_hint().lower() >= SMALLEST;
    if function == "auth" || !is_large || !is_text(response.headers()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // Whatever this client takes, another one may not.
    parts
        .headers
        .entry(header::VARY)
        .or_insert(HeaderValue::from_static("accept-encoding"));
    if !takes_gzip {
        return Response::from_parts(parts, body);
    }
    let Ok(plain) = axum::body::to_bytes(body, usize::MAX).await else {
        return crate::ApiError::Internal("The body of a response broke off.".to_owned())
            .into_response();
    };
    match gzip(&plain) {
        Ok(compressed) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            parts
                .headers
                .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Response::from_parts(parts, Body::from(compressed))
        }
        Err(_) => Response::from_parts(parts, Body::from(plain)),
    }
}

/// The fastest level: twice the time of it saves a tenth of the bytes of a list of tasks.
fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 4), Compression::fast());
    encoder.write_all(plain)?;
    encoder.finish()
}

/// Whether a body is text that nobody has encoded yet.
fn is_text(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let is_text = kind.starts_with("application/json")
        || kind.starts_with("application/problem+json")
        || kind.starts_with("application/x-ndjson")
        || kind.starts_with("text/");
    is_text && !headers.contains_key(header::CONTENT_ENCODING)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn response(kind: &'static str, length: usize) -> Response {
        let mut response = Response::new(Body::from("a".repeat(length)));
        let kind = HeaderValue::from_static(kind);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }

    #[test]
    fn gzip_is_taken_where_it_is_named_and_not_refused() {
        for (value, taken) in [
            ("gzip", true),
            ("deflate, GZIP;q=0.5", true),
            ("br;q=1.0, gzip;q=0", false),
            ("*", true),
            ("*, gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("*;q=0", false),
            ("identity", false),
            ("gzip;q=many", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(takes_gzip(&headers), taken, "{value}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    #[tokio::test]
    async fn large_text_is_compressed_for_whoever_takes_it() {
        let compressed = compress("tasks", true, response("application/json", 1024)).await;
        assert_eq!(compressed.headers()[header::CONTENT_ENCODING], "gzip");
        assert_eq!(compressed.headers()[header::VARY], "accept-encoding");
        let bytes = axum::body::to_bytes(compressed.into_body(), usize::MAX).await;
        let bytes = bytes.unwrap();
        assert!(bytes.len() < 100, "{}", bytes.len());
        let mut plain = String::new();
        GzDecoder::new(&bytes[..])
            .read_to_string(&mut plain)
            .unwrap();
        assert_eq!(plain, "a".repeat(1024));
    }

    #[tokio::test]
    async fn everything_else_stays_as_it_is() {
        let kept = |function: &'static str, takes, response| async move {
            let kept = compress(function, takes, response).await;
            assert!(!kept.headers().contains_key(header::CONTENT_ENCODING));
            kept
        };
        kept("tasks", true, response("application/json", 1023)).await;
        kept("tasks", true, response("image/png", 5000)).await;
        kept("auth", true, response("application/json", 5000)).await;
        let other = kept("tasks", false, response("application/json", 5000)).await;
        // A cache must not give the other form to this client.
        assert_eq!(other.headers()[header::VARY], "accept-encoding");
    }
}
