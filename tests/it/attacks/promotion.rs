//! People who give themselves more than they were given. The routes that change roles and members
//! are in `orgs/`; nothing else may do it.

use miyabi_tests::{App, Method, json};
use sqlx::Executor;

#[tokio::test]
async fn attack_33_a_role_in_the_token_is_only_for_show() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let viewer = app.member(&alice, "carol", "viewer").await;
    for role in ["owner", "admin", "*", "viewer,owner"] {
        let token = app.forge(&viewer.token, |token| token.claims["role"] = json!(role));
        let request = app.request(Method::GET, "/api/activity").bearer(&token);
        request.send().await.problem(403, "missing_permission");
        let me = app
            .request(Method::GET, "/api/auth/me")
            .bearer(&token)
            .send()
            .await;
        assert_eq!(me.expect(200)["organization"]["role"], "viewer");
    }
}

#[tokio::test]
async fn attack_33_a_switch_takes_no_role_along() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let viewer = app.member(&alice, "carol", "viewer").await;
    let organization = alice.organization_id();
    for extra in ["role", "permissions", "user_id"] {
        let body = json!({"organization_id": organization, extra: "owner"});
        let request = viewer
            .cookie_request(Method::POST, "/api/auth/switch")
            .json(body);
        assert_eq!(
            request.send().await.problem(422, "invalid")["errors"][0]["field"],
            extra
        );
    }
}

#[tokio::test]
async fn attack_33_no_function_may_write_roles_or_memberships() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let (organization, user) = (alice.organization_id(), alice.user_id());
    for role in ["miyabi_auth", "miyabi_tasks", "miyabi_activity"] {
        let mut connection = app.db_as(role).await;
        let settings = format!(
            "select set_config('app.current_org_id', '{organization}', false), set_config('app.current_user_id', '{user}', false)"
        );
        connection.execute(settings.as_str()).await.unwrap();
        for statement in [
            "update memberships set role = 'owner'",
            "update memberships set removed_at = now()",
            "delete from memberships",
            "insert into memberships (organization_id, user_id, role) values (gen_random_uuid(), gen_random_uuid(), 'owner')",
            "update roles set permissions = '[\"org.delete\"]'",
            "insert into roles (organization_id, name, permissions) values (gen_random_uuid(), 'x', '[]')",
            "update users set disabled_at = null",
        ] {
            let error = connection.execute(statement).await.unwrap_err();
            let denied = error.as_database_error().and_then(|error| error.code());
            assert_eq!(
                denied.as_deref(),
                Some("42501"),
                "{role}: {statement}: {error}"
            );
        }
    }
    // Nor does the schema take a permission that there is not, whoever writes it.
    let mut owner = app.database().connect_as_superuser().await;
    for permissions in [
        "[\"*\"]",
        "[\"tasks.*\"]",
        "[\"tasks.fly\"]",
        "\"tasks.read\"",
    ] {
        let statement = format!(
            "insert into roles (organization_id, name, permissions) values ('{organization}', 'odd', '{permissions}')"
        );
        let error = owner.execute(statement.as_str()).await.unwrap_err();
        assert!(
            error.to_string().contains("roles_permissions"),
            "{permissions}: {error}"
        );
    }
}
