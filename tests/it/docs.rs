//! Health, the OpenAPI document and Swagger UI.

use miyabi_catalog::FUNCTIONS;
use miyabi_tests::App;

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
