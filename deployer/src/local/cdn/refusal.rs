//! CloudFront's own answers: pages that say why a request came to nothing.

use http::{HeaderValue, StatusCode, header};

use crate::local::http::{Reply, bytes};

/// The page for a status, with the reason.
pub(super) fn page(status: StatusCode, why: &str) -> Reply {
    let title = "ERROR: The request could not be satisfied";
    let code = status.as_u16();
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\n\
         <body><h1>{code} ERROR</h1>\n<h2>The request could not be satisfied.</h2>\n<p>{why}</p>\n\
         <p>Said by the local target, in the place of CloudFront.</p></body></html>\n"
    );
    let mut reply = bytes(status, "text/html; charset=utf-8", html);
    let headers = reply.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-cache", HeaderValue::from_static("Error from cloudfront"));
    reply
}
