//! Handlers that panic, and responses that Lambda does not take, in the profile of the functions
//! under test. No function does either, so programs of `handlers/core/examples` do: they are built
//! as the functions are, and around their handlers is what is around those of the functions.

use std::path::PathBuf;

use miyabi_tests::{App, Person, Setup, json, programs_with_example};

/// How often a handler panics, in three ways in turn.
const ROUNDS: usize = 12;

async fn application(programs: PathBuf) -> App {
    let setup = Setup {
        programs: Some(programs),
        ..Setup::default()
    };
    App::with(setup).await
}

/// Panics and oversized responses of one organization's requests, with another's between them.
/// `programs`: with the example `misbehaving_function` as `tasks`.
pub(crate) async fn misbehaves_for_nobody_else(programs: PathBuf) {
    let app = application(programs).await;
    let (alice, bob) = (app.sign_in("alice").await, app.sign_in("bob").await);
    for person in [&alice, &bob] {
        app.sql(&format!(
            "insert into labels (organization_id, id, name) values ('{}', gen_random_uuid(), 'Theirs')",
            person.organization_id()
        ))
        .await;
    }
    let sees_only_their_own = async |person: &Person| {
        let seen = person.get("/api/tasks").await.expect(200);
        assert_eq!(seen, json!([person.organization_id()]));
    };
    sees_only_their_own(&bob).await;
    let process = app.processes("tasks");
    assert_eq!(process.len(), 1, "{process:?}");
    for round in 0..ROUNDS {
        let path = ["/api/tasks", "/api/tasks/bulk", "/api/labels"][round % 3];
        let response = alice.post(path, json!({})).await;
        response.problem(500, "internal");
        assert!(!response.text().contains("panic"), "{response}");
        sees_only_their_own(&bob).await;
        sees_only_their_own(&alice).await;
    }
    let too_much = alice.get("/api/labels").await;
    assert!(too_much.status.is_server_error(), "{too_much}");
    sees_only_their_own(&bob).await;

    assert_eq!(app.processes("tasks"), process, "it was started again");
    let labels = app.rows("select id from labels").await;
    assert_eq!(labels.len(), 2, "what a panic cut off is not committed");
    let logs = app.logs().await;
    let panics = logs.matches("A panic: this is a mistake in the program.");
    assert_eq!(panics.count(), ROUNDS);
    assert!(logs.contains("The response is larger than Lambda takes."));
}

#[tokio::test]
async fn attack_56_a_panic_is_a_500_and_the_next_request_meets_a_clean_connection() {
    misbehaves_for_nobody_else(programs_with_example("tasks", "misbehaving_function")).await;
}

#[tokio::test]
async fn attack_56_a_panic_in_a_direct_invocation_is_its_error_and_the_next_is_answered() {
    let app = application(programs_with_example("github", "misbehaving_invocation")).await;
    let answered = json!({"kind": "echo"});
    assert_eq!(app.invoke("github", &answered).await, Ok(answered.clone()));
    let process = app.processes("github");
    for _ in 0..3 {
        let error = app.invoke("github", &json!("panic")).await.unwrap_err();
        assert!(error["errorType"].is_string(), "{error}");
        assert_eq!(app.invoke("github", &answered).await, Ok(answered.clone()));
    }
    assert_eq!(app.processes("github"), process, "it was started again");
}
