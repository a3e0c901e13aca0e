//! Which requests are answered, by whom, and with which headers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use http::Method;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    super::{Cdn, refuse_distribution},
    site::{SECRET, Site, no_ops},
};

#[tokio::test]
async fn every_answer_has_the_headers_of_the_policy() {
    let site = Site::start().await;
    let answers = [
        site.get("/").await,
        site.get("/nothing").await,
        site.get("/a%zz.js").await,
        site.get("/api/x").await,
        site.send(Method::DELETE, "/", &[], "").await,
        site.send(Method::GET, "/", &[("if-none-match", "*")], "")
            .await,
    ];
    let statuses: Vec<u16> = answers
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();
    assert_eq!(statuses, [200, 404, 400, 200, 403, 304]);
    for answer in &answers {
        for (name, expected) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "strict-origin-when-cross-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            (
                "strict-transport-security",
                "max-age=31536000; includeSubDomains",
            ),
        ] {
            assert_eq!(answer.header(name), expected, "{name}: {answer:?}");
        }
        assert!(answer.header("permissions-policy").contains("camera=()"));
    }
    assert!(
        answers[0]
            .header("content-security-policy")
            .contains("script-src 'self';")
    );
    assert_eq!(answers[3].header("content-security-policy"), "of the api");
}

#[tokio::test]
async fn a_url_has_8_192_bytes_at_most() {
    let site = Site::start().await;
    let start = format!("https://127.0.0.1:{}/api/", site.server.port()).len();
    for (length, status) in [(8192, 200), (8193, 414)] {
        let path = format!("/api/{}", "x".repeat(length - start));
        assert_eq!(site.get(&path).await.status.as_u16(), status, "{length}");
    }
}

#[tokio::test]
async fn a_request_without_its_body_has_32_768_bytes_at_most() {
    let site = Site::start().await;
    let host = format!("127.0.0.1:{}", site.server.port());
    // The request line, the host, and what the client sends beside them.
    let asked = site.asked("/api/x", &[]).await;
    let sent = asked["headers"].as_object().unwrap();
    assert!(sent.len() < 12, "{sent:?}");
    let fixed = "GET /api/x HTTP/1.1\r\n".len() + "host: \r\n".len() + host.len();
    let mut statuses = Vec::new();
    for length in [32_768 - 1024, 32_768 + 1] {
        let value = "x".repeat(length - fixed - "x-long: \r\n".len());
        let headers = [("x-long", value.as_str())];
        let answer = site.send(Method::GET, "/api/x", &headers, "").await;
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses, [200, 431]);
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_408() {
    let site = Site::at(Cdn::waiting_for_bodies(
        no_ops(),
        Duration::from_millis(200),
    ))
    .await;
    let port = site.server.port();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let head = format!(
        "POST /api/x HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\ncontent-length: 10\r\n\r\nhalf"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(response.starts_with("HTTP/1.1 408 "), "{response}");
    assert!(response.contains("x-frame-options: DENY"), "{response}");
}

#[tokio::test]
async fn the_api_gets_its_paths_with_what_only_the_distribution_knows() {
    let site = Site::start().await;
    let claims = [
        ("x-origin-verify", "guess"),
        ("x-viewer-host", "liar"),
        ("x-viewer-ip", "192.0.2.1"),
        ("cookie", "a=b; c=d"),
        ("authorization", "Bearer t"),
        ("origin", "https://evil.example"),
    ];
    let asked = site.asked("/api/tasks/%2e%2e?x=%20y&z", &claims).await;
    let headers = &asked["headers"];
    assert_eq!(asked["uri"], "/api/tasks/%2e%2e?x=%20y&z");
    assert_eq!(headers["x-origin-verify"], SECRET);
    assert_eq!(
        headers["x-viewer-host"],
        format!("127.0.0.1:{}", site.server.port())
    );
    assert_eq!(headers["x-viewer-ip"], "127.0.0.1");
    assert_eq!(
        headers["host"],
        format!("127.0.0.1:{}", site.api.as_ref().unwrap().port())
    );
    assert_eq!(
        (&headers["cookie"], &headers["authorization"]),
        (&json!("a=b; c=d"), &json!("Bearer t"))
    );
    assert_eq!(
        (&headers["origin"], &headers["x-forwarded-for"]),
        (&json!("https://evil.example"), &json!("127.0.0.1"))
    );
    for path in [
        "/swagger-ui",
        "/swagger-ui/index.html",
        "//api/x",
        "/tasks/../api/x",
        "/%61pi/x",
    ] {
        assert_eq!(site.asked(path, &[]).await["uri"], path);
    }
    let posted = site
        .send(
            Method::POST,
            "/api/tasks",
            &[("content-type", "application/json")],
            "{}",
        )
        .await;
    let posted: Value = serde_json::from_slice(&posted.body).unwrap();
    assert_eq!(
        (&posted["method"], &posted["body"]),
        (&json!("POST"), &json!("{}"))
    );
    assert_eq!(
        site.send(Method::TRACE, "/api/tasks", &[], "").await.status,
        403
    );
}

#[tokio::test]
async fn only_the_names_of_the_distribution_are_answered_to() {
    let site = Site::start().await;
    let port = site.server.port();
    for (host, expected) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        ("evil.example".to_owned(), 403),
        (format!("evil.example:{port}"), 403),
        ("127.0.0.1".to_owned(), 403),
        (format!("127.0.0.1:{port}.evil.example"), 403),
        (format!("user@127.0.0.1:{port}"), 403),
        ("127.0.0.1:1".to_owned(), 403),
    ] {
        let answer = site.send(Method::GET, "/", &[("host", &host)], "").await;
        assert_eq!(answer.status.as_u16(), expected, "{host}");
    }
}

#[tokio::test]
async fn an_api_that_is_gone_is_a_bad_gateway() {
    let mut site = Site::start().await;
    let api = site.api.take().unwrap();
    api.stop(Duration::from_secs(60)).await;
    let answer = site.get("/api/x").await;
    assert_eq!(answer.status, 502);
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn replacing_everything_fails_no_request() {
    let site = Arc::new(Site::start().await);
    let over = Arc::new(AtomicBool::new(false));
    let mut readers = Vec::new();
    for path in ["/", "/api/x", "/_next/static/big.js"] {
        let (site, over) = (site.clone(), over.clone());
        readers.push(tokio::spawn(async move {
            let mut count = 0;
            while !over.load(Ordering::Relaxed) || count == 0 {
                let answer = site.get(path).await;
                assert_eq!(answer.status, 200, "{path}");
                count += 1;
            }
            count
        }));
    }
    for round in 0..30 {
        let mut keys = vec!["index.html"];
        if round % 2 == 0 {
            keys.push("app.js");
        }
        site.put(&keys);
        site.apply();
        assert_eq!(site.get("/").await.status, 200);
    }
    over.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await.unwrap() > 0);
    }
}

#[test]
fn what_a_distribution_cannot_do_here_is_named() {
    let config = json!({
        "Enabled": false,
        "WebACLId": "x",
        "DefaultCacheBehavior": {
            "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            "FunctionAssociations": [{"EventType": "origin-response", "FunctionARN": "x"}],
        },
        "CacheBehaviors": [{"CachePolicyId": {"Ref": "Own"}, "OriginRequestPolicyId": "x", "SmoothStreaming": true}],
        "Origins": [{"Id": "site", "OriginPath": "/x"}],
    });
    insta::assert_snapshot!(refuse_distribution(&config).join("\n"), @r"
    `DistributionConfig.WebACLId` is not known here.
    `DistributionConfig.Enabled` is false, and a distribution is always enabled here.
    `CacheBehaviors[0].SmoothStreaming` is not known here.
    `CacheBehaviors[0].CachePolicyId` is neither AWS's CachingOptimized (658327ea-f89d-4fab-a63d-7e88639e58f6) nor CachingDisabled (4135ea2d-6df8-44a3-9df3-4b5a84be39ad).
    `CacheBehaviors[0].OriginRequestPolicyId` is not AWS's AllViewerExceptHostHeader (b689b0a8-53d0-40ab-baf2-68738e2966ac).
    `DefaultCacheBehavior.FunctionAssociations` has something other than one function for each of the events viewer-request and viewer-response.
    `Origins[site].OriginPath` is not known here.
    ");
}
