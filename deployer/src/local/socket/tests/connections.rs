//! The `@connections` endpoint, by requests that are signed as a function signs them.

use bytes::Bytes;
use http::Method;

use super::*;
use crate::{
    http_client::{Answer, send},
    local::socket::signature::tests::signed,
};

impl Played {
    /// A signed request about a connection.
    async fn manage(&self, method: Method, connection: &str, body: &[u8]) -> Answer {
        let id = connection.replace('=', "%3D");
        let path = format!("/live/@connections/{id}");
        let host = self.api.domain();
        let headers = signed(&method, &host, &path, body, "secret", "token");
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let url = format!("http://{host}{path}");
        send(method, &url, &headers, Bytes::from(body.to_vec()), LONG)
            .await
            .unwrap()
    }
}

fn kind(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.header("x-amzn-errortype"))
}

#[tokio::test]
async fn a_function_posts_to_a_connection_looks_at_it_and_closes_it() {
    let played = Played::start().await;
    let (mut socket, id) = played.connected().await;
    let posted = played.manage(Method::POST, &id, "héllo".as_bytes()).await;
    assert_eq!((posted.status.as_u16(), posted.body.len()), (200, 0));
    assert_eq!(text(&mut socket).await, "héllo");
    let looked = played.manage(Method::GET, &id, b"").await;
    let looked: Value = serde_json::from_slice(&looked.body).unwrap();
    assert_eq!(looked["identity"]["sourceIp"], "127.0.0.1");
    assert!(looked["connectedAt"].as_str().unwrap() <= looked["lastActiveAt"].as_str().unwrap());
    let deleted = played.manage(Method::DELETE, &id, b"").await;
    assert_eq!(deleted.status, 204);
    assert_eq!(closed(&mut socket).await, 1000);
    played.event("DISCONNECT", &id).await;
}

#[tokio::test]
async fn a_connection_that_is_gone_is_410() {
    let played = Played::start().await;
    let (mut socket, id) = played.connected().await;
    socket.close(None).await.unwrap();
    played.event("DISCONNECT", &id).await;
    for method in [Method::POST, Method::GET, Method::DELETE] {
        for connection in [id.as_str(), "never-was"] {
            let answer = played.manage(method.clone(), connection, b"").await;
            assert_eq!(
                kind(&answer),
                (410, "GoneException"),
                "{method} {connection}"
            );
        }
    }
}

#[tokio::test]
async fn whoever_does_not_sign_or_may_not_is_403() {
    let played = Played::start().await;
    let (_socket, id) = played.connected().await;
    let url = format!("http://{}/live/@connections/{id}", played.api.domain());
    let unsigned = send(Method::POST, &url, &[], Bytes::new(), LONG)
        .await
        .unwrap();
    assert_eq!(
        kind(&unsigned),
        (403, "MissingAuthenticationTokenException")
    );
    let foreign = [("x-amz-security-token", "another")];
    let foreign = send(Method::POST, &url, &foreign, Bytes::new(), LONG)
        .await
        .unwrap();
    assert_eq!(kind(&foreign), (403, "UnrecognizedClientException"));
    let forged = [("x-amz-security-token", "token")];
    let forged = send(Method::POST, &url, &forged, Bytes::new(), LONG)
        .await
        .unwrap();
    assert_eq!(forged.status, 403);
    // A function whose environment names another endpoint.
    played.api.set_domain("127.0.0.1:1");
    let host = format!("127.0.0.1:{}", played.server.port());
    let path = "/live/@connections/x";
    let headers = signed(&Method::POST, &host, path, b"", "secret", "token");
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let url = format!("http://{host}{path}");
    let other = send(Method::POST, &url, &headers, Bytes::new(), LONG)
        .await
        .unwrap();
    assert_eq!(kind(&other), (403, "ForbiddenException"));
}

#[tokio::test]
async fn a_post_has_131_072_bytes_at_most() {
    let played = Played::start().await;
    let (mut socket, id) = played.connected().await;
    let fits = played.manage(Method::POST, &id, &vec![b'x'; MESSAGE]).await;
    assert_eq!(fits.status, 200);
    assert_eq!(text(&mut socket).await.len(), MESSAGE);
    let large = played
        .manage(Method::POST, &id, &vec![b'x'; MESSAGE + 1])
        .await;
    assert_eq!(kind(&large), (413, "PayloadTooLargeException"));
}

/// Its messages wait in a bounded queue; nobody else waits for it.
#[tokio::test]
async fn a_client_that_does_not_read_is_429_and_others_are_served() {
    let limits = Limits {
        outbox: 4,
        ..Limits::default()
    };
    let played = Played::with(limits).await;
    let (slow, slow_id) = played.connected().await;
    let (mut other, other_id) = played.connected().await;
    let large = vec![b'x'; MESSAGE];
    let mut refused = None;
    // What the kernel buffers of a socket is some megabytes.
    for _ in 0..1_000 {
        let answer = played.manage(Method::POST, &slow_id, &large).await;
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("a client that reads nothing takes 125 MB");
    assert_eq!(kind(&refused), (429, "LimitExceededException"));
    assert_eq!(
        played.manage(Method::POST, &other_id, b"here").await.status,
        200
    );
    assert_eq!(text(&mut other).await, "here");
    drop(slow);
    played.event("DISCONNECT", &slow_id).await;
}

#[tokio::test]
async fn an_api_that_stops_says_so_to_its_clients_and_to_the_function() {
    let played = Played::start().await;
    let (mut socket, id) = played.connected().await;
    let (closing, code) = tokio::join!(played.api.close(LONG), closed(&mut socket));
    assert_eq!((closing, code), ((), 1001));
    played.event("DISCONNECT", &id).await;
    assert_eq!(played.api.open(), 0);
    assert!(
        !played.version.idle_pids().is_empty(),
        "the function still runs"
    );
}
