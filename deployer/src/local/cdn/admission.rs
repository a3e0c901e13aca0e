//! Which requests CloudFront refuses before it asks a function or an origin
//! (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html>).

use std::time::Duration;

use bytes::Bytes;
use http::{StatusCode, header, request::Parts as Head};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;

use super::{Served, distribution::Behaviour, refusal};
use crate::local::http::{Reply, head_size};

/// What API Gateway takes at most is 10 MB; what is larger need not reach it.
const BODY_LIMIT: usize = 11 << 20;
/// The longest URL, in bytes.
const URL_LIMIT: usize = 8192;
/// The longest request without its body, in bytes.
const HEAD_LIMIT: usize = 32_768;

/// A name that somebody else points here is not ours, whatever it leads to.
pub(super) fn is_called_by_name(served: &Served, head: &Head) -> bool {
    let mut hosts = head.headers.get_all(header::HOST).iter();
    let (Some(host), None) = (
        hosts.next().and_then(|host| host.to_str().ok()),
        hosts.next(),
    ) else {
        return false;
    };
    let (name, given) = host.rsplit_once(':').unwrap_or((host, "80"));
    let own = name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost");
    let alias = served
        .distribution
        .aliases
        .iter()
        .any(|alias| alias.eq_ignore_ascii_case(name));
    given.parse() == Ok(served.port) && (own || alias)
}

/// The response to a request whose URL or headers are too long. AWS states no status for the
/// second; 431 is HTTP's.
pub(super) fn refuse_size(served: &Served, head: &Head) -> Option<Reply> {
    if url_length(served, head) > URL_LIMIT {
        return Some(refusal::page(
            StatusCode::URI_TOO_LONG,
            "The URL is too long.",
        ));
    }
    (head_size(head) > HEAD_LIMIT).then(|| {
        refusal::page(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "The request is too long.",
        )
    })
}

/// Bytes of the URL that the viewer asked for.
fn url_length(served: &Served, head: &Head) -> usize {
    let host = head.headers.get(header::HOST);
    let host = host.map_or_else(|| served.port.to_string().len(), |host| host.len());
    let path = head.uri.path_and_query();
    "https://".len() + host + path.map_or(0, |path| path.as_str().len())
}

/// The response to a method that the behaviour does not take.
pub(super) fn refuse_method(behaviour: &Behaviour, head: &Head) -> Option<Reply> {
    (!behaviour.methods.contains(&head.method)).then(|| {
        refusal::page(
            StatusCode::FORBIDDEN,
            "This distribution is not configured to allow the HTTP request method that was used for this request.",
        )
    })
}

/// The whole body, or why it is not read.
pub(super) async fn read(body: Incoming, within: Duration) -> Result<Bytes, Reply> {
    let body = Limited::new(body, BODY_LIMIT).collect();
    match tokio::time::timeout(within, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(_)) => Err(refusal::page(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The body is too large.",
        )),
        Err(_) => Err(refusal::page(
            StatusCode::REQUEST_TIMEOUT,
            "The body did not arrive in time.",
        )),
    }
}
