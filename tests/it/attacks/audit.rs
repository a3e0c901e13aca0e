//! The audit trail: every sensitive act has a row, and nobody can change one.

use miyabi_catalog::{Access, FUNCTIONS, Permission};
use miyabi_tests::{App, Person, RequestBuilder, json};
use sqlx::Executor;

mod acts;
mod acts_of_orgs;

async fn lines(app: &App, condition: &str) -> usize {
    app.rows(&format!("select from audit_log where {condition}"))
        .await
        .len()
}

/// Mutations of the catalogue that leave no line, and why.
const WITHOUT_A_LINE: &[(&str, &str)] = &[
    (
        "POST /api/auth/refresh",
        "an exchange each quarter of an hour changes nothing that anybody decided; a token that is used twice has a line",
    ),
    (
        "POST /api/invitations/preview",
        "it only reads; the code is in the body so that no log has it",
    ),
    (
        "POST /api/notifications/read",
        "whether somebody has read what they were told is theirs, and changes nothing for others",
    ),
    ("PATCH /api/notifications/{notification_id}", "the same"),
    ("PUT /api/tasks/{task_id}/watch", "the same"),
    ("DELETE /api/tasks/{task_id}/watch", "the same"),
    (
        "POST /api/auth/ws-ticket",
        "a ticket of 30 seconds gives no more than the token that it was issued for",
    ),
];

/// Does what each route of the catalogue is for that changes anything, and looks for its line. A
/// new route fails here until it is done, too.
#[tokio::test]
async fn attack_47_each_change_has_a_line() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let routes = FUNCTIONS.iter().flat_map(|function| function.routes);
    let mutations = routes
        .filter(|route| route.method.as_str() != "GET")
        .map(|route| format!("{} {}", route.method.as_str(), route.path))
        // A sign-in ends with a redirect from GitHub.
        .chain(["GET /api/auth/callback".to_owned()]);
    let mut without: Vec<&str> = WITHOUT_A_LINE.iter().map(|(route, _)| *route).collect();
    for route in mutations {
        if let Some(place) = without.iter().position(|known| *known == route) {
            without.remove(place);
            continue;
        }
        let done = acts::on(&app, &alice, &route).await;
        let condition = format!(
            "action = '{}' and coalesce(target_id::text, after ->> 'name', before ->> 'name') = '{}' and actor_id = '{}' and outcome = 'allowed' and request_id <> 'none'",
            done.action, done.target, done.actor
        );
        assert_eq!(lines(&app, &condition).await, 1, "{route}: {condition}");
    }
    assert!(without.is_empty(), "not in the catalogue: {without:?}");
}

/// Whoever is refused for the role has a line too, on each route that needs a permission.
#[tokio::test]
async fn attack_47_each_refusal_has_a_line() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    app.sql(&format!(
        "insert into roles (organization_id, name, permissions) values ('{}', 'nobody', '[]')",
        alice.organization_id()
    ))
    .await;
    let nobody = app.member(&alice, "bob", "nobody").await;
    let condition = format!(
        "outcome = 'denied' and action = 'access.denied' and actor_id = '{}'",
        nobody.user_id()
    );
    each_refusal_has_a_line(&app, &nobody, "missing_permission", &condition).await;
}

/// Whoever was removed has a line for each request with a token from before. A stranger has none:
/// nobody may fill another organization's trail.
#[tokio::test]
async fn attack_47_each_refusal_of_a_removed_member_has_a_line() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let removed = app.member(&alice, "bob", "member").await;
    let stranger = app.sign_in("mallory").await;
    let token = app.forge(&stranger.token, |token| {
        token.claims["org"] = json!(alice.organization_id());
    });
    app.sql(&format!(
        "update memberships set removed_at = now() where organization_id = '{}' and user_id = '{}'",
        alice.organization_id(),
        removed.user_id()
    ))
    .await;
    let condition = format!(
        "outcome = 'denied' and action = 'access.denied' and organization_id = '{}' and actor_id = '{}' \
         and target_type = 'membership' and target_id = actor_id and after ->> 'reason' = 'not_a_member'",
        alice.organization_id(),
        removed.user_id()
    );
    let refusals = each_refusal_has_a_line(&app, &removed, "not_a_member", &condition).await;
    for (method, path, _) in guarded() {
        let request = app.request(method.parse().unwrap(), &path).bearer(&token);
        refused(request, method, "not_a_member").await;
    }
    removed
        .get("/api/auth/me")
        .await
        .problem(403, "not_a_member");
    assert_eq!(lines(&app, &condition).await, refusals + 1);
    let strangers = format!(
        "actor_id = '{}' and (outcome = 'denied' or organization_id = '{}')",
        stranger.user_id(),
        alice.organization_id()
    );
    assert_eq!(lines(&app, &strangers).await, 0);
    // Whoever may read the trail sees it there.
    let page = alice
        .get("/api/activity?target_type=membership&limit=1")
        .await
        .expect(200);
    assert_eq!(page["items"][0]["outcome"], "denied", "{page}");
    assert_eq!(page["items"][0]["actor"]["id"], removed.user_id(), "{page}");
}

fn fill(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        if segment.starts_with('{') {
            uuid::Uuid::new_v4().to_string()
        } else {
            segment.to_owned()
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// Every route that needs a permission: method, a path and the permission.
fn guarded() -> impl Iterator<Item = (&'static str, String, Permission)> {
    let routes = FUNCTIONS.iter().flat_map(|function| function.routes);
    routes.filter_map(|route| match route.access {
        Access::Needs(permission) => Some((route.method.as_str(), fill(route.path), permission)),
        _ => None,
    })
}

/// Asks each of these routes as somebody who is refused with that code, and looks for the line of each
/// refusal. Gives how many there are.
async fn each_refusal_has_a_line(app: &App, person: &Person, code: &str, condition: &str) -> usize {
    let mut expected = 0;
    for (method, path, permission) in guarded() {
        refused(person.request(method.parse().unwrap(), &path), method, code).await;
        expected += 1;
        let needed = format!(
            "{condition} and after ->> 'needed' = '{}'",
            permission.as_str()
        );
        assert!(lines(app, &needed).await > 0, "{path}");
        assert_eq!(lines(app, condition).await, expected, "{path}");
    }
    expected
}

async fn refused(request: RequestBuilder, method: &str, code: &str) {
    let response = match method {
        "GET" | "DELETE" => request.send().await,
        _ => request.json(json!({})).send().await,
    };
    response.problem(403, code);
}

/// 42501 is PostgreSQL's "permission denied".
#[tokio::test]
async fn attack_47_no_role_can_change_or_remove_a_line() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    alice
        .post("/api/tasks", json!({"title": "Task"}))
        .await
        .expect(201);
    let before = app.rows("select * from audit_log").await;
    let roles = FUNCTIONS
        .iter()
        .filter_map(|function| function.database_role)
        .filter(|role| *role != "miyabi_owner");
    for role in roles {
        let mut connection = app.db_as(role).await;
        for statement in [
            "update audit_log set outcome = 'allowed'",
            "update audit_log set actor_id = null",
            "delete from audit_log",
            "truncate audit_log",
            "drop table audit_log",
            "alter table audit_log disable row level security",
            "insert into audit_log (organization_id, id, action, target_type, request_id, created_at) values (gen_random_uuid(), gen_random_uuid(), 'a.b', 'x', 'x', now())",
        ] {
            let set = format!(
                "begin; set local app.current_org_id = '{}'; set local app.current_user_id = '{}'",
                alice.organization_id(),
                alice.user_id()
            );
            connection.execute(sqlx::raw_sql(&set)).await.unwrap();
            let error = connection.execute(statement).await.unwrap_err();
            let code = error
                .as_database_error()
                .unwrap()
                .code()
                .unwrap()
                .into_owned();
            assert_eq!(code, "42501", "{role}: {statement}: {error}");
            connection.execute("rollback").await.unwrap();
        }
    }
    assert_eq!(app.rows("select * from audit_log").await, before);
}
