//! Limits of a request, over a connection.

use std::{net::Ipv4Addr, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::local::http::Server;

async fn api() -> Server {
    api_with(Patience::default()).await
}

async fn api_with(patience: Patience) -> Server {
    let api = HttpApi::with_patience("a", Functions::default(), patience);
    let api = Arc::new(api);
    let serve = move |request| {
        let api = api.clone();
        async move { api.serve(request).await }
    };
    Server::start(0, serve).await.unwrap()
}

/// The status line and the body of the response.
async fn send(server: &Server, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, server.port()))
        .await
        .unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

#[tokio::test]
async fn request_line_and_headers_have_10_240_bytes_at_most() {
    let server = api().await;
    let end = "host: x\r\nconnection: close\r\n\r\n";
    let too_large = (
        "HTTP/1.1 431 Request Header Fields Too Large".to_owned(),
        r#"{"message":"Request Header Fields Too Large"}"#.to_owned(),
    );
    let not_found = "HTTP/1.1 404 Not Found";
    // The blank line at the end does not count.
    for (size, fits) in [(10_240, true), (10_241, false)] {
        let fill = |request: &dyn Fn(&str) -> String| {
            let empty = request("").len() - 2;
            request(&"x".repeat(size - empty))
        };
        for request in [
            fill(&|fill| format!("GET /{fill} HTTP/1.1\r\nabc: d\r\n{end}")),
            fill(&|fill| format!("GET / HTTP/1.1\r\nabc: d{fill}\r\n{end}")),
        ] {
            let response = send(&server, &request).await;
            match fits {
                true => assert_eq!(response.0, not_found),
                false => assert_eq!(response, too_large),
            }
        }
    }
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_408() {
    let server = api_with(Patience {
        body: Duration::from_millis(200),
        ..Patience::default()
    })
    .await;
    let head = "POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 10\r\n\r\n";
    let (status, body) = send(&server, &format!("{head}half")).await;
    assert_eq!(
        (status.as_str(), body.as_str()),
        (
            "HTTP/1.1 408 Request Timeout",
            r#"{"message":"Request Timeout"}"#
        )
    );
    let (status, _) = send(&server, &format!("{head}0123456789")).await;
    assert_eq!(status, "HTTP/1.1 404 Not Found");
}
