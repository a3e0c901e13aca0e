//! Cursors that were changed, or that belong to another list; limits out of range.

use miyabi_tests::{App, Person, json};

async fn fill(person: &Person) {
    for number in 0..4 {
        let body =
            json!({"title": format!("Task {number}"), "priority": format!("p{}", number % 2)});
        person.post("/api/tasks", body).await.expect(201);
    }
}

async fn cursor(person: &Person, query: &str) -> String {
    let page = person
        .get(&format!("/api/tasks?limit=1{query}"))
        .await
        .expect(200);
    page["next_cursor"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn attack_42_a_changed_cursor_is_none() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    fill(&alice).await;
    let cursor = cursor(&alice, "").await;
    alice
        .get(&format!("/api/tasks?cursor={cursor}"))
        .await
        .expect(200);
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (at, byte) in cursor.bytes().enumerate() {
        // The neighbour in the alphabet differs in the lowest bit, which the last letter may not use.
        let place = alphabet.iter().position(|letter| *letter == byte).unwrap();
        let mut changed = cursor.clone().into_bytes();
        changed[at] = alphabet[place ^ 0b10_0000];
        let changed = String::from_utf8(changed).unwrap();
        alice
            .get(&format!("/api/tasks?cursor={changed}"))
            .await
            .problem(400, "bad_cursor");
    }
    for wrong in [
        "",
        "x",
        &cursor[1..],
        &cursor[..cursor.len() - 4],
        &format!("{cursor}AAAA"),
        &format!("{cursor}%3D"),
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ] {
        alice
            .get(&format!("/api/tasks?cursor={wrong}"))
            .await
            .problem(400, "bad_cursor");
    }
}

#[tokio::test]
async fn attack_42_a_cursor_of_another_list_is_none() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    fill(&alice).await;
    fill(&bob).await;
    let orders = ["created_at", "updated_at", "-due_at", "priority", "-title"];
    let mut queries = vec![
        String::new(),
        "&status=pending".to_owned(),
        "&priority=p0".to_owned(),
        "&assignee=none".to_owned(),
        "&created_by=me".to_owned(),
        "&title_prefix=task".to_owned(),
        "&q=task".to_owned(),
    ];
    queries.extend(orders.map(|order| format!("&sort={order}")));
    for from in &queries {
        let cursor = cursor(&alice, from).await;
        for to in &queries {
            let path = format!("/api/tasks?limit=1{to}&cursor={cursor}");
            let own = alice.get(&path).await;
            if from == to {
                own.expect(200);
            } else {
                own.problem(400, "bad_cursor");
            }
            bob.get(&path).await.problem(400, "bad_cursor");
        }
        alice
            .get(&format!("/api/labels?cursor={cursor}"))
            .await
            .problem(400, "bad_cursor");
    }
    // `me` is somebody: a colleague's cursor for it is another's.
    let carol = app.member(&alice, "carol", "member").await;
    let mine = cursor(&alice, "&created_by=me").await;
    carol
        .get(&format!("/api/tasks?limit=1&created_by=me&cursor={mine}"))
        .await
        .problem(400, "bad_cursor");
    let all = cursor(&alice, "").await;
    carol
        .get(&format!("/api/tasks?limit=1&cursor={all}"))
        .await
        .expect(200);
}

#[tokio::test]
async fn attack_42_limits_out_of_range() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let task = alice.create("/api/tasks", json!({"title": "Task"})).await;
    let comments = format!("{task}/comments");
    for list in [
        "/api/tasks",
        "/api/labels",
        "/api/projects",
        "/api/views",
        &comments,
        "/api/activity",
        "/api/organizations",
        "/api/members",
        "/api/roles",
        "/api/invitations",
    ] {
        for limit in [
            "0",
            "-1",
            "101",
            "1000000",
            "9223372036854775808",
            "1.0",
            "0x10",
            "ten",
            "",
        ] {
            alice
                .get(&format!("{list}?limit={limit}"))
                .await
                .problem(400, "bad_limit");
        }
        alice.get(&format!("{list}?limit=100")).await.expect(200);
    }
}
