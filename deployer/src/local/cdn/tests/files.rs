//! Files of the bucket.

use http::Method;

use super::site::Site;

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
    let missing = site.get("/nothing.js").await;
    assert_eq!(missing.status, 404);
    assert!(missing.text(1000).contains("<Code>NoSuchKey</Code>"));
}

#[tokio::test]
async fn an_unknown_page_is_404_with_a_page_of_the_site() {
    let site = Site::start().await;
    let known = site.get("/404.html").await.header("etag").to_owned();
    for path in [
        "/nothing",
        "/nothing/",
        "/tasks/x.html",
        "/404.html",
        "/404",
    ] {
        let whole = [
            ("range", "bytes=0-3"),
            ("if-none-match", known.as_str()),
            ("if-match", "\"other\""),
        ];
        for headers in [&[][..], &whole] {
            let answer = site.send(Method::GET, path, headers, "").await;
            assert_eq!(
                (answer.status.as_u16(), answer.text(100).as_str()),
                (404, "file 404.html"),
                "{path} {headers:?}"
            );
            assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
            assert_eq!(answer.header("cache-control"), "no-cache");
            assert_eq!(answer.header("x-frame-options"), "DENY");
        }
        let head = site.send(Method::HEAD, path, &[], "").await;
        assert_eq!((head.status.as_u16(), head.body.len()), (404, 0), "{path}");
    }
    // The API answers for itself, also where it answers with an error.
    let api = site.asked("/api/nothing", &[]).await;
    assert_eq!(api["uri"], "/api/nothing");
    // Without its page, the answer is the bucket's.
    site.put(&["index.html"]);
    let bare = site.get("/nothing").await;
    assert_eq!(bare.status, 404);
    assert!(bare.text(1000).contains("<Code>NoSuchKey</Code>"));
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
    site.put(&["index.html", "new.txt"]);
    assert_eq!(
        site.send(Method::GET, "/", &[("if-none-match", &etag)], "")
            .await
            .status,
        304
    );
    assert_eq!(
        site.send(Method::GET, "/new.txt", &[("if-none-match", &etag)], "")
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
    assert_eq!(site.get("/%ff.js").await.status, 400);
    assert_eq!(
        site.get(&format!("/{}.js", "k".repeat(2000))).await.status,
        400
    );
}

#[tokio::test]
async fn a_file_is_private_without_its_statement_in_the_bucket_policy() {
    let site = Site::start().await;
    let policy = site.properties("SiteBucketPolicy")["PolicyDocument"].clone();
    let mut no_list = policy.clone();
    no_list["Statement"].as_array_mut().unwrap().remove(1);
    site.cdn.set_bucket_policy("b", Some(no_list));
    assert_eq!(
        (
            site.get("/").await.status.as_u16(),
            site.get("/no.js").await.status.as_u16()
        ),
        (200, 403)
    );
    let mut no_get = policy;
    no_get["Statement"].as_array_mut().unwrap().remove(0);
    site.cdn.set_bucket_policy("b", Some(no_get));
    assert_eq!(
        (
            site.get("/").await.status.as_u16(),
            site.get("/no.js").await.status.as_u16()
        ),
        (403, 403)
    );
    site.cdn.set_bucket_policy("b", None);
    assert_eq!(site.get("/").await.status, 403);
}
