//! The order that people make: `sort=rank`, and `after` of a change.

use std::collections::BTreeSet;

use miyabi_tests::{App, Dice, Method, Person, Value, json};
use tokio::task::JoinSet;

use super::{path, task, titles};

/// The titles in the order that people made.
async fn order(person: &Person) -> Vec<String> {
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/tasks?sort=rank&limit=100{cursor}");
        let page = person.get(&path).await.expect(200);
        found.extend(titles(&page).into_iter().map(str::to_owned));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

/// Moves a task behind another one, `None` before all, whatever its version is.
async fn put(person: &Person, task: &Value, after: Option<&Value>) -> Value {
    let path = path(task);
    let now = person.get(&path).await.expect(200);
    let after = after.map_or(json!(null), |after| after["id"].clone());
    let version = now["version"].as_i64().unwrap();
    let change = json!({ "after": after });
    person.patch(&path, version, change).await.expect(200)
}

async fn several(person: &Person, titles: &str) -> Vec<Value> {
    let mut tasks = Vec::new();
    for title in titles.chars() {
        tasks.push(task(person, &title.to_string()).await);
    }
    tasks
}

#[tokio::test]
async fn a_task_is_moved_behind_another_one_and_a_new_one_comes_last() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let tasks = several(&alice, "abcd").await;
    let [a, b, c, d] = &tasks[..] else {
        panic!("{tasks:?}");
    };
    assert_eq!(order(&alice).await.concat(), "abcd");
    for (moved, after, expected) in [
        (d, Some(a), "adbc"),
        (c, None, "cadb"),
        (a, Some(b), "cdba"),
        (b, None, "bcda"),
        (c, Some(a), "bdac"),
        (d, Some(c), "bacd"),
    ] {
        let moved = put(&alice, moved, after).await;
        assert_eq!(order(&alice).await.concat(), expected);
        let line = alice
            .get(&format!("{}/history?limit=1", path(&moved)))
            .await;
        let line = line.expect(200)["items"][0].clone();
        assert_eq!(line["after"], json!({ "rank": moved["rank"] }));
    }
    task(&alice, "e").await;
    assert_eq!(order(&alice).await.concat(), "bacde");
    // Of each status, and backwards.
    let closed = json!({"status": "completed"});
    for task in [a, d] {
        let now = alice.get(&path(task)).await.expect(200);
        let version = now["version"].as_i64().unwrap();
        alice
            .patch(&path(task), version, closed.clone())
            .await
            .expect(200);
    }
    assert_eq!(order(&alice).await.concat(), "bacde");
    for (query, expected) in [
        ("sort=-rank", "edcab"),
        ("sort=rank&status=pending", "bce"),
        ("sort=rank&status=completed,pending", "bacde"),
        ("sort=-rank&status=completed", "da"),
    ] {
        let page = alice.get(&format!("/api/tasks?{query}")).await.expect(200);
        assert_eq!(titles(&page).concat(), expected, "{query}");
    }
    // A deleted task comes back where it was.
    alice.delete(&path(c)).await.expect(204);
    assert_eq!(order(&alice).await.concat(), "bade");
    put(&alice, b, Some(a)).await;
    let restore = format!("{}/restore", path(c));
    alice.post(&restore, json!({})).await.expect(200);
    assert_eq!(order(&alice).await.concat(), "abcde");
}

#[tokio::test]
async fn a_place_that_a_task_has_changes_nothing_and_one_of_nothing_is_refused() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let foreign = task(&bob, "Foreign").await;
    let tasks = several(&alice, "abc").await;
    let [a, b, c] = &tasks[..] else {
        panic!("{tasks:?}");
    };
    for (moved, after) in [(a, None), (b, Some(a)), (c, Some(b)), (b, Some(b))] {
        assert_eq!(put(&alice, moved, after).await["version"], 1);
    }
    alice.delete(&path(c)).await.expect(204);
    for after in [&foreign["id"], &json!(uuid::Uuid::new_v4()), &c["id"]] {
        let refused = alice.patch(&path(a), 1, json!({ "after": after })).await;
        let problem = refused.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], "after", "{problem}");
    }
    let forged = alice.patch(&path(a), 1, json!({"rank": "V000009"})).await;
    forged.problem(422, "invalid");
    assert_eq!(order(&alice).await.concat(), "ab");
    assert_eq!(order(&bob).await, ["Foreign"]);
}

fn below(dice: &mut Dice, sides: usize) -> usize {
    let thrown = dice.throw(u64::try_from(sides).unwrap());
    usize::try_from(thrown).unwrap()
}

/// Moves to any place, and new tasks: the order is that of a list to which the same is done, and no key
/// is long.
#[tokio::test]
async fn random_moves_lead_to_the_order_of_a_list() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut dice = Dice::new(7);
    let mut model = several(&alice, "abcdefgh").await;
    for round in 0..200 {
        let moved = model.remove(below(&mut dice, model.len()));
        // Often the same gap: where keys grow.
        let place = match below(&mut dice, 3) {
            0 => below(&mut dice, model.len() + 1),
            1 => model.len() / 2,
            _ => 0,
        };
        let after = place.checked_sub(1).map(|before| &model[before]);
        put(&alice, &moved, after).await;
        model.insert(place, moved);
        if round % 20 == 0 {
            model.push(task(&alice, &format!("new {round}")).await);
        }
        check(&alice, &model, round).await;
    }
    let longest = app.rows("select max(length(rank)) <= 50 from tasks").await;
    assert_eq!(longest, ["(t)"]);
}

async fn check(person: &Person, model: &[Value], round: usize) {
    let expected: Vec<&str> = model
        .iter()
        .map(|task| task["title"].as_str().unwrap())
        .collect();
    assert_eq!(order(person).await, expected, "round {round}");
}

/// A key would get too long: the tasks around the place get new ones, which an event names.
#[tokio::test]
async fn the_tasks_around_a_gap_that_is_used_up_get_new_keys() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let tasks = several(&alice, "abcd").await;
    let [a, b, c, d] = &tasks[..] else {
        panic!("{tasks:?}");
    };
    // As after hundreds of moves into the gap between two: one digit more comes with about six.
    app.sql(&format!(
        "update tasks set rank = 'V000001' || repeat('V', 42) || case title when 'b' then '' when 'c' then 'V' else 'W' end
         where title in ('b', 'c', 'd') and organization_id = '{}'",
        alice.organization_id()
    ))
    .await;
    assert_eq!(order(&alice).await.concat(), "abcd");
    for round in 0..8 {
        let (moved, after) = if round % 2 == 0 { (b, c) } else { (c, b) };
        put(&alice, moved, Some(after)).await;
        let expected = if round % 2 == 0 { "acbd" } else { "abcd" };
        assert_eq!(order(&alice).await.concat(), expected, "round {round}");
    }
    let is_short = "select max(length(rank)) < 12 from tasks";
    assert_eq!(app.rows(is_short).await, ["(t)"]);
    let version = async |task: &Value| {
        let task = alice.get(&path(task)).await.expect(200);
        task["version"].as_i64().unwrap()
    };
    // The first one kept its key.
    assert_eq!((version(a).await, version(d).await), (1, 2));
    let named = "select cardinality(ids) from outbox where type = 'tasks.changed'";
    assert_eq!(app.rows(named).await, ["(2)"]);
}

#[tokio::test]
async fn tasks_that_are_moved_at_once_all_get_a_place() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let tasks = several(&alice, "abcdefghijkl").await;
    let mut requests = JoinSet::new();
    for (number, moved) in tasks.iter().enumerate() {
        // All into the gap behind the first one, while others are created.
        let after = if number == 0 {
            json!(null)
        } else {
            tasks[0]["id"].clone()
        };
        let request = alice
            .request(Method::PATCH, &path(moved))
            .header("if-match", "\"1\"")
            .json(json!({ "after": after }));
        requests.spawn(async move { request.send().await });
        let title = format!("new {number}");
        let request = alice
            .request(Method::POST, "/api/tasks")
            .json(json!({ "title": title }));
        requests.spawn(async move { request.send().await });
    }
    for response in requests.join_all().await {
        assert!(response.status.is_success(), "{response}");
    }
    let found = order(&alice).await;
    assert_eq!(found[0], "a");
    let moved: BTreeSet<&str> = found[1..12].iter().map(String::as_str).collect();
    assert_eq!(
        moved,
        BTreeSet::from(["b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"])
    );
    assert!(found[12..].iter().all(|title| title.starts_with("new ")));
    let keys = app
        .rows("select count(distinct rank) = 24 from tasks")
        .await;
    assert_eq!(keys, ["(t)"]);
}
