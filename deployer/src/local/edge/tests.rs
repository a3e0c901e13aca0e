//! The site's template, served: every property that counts comes from it.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use http::{HeaderValue, Method};
use serde_json::json;

use super::*;
use crate::{
    http_client::{Answer, send},
    local::{
        http::{Server, json as answer},
        intrinsics::Scope,
    },
    target::SiteFile,
};

/// The API behind the site: says what it was asked.
async fn api() -> Server {
    Server::start(0, |request: Request<Incoming>| async move {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let headers: BTreeMap<&str, &str> =
            head.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        let mut reply = answer(
            StatusCode::OK,
            &json!({"method": head.method.as_str(), "uri": head.uri.to_string(), "headers": headers, "body": String::from_utf8_lossy(&body)}),
        );
        let headers = reply.headers_mut();
        headers.insert("content-security-policy", HeaderValue::from_static("of the api"));
        headers.insert("x-frame-options", HeaderValue::from_static("SAMEORIGIN"));
        reply
    })
    .await
    .unwrap()
}

struct Site {
    edge: Edge,
    server: Server,
    api: Server,
    resources: serde_json::Map<String, Value>,
    scope: Scope,
    _dir: tempfile::TempDir,
}

const SECRET: &str = "the origin secret of the test";

impl Site {
    async fn start() -> Site {
        let dir = tempfile::tempdir().unwrap();
        let stage = stacks::Stage::built_in("local").unwrap();
        let app = stacks::synth(&stage, &stacks::Assets::placeholder()).unwrap();
        let template = app.stack("site").unwrap().template();
        let api = api().await;
        let edge = Edge::default();
        let serving = edge.clone();
        let server = Server::start(0, move |request| {
            let edge = serving.clone();
            async move { edge.serve("E1", request).await }
        })
        .await
        .unwrap();
        let resource = |id: &str, attribute: &str, value: &str| {
            (
                format!("ref-{id}"),
                [(attribute.to_owned(), json!(value))].into(),
            )
        };
        let mut resources: BTreeMap<String, (String, BTreeMap<String, Value>)> = BTreeMap::new();
        for (id, attribute, value) in [
            ("PageRewrite", "FunctionARN", "arn:pages"),
            ("ViewerHeaders", "FunctionARN", "arn:viewer"),
            ("SiteAccess", "Id", "oac"),
            ("SecurityHeaders", "Id", "policy"),
        ] {
            resources.insert(id.to_owned(), resource(id, attribute, value));
        }
        let bucket: BTreeMap<String, Value> = [
            (
                "RegionalDomainName".to_owned(),
                json!("b.s3.us-east-1.amazonaws.com"),
            ),
            ("Arn".to_owned(), json!(bucket_arn("b"))),
        ]
        .into();
        resources.insert("SiteBucket".to_owned(), ("b".to_owned(), bucket));
        resources.insert(
            "Distribution".to_owned(),
            ("E1".to_owned(), BTreeMap::new()),
        );
        let parameters = [
            ("ApiApiHost".to_owned(), format!("127.0.0.1:{}", api.port())),
            ("ApiOriginSecret".to_owned(), "arn:secret".to_owned()),
        ];
        let scope = Scope {
            parameters: parameters.into(),
            resources,
            stack_name: "site".to_owned(),
        };
        edge.set_bucket("b", Some(Bucket::new(dir.path().join("b"))));
        let site = Site {
            edge,
            server,
            api,
            resources: template["Resources"].as_object().unwrap().clone(),
            scope,
            _dir: dir,
        };
        site.put(&["index.html", "tasks/index.html", "config.json", "app.js"]);
        site.apply();
        site
    }

    fn properties(&self, id: &str) -> Value {
        let resolved = self
            .scope
            .resolve(&self.resources[id]["Properties"])
            .unwrap();
        let text = resolved.to_string().replace(
            "{{resolve:secretsmanager:arn:secret:SecretString:value}}",
            SECRET,
        );
        serde_json::from_str(&text).unwrap()
    }

    fn apply(&self) {
        for (id, arn) in [
            ("PageRewrite", "arn:pages"),
            ("ViewerHeaders", "arn:viewer"),
        ] {
            let code = self.properties(id)["FunctionCode"]
                .as_str()
                .unwrap()
                .to_owned();
            self.edge
                .set_function(arn, Some(ViewerFunction::of_code(&code).unwrap()));
        }
        let config = &self.properties("SecurityHeaders")["ResponseHeadersPolicyConfig"];
        assert_eq!(refuse_headers(config), [""; 0]);
        self.edge.set_policy(
            "ref-SecurityHeaders",
            Some(HeadersPolicy::parse(config).unwrap()),
        );
        self.edge.set_bucket_policy(
            "b",
            Some(self.properties("SiteBucketPolicy")["PolicyDocument"].clone()),
        );
        let raw = &self.resources["Distribution"]["Properties"]["DistributionConfig"];
        assert_eq!(refuse_distribution(raw), [""; 0]);
        let config = &self.properties("Distribution")["DistributionConfig"];
        self.edge.set_distribution(
            "E1",
            Some((Distribution::parse(config).unwrap(), self.server.port())),
        );
    }

    /// Files that say their own name, and one that is worth being compressed.
    fn put(&self, keys: &[&str]) {
        let mut files: Vec<SiteFile> = keys
            .iter()
            .map(|key| SiteFile {
                key: (*key).to_owned(),
                content_type: "text/html; charset=utf-8".to_owned(),
                cache_control: "no-cache".to_owned(),
                body: format!("file {key}").into_bytes(),
            })
            .collect();
        files.push(SiteFile {
            key: "_next/static/big.js".to_owned(),
            content_type: "text/javascript; charset=utf-8".to_owned(),
            cache_control: "public, max-age=31536000, immutable".to_owned(),
            body: "x".repeat(5000).into_bytes(),
        });
        self.edge.bucket("b").unwrap().replace(&files).unwrap();
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &'static str,
    ) -> Answer {
        let url = format!("http://127.0.0.1:{}{path}", self.server.port());
        send(method, &url, headers, body, Duration::from_secs(60))
            .await
            .unwrap()
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    async fn asked(&self, path: &str, headers: &[(&str, &str)]) -> Value {
        serde_json::from_slice(&self.send(Method::GET, path, headers, "").await.body).unwrap()
    }
}

#[tokio::test]
async fn pages_are_files_of_the_bucket() {
    let site = Site::start().await;
    for (path, expected) in [
        ("/", "file index.html"),
        ("/index.html", "file index.html"),
        ("/tasks", "file tasks/index.html"),
        ("/tasks/", "file tasks/index.html"),
        ("/tasks/?a=b", "file tasks/index.html"),
        ("/config.json", "file config.json"),
    ] {
        let answer = site.get(path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.text(100).as_str()),
            (200, expected),
            "{path}"
        );
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-cache");
    }
    let missing = site.get("/nothing").await;
    assert_eq!(missing.status, 404);
    assert!(missing.text(1000).contains("<Code>NoSuchKey</Code>"));
}

#[tokio::test]
async fn every_answer_has_the_headers_of_the_policy() {
    let site = Site::start().await;
    let answers = [
        site.get("/").await,
        site.get("/nothing").await,
        site.get("/a%zz").await,
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
    assert_eq!(headers["host"], format!("127.0.0.1:{}", site.api.port()));
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
async fn what_the_client_has_is_not_sent_again() {
    let site = Site::start().await;
    let first = site.get("/").await;
    let (etag, modified) = (
        first.header("etag").to_owned(),
        first.header("last-modified").to_owned(),
    );
    for condition in [
        ("if-none-match", etag.as_str()),
        ("if-modified-since", &modified),
    ] {
        let again = site.send(Method::GET, "/", &[condition], "").await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
        assert_eq!(
            (again.header("etag"), again.header("cache-control")),
            (etag.as_str(), "no-cache")
        );
        assert_eq!(again.header("content-type"), "");
    }
    site.put(&["index.html", "new.html"]);
    assert_eq!(
        site.send(Method::GET, "/", &[("if-none-match", &etag)], "")
            .await
            .status,
        304
    );
    assert_eq!(
        site.send(Method::GET, "/new.html", &[("if-none-match", &etag)], "")
            .await
            .status,
        200
    );
    let part = site
        .send(
            Method::GET,
            "/_next/static/big.js",
            &[("range", "bytes=10-19"), ("accept-encoding", "gzip")],
            "",
        )
        .await;
    assert_eq!(
        (
            part.status.as_u16(),
            part.header("content-range"),
            part.body.len()
        ),
        (206, "bytes 10-19/5000", 10)
    );
    let head = site.send(Method::HEAD, "/index.html", &[], "").await;
    assert_eq!(
        (
            head.status.as_u16(),
            head.header("content-length"),
            head.body.len()
        ),
        (200, "15", 0)
    );
}

#[tokio::test]
async fn large_files_are_sent_compressed_to_who_takes_it() {
    let site = Site::start().await;
    let path = "/_next/static/big.js";
    for (accepts, expected) in [
        ("gzip, br", "gzip"),
        ("br;q=1, GZIP;q=0.5", "gzip"),
        ("gzip;q=0", ""),
        ("identity", ""),
    ] {
        let answer = site
            .send(Method::GET, path, &[("accept-encoding", accepts)], "")
            .await;
        assert_eq!(answer.header("content-encoding"), expected, "{accepts}");
        assert_eq!(answer.header("vary"), "Accept-Encoding");
        assert_eq!(answer.body.len() < 100, expected == "gzip");
        let etag = answer.header("etag").to_owned();
        assert_eq!(etag.starts_with("W/"), expected == "gzip");
        let again = site
            .send(
                Method::GET,
                path,
                &[("accept-encoding", accepts), ("if-none-match", &etag)],
                "",
            )
            .await;
        assert_eq!(again.status, 304);
    }
}

#[tokio::test]
async fn no_path_leads_out_of_the_bucket() {
    let site = Site::start().await;
    for path in [
        "/../../../../etc/passwd",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/etc/passwd%00.html",
        "/%00",
        "/..%5c..%5cetc",
        "/index.json",
        "/../index.json",
        "/./index.html%00",
        "/objects/x.js",
        "/%252e%252e/x.js",
    ] {
        let answer = site.get(path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text(200));
    }
    assert_eq!(site.get("/%ff").await.status, 400);
    assert_eq!(
        site.get(&format!("/{}.js", "k".repeat(2000))).await.status,
        400
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
async fn a_file_is_private_without_its_statement_in_the_bucket_policy() {
    let site = Site::start().await;
    let policy = site.properties("SiteBucketPolicy")["PolicyDocument"].clone();
    let mut no_list = policy.clone();
    no_list["Statement"].as_array_mut().unwrap().remove(1);
    site.edge.set_bucket_policy("b", Some(no_list));
    assert_eq!(
        (
            site.get("/").await.status.as_u16(),
            site.get("/no.js").await.status.as_u16()
        ),
        (200, 403)
    );
    let mut no_get = policy;
    no_get["Statement"].as_array_mut().unwrap().remove(0);
    site.edge.set_bucket_policy("b", Some(no_get));
    assert_eq!(
        (
            site.get("/").await.status.as_u16(),
            site.get("/no.js").await.status.as_u16()
        ),
        (403, 403)
    );
    site.edge.set_bucket_policy("b", None);
    assert_eq!(site.get("/").await.status, 403);
}

#[tokio::test]
async fn an_api_that_is_gone_is_a_bad_gateway() {
    let site = Site::start().await;
    site.api.stop(Duration::from_secs(5)).await;
    let gone = Site {
        api: api().await,
        ..site
    };
    let answer = gone.get("/api/x").await;
    assert_eq!(
        (
            answer.status.as_u16(),
            answer.header("x-content-type-options")
        ),
        (502, "nosniff")
    );
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
