//! Every route with every role, and methods that no route has.

use std::fmt::Write;

use miyabi_catalog::{Access, BUILT_IN_ROLES, FUNCTIONS, Route};
use miyabi_tests::{App, Method, Person, Response, http_event, json};

/// A path of the route that names nothing which exists.
fn absent(route: &Route) -> String {
    let segments = route.path.split('/').map(|segment| match segment {
        "{proxy+}" => "index.html".to_owned(),
        _ if segment.starts_with('{') => uuid::Uuid::new_v4().to_string(),
        _ => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

fn method(route: &Route) -> Method {
    route.method.as_str().parse().unwrap()
}

/// Every route, the ones that end the caller's session last.
fn routes() -> Vec<&'static Route> {
    let mut routes: Vec<_> = FUNCTIONS
        .iter()
        .flat_map(|function| function.routes)
        .collect();
    routes.sort_by_key(|route| route.path.contains("logout"));
    routes
}

/// What a cell of the matrix says: refused as nobody, refused for the role, or let in, whatever the
/// handler then makes of a request for nothing.
fn verdict(response: &Response) -> &'static str {
    match response.status.as_u16() {
        401 => "401",
        403 => "403",
        status if status < 500 => "in",
        _ => panic!("a request failed: {response}"),
    }
}

async fn ask(app: &App, route: &Route, person: Option<&Person>) -> Response {
    let path = absent(route);
    let request = match (route.access, person) {
        (Access::RefreshCookie, Some(person)) => person.cookie_request(method(route), &path),
        (_, Some(person)) => person.request(method(route), &path),
        (_, None) => app.request(method(route), &path),
    };
    match route.method.as_str() {
        "GET" | "DELETE" => request.send().await,
        _ => request.json(json!({})).send().await,
    }
}

/// What an API token of an owner may do: with every permission that one can have, and to read only.
const API_TOKENS: [(&str, &[&str]); 2] = [
    (
        "token",
        &[
            "tasks.read",
            "tasks.write",
            "tasks.delete",
            "tasks.assign",
            "audit.read",
        ],
    ),
    ("reader", &["tasks.read"]),
];

fn expected_of_token(route: &Route, permissions: &[&str]) -> &'static str {
    match route.access {
        Access::Public => "in",
        // By its cookie, which has nothing to do with the token.
        Access::RefreshCookie => "401",
        Access::Needs(permission)
            if route.takes_api_tokens() && permissions.contains(&permission.as_str()) =>
        {
            "in"
        }
        Access::SignedIn | Access::Needs(_) => "403",
    }
}

fn expected(route: &Route, role: Option<&str>) -> &'static str {
    let permissions = BUILT_IN_ROLES
        .iter()
        .find(|known| Some(known.name) == role)
        .map(|role| role.permissions);
    match (route.access, permissions) {
        (Access::Public, _) => "in",
        (_, None) => "401",
        (Access::Needs(permission), Some(permissions)) if !permissions.contains(&permission) => {
            "403"
        }
        (_, Some(_)) => "in",
    }
}

/// The table that people review is the snapshot; that it agrees with the catalogue is checked cell
/// by cell.
#[tokio::test]
async fn attack_31_every_route_with_every_role() {
    let app = App::start().await;
    let owner = app.sign_in("alice").await;
    let mut people = Vec::new();
    for (login, role) in [("bob", "viewer"), ("carol", "member"), ("dave", "admin")] {
        people.push((role, app.member(&owner, login, role).await));
    }
    let mut programs = Vec::new();
    for (name, permissions) in API_TOKENS {
        programs.push((name, permissions, owner.api_token(permissions).await));
    }
    people.push(("owner", owner));

    let mut table = format!("{:<62} none viewer member admin owner token reader\n", "");
    let mut wrong = String::new();
    for route in routes() {
        let title = format!("{} {}", route.method.as_str(), route.path);
        let mut line = format!("{title:<62}");
        let mut cell = |who: &str, expected: &str, response: &Response| {
            let found = verdict(response);
            if found != expected {
                writeln!(
                    wrong,
                    "{title} as {who}: {expected} expected, {found} found\n{response}\n"
                )
                .unwrap();
            }
            write!(line, " {found:<5}").unwrap();
        };
        let response = ask(&app, route, None).await;
        cell("nobody", expected(route, None), &response);
        for (role, person) in &mut people {
            let response = ask(&app, route, Some(person)).await;
            cell(role, expected(route, Some(role)), &response);
            // Some routes change or end the session on purpose: the next row needs a whole one.
            if matches!(route.access, Access::RefreshCookie | Access::SignedIn)
                && method(route) == Method::POST
            {
                *person = app
                    .sign_in_to(&person.login, &person.organization_id())
                    .await;
            }
        }
        for (name, permissions, program) in &programs {
            let request = program.request(method(route), &absent(route));
            let response = match route.method.as_str() {
                "GET" | "DELETE" => request.send().await,
                _ => request.json(json!({})).send().await,
            };
            cell(name, expected_of_token(route, permissions), &response);
        }
        writeln!(table, "{}", line.trim_end()).unwrap();
    }
    assert!(wrong.is_empty(), "{wrong}");
    insta::assert_snapshot!("role_matrix", table);
}

/// A route's function answers 405 to every method that the path does not have, also when the
/// gateway is not there to refuse it first; an override header turns nothing into anything else.
#[tokio::test]
async fn attack_27_methods_that_no_route_has() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let authorization = format!("Bearer {}", alice.token);
    for function in FUNCTIONS {
        for path in paths(function.routes) {
            let known: Vec<&str> = function
                .routes
                .iter()
                .filter(|route| route.path == path)
                .map(|route| route.method.as_str())
                .collect();
            for method in ["PUT", "TRACE", "HEAD", "DELETE", "PATCH", "POST", "GET"] {
                if known.contains(&method) {
                    continue;
                }
                let target = absent(&Route {
                    path,
                    ..function.routes[0]
                });
                let event = http_event(
                    &format!("{method} {path}"),
                    &target,
                    &[("authorization", authorization.as_str())],
                    None,
                );
                let answer = app.invoke(function.name, &event).await.unwrap();
                assert_eq!(answer["statusCode"], 405, "{method} {path}: {answer}");
                // `Allow` names what the gateway lets through, and nothing else.
                let allowed = answer["headers"]["allow"].as_str().unwrap_or_default();
                let mut allowed: Vec<&str> = allowed.split(", ").collect();
                allowed.sort_unstable();
                let mut expected = known.clone();
                expected.sort_unstable();
                assert_eq!(allowed, expected, "{method} {path}: {answer}");

                // API Gateway has no such route and says so before any function runs; unless a
                // variable of another route fits, as in `DELETE /api/tasks/{task_id}`.
                let variable = function
                    .routes
                    .iter()
                    .any(|route| route.method.as_str() == method && fits(route.path, &target));
                let expected = if variable { 405 } else { 404 };
                let response = alice.request(method.parse().unwrap(), &target).send().await;
                assert_eq!(response.status, expected, "{method} {path}: {response}");
            }
        }
    }
}

/// Whether a route's path with variables fits.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) =
        (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern
            .iter()
            .zip(path)
            .all(|(expected, found)| *expected == found || expected.starts_with('{'))
}

/// The paths of the routes, each once.
fn paths(routes: &[Route]) -> Vec<&'static str> {
    let mut paths: Vec<_> = routes.iter().map(|route| route.path).collect();
    paths.dedup();
    paths
}

#[tokio::test]
async fn attack_27_an_override_header_turns_nothing_into_a_deletion() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let task = alice
        .post("/api/tasks", json!({"title": "Stay"}))
        .await
        .expect(201);
    let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
    for name in [
        "x-http-method-override",
        "x-http-method",
        "x-method-override",
    ] {
        let response = alice
            .request(Method::GET, &path)
            .header(name, "DELETE")
            .send()
            .await;
        assert_eq!(response.status, 200, "{name}: {response}");
        let posted = alice
            .request(Method::POST, "/api/tasks")
            .header(name, "DELETE")
            .json(json!({"title": "New"}));
        assert_eq!(posted.send().await.status, 201, "{name}");
    }
    let response = alice.get(&format!("{path}?_method=DELETE")).await;
    assert!(
        response.status == 200 || response.status == 400,
        "{response}"
    );
    alice.get(&path).await.expect(200);
}
