//! An HTTP API behind the distribution, reached over loopback. What the API sees of the way is what
//! CloudFront lets it see: its own host name, the viewer's address at the end of
//! `x-forwarded-for`, the custom headers of the origin and no claim of the viewer about them.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, Uri, header, request::Parts};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};

use super::refusal;
use crate::local::http::Reply;

/// More than any function may answer.
const LARGEST_ANSWER: usize = 16 << 20;
/// Headers between two neighbours, which go no further.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];
const VIA: &str = "1.1 local.cloudfront.net (CloudFront)";

/// How long CloudFront keeps an idle connection to an origin, where the template says nothing
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html>).
pub(super) const KEPT_FOR: Duration = Duration::from_secs(5);

/// Keeps connections to the gateways.
#[derive(Debug, Clone)]
pub(super) struct HttpOrigins(Client<HttpConnector, Full<Bytes>>);

/// An origin of the kind `CustomOriginConfig`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::local) struct HttpOrigin {
    /// `127.0.0.1:8788`
    pub(super) domain: String,
    /// The headers that only the distribution knows.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) read_timeout: Duration,
}

impl HttpOrigins {
    /// Keeps an idle connection for that long.
    pub(super) fn keeping(kept_for: Duration) -> HttpOrigins {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        HttpOrigins(
            Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(kept_for)
                .build(connector),
        )
    }

    /// Passes a request on.
    pub(super) async fn send(
        &self,
        origin: &HttpOrigin,
        path: &str,
        head: &Parts,
        body: Bytes,
        viewer_ip: &str,
    ) -> Reply {
        let query = head
            .uri
            .query()
            .map(|query| format!("?{query}"))
            .unwrap_or_default();
        let Ok(uri) = format!("http://{}{path}{query}", origin.domain).parse::<Uri>() else {
            return refusal::page(StatusCode::BAD_REQUEST, "Bad request.");
        };
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = head.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = forwarded(&head.headers, origin, viewer_ip);
        let answered = tokio::time::timeout(origin.read_timeout, async {
            let (head, body) = self.0.request(request).await.ok()?.into_parts();
            let body = Limited::new(body, LARGEST_ANSWER).collect().await.ok()?;
            Some((head, body.to_bytes()))
        });
        match answered.await {
            Ok(Some((mut head, body))) => {
                strip_hop_by_hop(&mut head.headers);
                head.headers
                    .append(header::VIA, HeaderValue::from_static(VIA));
                Reply::from_parts(head, Full::new(body))
            }
            Ok(None) => refusal::page(StatusCode::BAD_GATEWAY, "The API cannot be reached."),
            Err(_) => refusal::page(
                StatusCode::GATEWAY_TIMEOUT,
                "The API did not answer in time.",
            ),
        }
    }
}

/// The headers that the origin gets.
fn forwarded(viewer: &HeaderMap, origin: &HttpOrigin, viewer_ip: &str) -> HeaderMap {
    let mut headers = viewer.clone();
    strip_hop_by_hop(&mut headers);
    // The policy is AllViewerExceptHostHeader; the length is that of the body that was read.
    for name in [header::HOST, header::CONTENT_LENGTH, header::EXPECT] {
        headers.remove(name);
    }
    let own: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            let name = name.as_str();
            name.starts_with("x-amz-cf-") || name.starts_with("x-edge-") || name == "x-real-ip"
        })
        .cloned()
        .collect();
    for name in own {
        headers.remove(name);
    }
    let mut way: Vec<&str> = viewer
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .collect();
    way.push(viewer_ip);
    let id = uuid::Uuid::new_v4().simple().to_string();
    for (name, value) in [("x-forwarded-for", way.join(", ")), ("x-amz-cf-id", id)] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    headers.append(header::VIA, HeaderValue::from_static(VIA));
    for (name, value) in &origin.headers {
        headers.insert(name.clone(), value.clone());
    }
    headers
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<String> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_lowercase())
        .collect();
    for name in named.iter().map(String::as_str).chain(HOP_BY_HOP) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Whether the idle connection to an origin is closed within a time.
    async fn is_closed_within(kept_for: Duration, within: Duration) -> bool {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = HttpOrigin {
            domain: listener.local_addr().unwrap().to_string(),
            headers: Vec::new(),
            read_timeout: Duration::from_secs(60),
        };
        let origins = HttpOrigins::keeping(kept_for);
        let (head, ()) = Request::new(()).into_parts();
        let asked = origins.send(&origin, "/", &head, Bytes::new(), "127.0.0.1");
        let answered = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 4096];
            assert!(stream.read(&mut head).await.unwrap() > 0);
            let response = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
            stream.write_all(response).await.unwrap();
            stream
        };
        let (reply, mut stream) = tokio::join!(asked, answered);
        assert_eq!(reply.status(), StatusCode::OK);
        let closed = tokio::time::timeout(within, stream.read(&mut [0; 1])).await;
        closed.is_ok_and(|read| read.unwrap() == 0)
    }

    #[tokio::test]
    async fn an_idle_connection_to_an_origin_is_closed_and_a_kept_one_is_not() {
        assert_eq!(KEPT_FOR, Duration::from_secs(5));
        let (short, long) = (Duration::from_millis(100), Duration::from_secs(60));
        assert!(is_closed_within(short, long).await);
        assert!(!is_closed_within(long, Duration::from_millis(500)).await);
    }

    #[test]
    fn the_api_sees_what_cloudfront_lets_it_see() {
        let origin = HttpOrigin {
            domain: "127.0.0.1:1".to_owned(),
            headers: vec![(
                HeaderName::from_static("x-origin-verify"),
                HeaderValue::from_static("secret"),
            )],
            read_timeout: Duration::from_secs(1),
        };
        let mut viewer = HeaderMap::new();
        for (name, value) in [
            ("host", "site:1"),
            ("connection", "close, x-secret-hop"),
            ("x-secret-hop", "1"),
            ("te", "trailers"),
            ("x-origin-verify", "guess"),
            ("x-origin-verify", "guess2"),
            ("x-amz-cf-id", "claimed"),
            ("x-forwarded-for", "203.0.113.1"),
            ("x-forwarded-for", "203.0.113.2"),
            ("cookie", "a=1"),
            ("authorization", "Bearer x"),
            ("content-length", "99"),
            ("user-agent", "curl"),
        ] {
            viewer.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let headers = forwarded(&viewer, &origin, "127.0.0.1");
        assert_ne!(headers["x-amz-cf-id"], "claimed");
        let mut lines: Vec<String> = headers
            .iter()
            .filter(|(name, _)| name.as_str() != "x-amz-cf-id")
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        insta::assert_snapshot!(lines.join("\n"), @r"
        authorization: Bearer x
        cookie: a=1
        user-agent: curl
        via: 1.1 local.cloudfront.net (CloudFront)
        x-forwarded-for: 203.0.113.1, 203.0.113.2, 127.0.0.1
        x-origin-verify: secret
        ");
    }
}
