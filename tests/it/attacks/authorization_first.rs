//! Who may not is told so, whatever is wrong with the request beside that.

use miyabi_catalog::{Access, FUNCTIONS, Route};
use miyabi_tests::{App, Method, RequestBuilder};

/// A request with everything wrong that can be: the ids, the query, the headers and the body.
fn malformed(request: RequestBuilder) -> RequestBuilder {
    request
        .header("content-type", "application/json")
        .header("if-match", "*")
        .header("idempotency-key", "not one word")
        .body("{\"title\": [}")
}

fn path_of(route: &Route) -> String {
    let segments = route.path.split('/').map(|segment| {
        if segment.starts_with('{') {
            "no-id"
        } else {
            segment
        }
    });
    let path: Vec<&str> = segments.collect();
    format!("{}?limit=many&nothing=1&cursor=x", path.join("/"))
}

fn routes() -> impl Iterator<Item = &'static Route> {
    FUNCTIONS.iter().flat_map(|function| function.routes)
}

#[tokio::test]
async fn attack_31_who_may_not_learns_nothing_about_the_request() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    app.sql(&format!(
        "insert into roles (organization_id, name, permissions) values ('{}', 'nobody', '[]')",
        alice.organization_id()
    ))
    .await;
    let nobody = app.member(&alice, "bob", "nobody").await;
    let (mut guarded, mut asked) = (0, 0);
    for route in routes() {
        let method: Method = route.method.as_str().parse().unwrap();
        let path = path_of(route);
        let anonymous = malformed(app.request(method.clone(), &path)).send().await;
        match route.access {
            Access::Needs(_) => {
                assert_eq!(anonymous.status, 401, "{path}: {anonymous}");
                let refused = malformed(nobody.request(method, &path)).send().await;
                refused.problem(403, "missing_permission");
                guarded += 1;
                let lines = app
                    .rows("select from audit_log where outcome = 'denied' and action = 'access.denied'")
                    .await;
                assert_eq!(lines.len(), guarded, "{path}: each refusal has its line");
            }
            Access::Public => continue,
            _ => assert_eq!(anonymous.status, 401, "{path}: {anonymous}"),
        }
        asked += 1;
    }
    assert!(guarded >= 10 && asked > guarded, "{guarded} of {asked}");
}

/// The same for a cookie whose session is over.
#[tokio::test]
async fn attack_31_a_cookie_of_no_session_learns_nothing_about_the_body() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let switch = || malformed(alice.cookie_request(Method::POST, "/api/auth/switch"));
    assert_eq!(switch().send().await.status, 400, "a live session does");
    app.sql("update sessions set expires_at = now()").await;
    switch().send().await.problem(401, "unauthenticated");
}
