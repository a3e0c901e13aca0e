//! Several at once.

use miyabi_tests::{App, json};
use tokio::task::JoinSet;

use super::{invite, member_path, organization_path};

const ROUNDS: usize = 10;

#[tokio::test]
async fn attack_33_two_last_owners_at_once_do_not_leave_an_organization_without_one() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "owner").await;
    let organization = alice.organization_id();
    let owners = format!(
        "select from memberships where organization_id = '{organization}' and role = 'owner' and removed_at is null"
    );
    for round in 0..ROUNDS {
        // Each demotes the other, removes the other, or both leave.
        let (path_a, path_b) = (member_path(&alice), member_path(&bob));
        let leave = format!("{}/leave", organization_path(&alice));
        let (one, other) = match round % 3 {
            0 => {
                let change = json!({"role": "member"});
                tokio::join!(
                    alice.patch(&path_b, 1, change.clone()),
                    bob.patch(&path_a, 1, change)
                )
            }
            1 => tokio::join!(alice.delete(&path_b), bob.delete(&path_a)),
            _ => tokio::join!(alice.post(&leave, json!({})), bob.post(&leave, json!({}))),
        };
        let done = [&one, &other]
            .iter()
            .filter(|response| response.status.is_success())
            .count();
        assert_eq!(done, 1, "round {round}: {one}\n{other}");
        assert_eq!(
            app.rows(&owners).await.len(),
            1,
            "round {round}: {one}\n{other}"
        );
        app.sql(&format!(
            "update memberships set role = 'owner', removed_at = null, version = 1 where organization_id = '{organization}'"
        ))
        .await;
    }
}

#[tokio::test]
async fn attack_43_an_invitation_for_three_lets_three_of_ten_in() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let (_, code) = invite(&alice, json!({"role": "viewer", "max_uses": 3})).await;
    let mut people = Vec::new();
    for number in 0..10 {
        people.push(app.sign_in(&format!("guest-{number}")).await);
    }
    let mut requests = JoinSet::new();
    for person in &people {
        let request = person.request(miyabi_tests::Method::POST, "/api/invitations/accept");
        requests.spawn(request.json(json!({ "code": code })).send());
    }
    let responses = requests.join_all().await;
    let joined = responses.iter().filter(|response| response.status == 200);
    assert_eq!(joined.count(), 3);
    for response in responses.iter().filter(|response| response.status != 200) {
        response.problem(410, "invitation_closed");
    }
    let members = alice.get("/api/members").await.expect(200);
    assert_eq!(members["items"].as_array().unwrap().len(), 4);
}
