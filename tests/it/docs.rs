//! Health, the OpenAPI document and Swagger UI.

use miyabi_catalog::FUNCTIONS;
use miyabi_tests::{App, Method};

#[tokio::test]
async fn health_answers_to_anybody() {
    let app = App::start().await;
    let health = app.get("/api/health").await.expect(200);
    assert_eq!(health["status"], "ok", "{health}");
}

#[tokio::test]
async fn the_openapi_document_has_exactly_the_routes_of_the_catalogue() {
    let app = App::start().await;
    let document = app.get("/api/openapi.json").await.expect(200);
    let mut described: Vec<String> = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if operation["responses"].is_object() {
                described.push(format!("{} {path}", method.to_uppercase()));
            }
        }
    }
    let routes = FUNCTIONS.iter().flat_map(|function| function.routes);
    let mut catalogue: Vec<String> = routes
        .filter(|route| !route.path.starts_with("/swagger-ui"))
        .map(|route| format!("{} {}", route.method.as_str(), route.path))
        .collect();
    described.sort();
    catalogue.sort();
    assert_eq!(described, catalogue);
}

#[tokio::test]
async fn swagger_ui_is_a_page_that_needs_nothing_from_elsewhere() {
    let app = App::start().await;
    let landed = app.get("/swagger-ui").await;
    let page = if landed.status.is_redirection() {
        app.get(landed.header("location")).await
    } else {
        landed
    };
    assert_eq!(page.status, 200, "{page}");
    assert!(
        page.header("content-type").starts_with("text/html"),
        "{page}"
    );
    assert!(!page.text().contains("https://"), "{page}");
}

#[tokio::test]
async fn health_says_which_version_of_which_stage_answers() {
    let app = App::start().await;
    let health = app.get("/api/health").await.expect(200);
    assert_eq!(health["version"], env!("CARGO_PKG_VERSION"), "{health}");
    assert_eq!(health["stage"], "local", "{health}");
}

#[tokio::test]
async fn the_openapi_document_is_the_one_that_is_checked_in() {
    let app = App::start().await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../frontend/openapi.json");
    let answer = app.get("/api/openapi.json").await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.text(), std::fs::read_to_string(path).unwrap());
}

/// The page names its files, and no policy has to be weakened for them.
#[tokio::test]
async fn swagger_ui_runs_files_of_its_own_origin_and_nothing_else() {
    let app = App::start().await;
    let page = app.get("/swagger-ui/index.html").await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(policy.contains("script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let text = page.text();
    let mut files = 0;
    for attribute in ["src=\"", "href=\""] {
        for rest in text.split(attribute).skip(1) {
            let name = rest.split('"').next().unwrap();
            let file = app.get(&format!("/swagger-ui/{name}")).await;
            assert_eq!(file.status, 200, "{name}: {file}");
            assert!(!file.body.is_empty(), "{name}");
            files += 1;
        }
    }
    assert!(files >= 4, "{text}");
    assert!(!text.contains("<style"), "{text}");
    assert!(
        text.split("<script")
            .skip(1)
            .all(|script| script.starts_with(" src="))
    );
}

#[tokio::test]
async fn a_browser_gets_the_files_compressed() {
    let app = App::start().await;
    let path = "/swagger-ui/swagger-ui-bundle.js";
    let compressed = app
        .request(Method::GET, path)
        .header("accept-encoding", "gzip, deflate, br")
        .send()
        .await;
    assert_eq!(compressed.header("content-encoding"), "gzip");
    assert_eq!(
        compressed.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(compressed.body[..2], [0x1f, 0x8b]);
    let whole = app.get(path).await;
    assert_eq!(whole.header("content-encoding"), "");
    assert!(whole.body.len() > 2 * compressed.body.len());
}

#[tokio::test]
async fn what_is_not_a_file_of_swagger_ui_is_not_there() {
    let app = App::start().await;
    for name in ["absent.js", "openapi.json", "swagger-ui-bundle.js/x"] {
        app.get(&format!("/swagger-ui/{name}"))
            .await
            .problem(404, "not_found");
    }
    app.get("/swagger-ui/..%2f..%2fetc%2fpasswd")
        .await
        .problem(400, "malformed_request");
}
