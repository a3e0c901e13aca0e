//! `/api/projects`, and tasks in projects.

use miyabi_tests::{App, Method, Person, Value, json};

use super::{path, task, titles};

async fn project(person: &Person, name: &str) -> Value {
    person
        .post("/api/projects", json!({ "name": name }))
        .await
        .expect(201)
}

fn project_path(project: &Value) -> String {
    format!("/api/projects/{}", project["id"].as_str().unwrap())
}

/// The names of all projects, page by page.
async fn names(person: &Person) -> String {
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = person
            .get(&format!("/api/projects?limit=2{cursor}"))
            .await
            .expect(200);
        for project in page["items"].as_array().unwrap() {
            names.push(project["name"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return names.join(" "),
        }
    }
}

#[tokio::test]
async fn projects_have_the_order_that_people_give_them() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut projects = Vec::new();
    for name in ["A", "B", "C", "D", "E"] {
        projects.push(project(&alice, name).await);
    }
    assert_eq!(names(&alice).await, "A B C D E");
    let id = |index: usize| projects[index]["id"].clone();
    let mut versions = [1; 5];
    for (moved, after, expected, changes) in [
        (4, json!(null), "E A B C D", true),
        (4, json!(null), "E A B C D", false),
        (0, id(2), "E B C A D", true),
        (0, id(2), "E B C A D", false),
        (0, id(0), "E B C A D", false),
        (3, id(4), "E D B C A", true),
        (4, id(0), "D B C A E", true),
    ] {
        let path = project_path(&projects[moved]);
        let answer = alice
            .patch(&path, versions[moved], json!({ "after": after }))
            .await
            .expect(200);
        versions[moved] += i64::from(changes);
        assert_eq!(answer["version"], versions[moved], "{moved} behind {after}");
        assert_eq!(names(&alice).await, expected, "{moved} behind {after}");
    }
    let unknown = json!({"after": uuid::Uuid::new_v4()});
    let problem = alice
        .patch(&project_path(&projects[1]), 1, unknown)
        .await
        .problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "after");
}

#[tokio::test]
async fn a_project_is_put_where_there_is_no_room_left() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut projects = Vec::new();
    for name in ["A", "B", "C"] {
        projects.push(project(&alice, name).await);
    }
    // As after thousands of moves into the same gap; and two with the same key, which only a fault
    // could make.
    let long = "0".repeat(99);
    for ranks in [
        [format!("V{long}1"), format!("V{long}2")],
        ["V".to_owned(), "V".to_owned()],
    ] {
        for (project, rank) in projects.iter().zip(&ranks) {
            app.sql(&format!(
                "update projects set rank = '{rank}' where id = '{}'",
                project["id"].as_str().unwrap()
            ))
            .await;
        }
        app.sql("update projects set rank = 'W', version = 1 where name = 'C'")
            .await;
        let after = json!({"after": projects[0]["id"]});
        alice
            .patch(&project_path(&projects[2]), 1, after)
            .await
            .expect(200);
        assert_eq!(names(&alice).await, "A C B", "{ranks:?}");
        app.sql("update projects set rank = 'zzz' where name = 'C'")
            .await;
    }
    app.sql(&format!(
        "update projects set rank = 'zz{}' where name = 'C'",
        "z".repeat(99)
    ))
    .await;
    project(&alice, "D").await;
    assert_eq!(names(&alice).await, "A B C D");
}

#[tokio::test]
async fn projects_moved_at_once_stay_in_one_order() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut projects = Vec::new();
    for name in ["A", "B", "C", "D", "E", "F", "G", "H"] {
        projects.push(project(&alice, name).await);
    }
    let mut moves = tokio::task::JoinSet::new();
    for project in &projects[1..] {
        let request = alice
            .request(Method::PATCH, &project_path(project))
            .header("if-match", "\"1\"")
            .json(json!({"after": projects[0]["id"]}));
        moves.spawn(async move { request.send().await });
    }
    for response in moves.join_all().await {
        response.expect(200);
    }
    let ranks = app.rows("select distinct rank from projects").await;
    assert_eq!(ranks.len(), 8);
    assert!(names(&alice).await.starts_with("A "));
}

#[tokio::test]
async fn a_project_is_renamed_coloured_archived_and_taken_back() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let viewer = app.member(&alice, "bob", "viewer").await;
    let created = project(&alice, " Garden ").await;
    assert_eq!(
        created,
        json!({
            "id": created["id"], "name": "Garden", "color": "#64748b", "rank": "V", "archived_at": null,
            "version": 1, "created_at": created["created_at"], "updated_at": created["created_at"],
        })
    );
    let path = project_path(&created);
    let changed = alice
        .patch(
            &path,
            1,
            json!({"name": "Moss", "color": "#00AA11", "archived": true}),
        )
        .await;
    assert_eq!(changed.header("etag"), "\"2\"");
    let changed = changed.expect(200);
    assert_eq!(
        (&changed["name"], &changed["color"]),
        (&json!("Moss"), &json!("#00aa11"))
    );
    let archived_at = changed["archived_at"].clone();
    assert!(archived_at.is_string());
    let same = json!({"name": "Moss", "archived": true});
    assert_eq!(alice.patch(&path, 2, same).await.expect(200), changed);
    // Other changes keep the time of archiving.
    let renamed = alice.patch(&path, 2, json!({"name": "Stone"})).await;
    assert_eq!(renamed.expect(200)["archived_at"], archived_at);
    let back = alice.patch(&path, 3, json!({"archived": false})).await;
    assert_eq!(back.expect(200)["archived_at"], json!(null));
    for (body, field) in [
        (json!({"name": ""}), "name"),
        (json!({"name": null}), "name"),
        (json!({"color": "red"}), "color"),
        (json!({"archived": null}), "archived"),
        (json!({"after": "x"}), "after"),
        (json!({"rank": "V"}), "rank"),
    ] {
        let problem = alice.patch(&path, 4, body).await.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field);
    }
    viewer
        .patch(&path, 4, json!({"name": "Mine"}))
        .await
        .problem(403, "missing_permission");
    assert_eq!(names(&viewer).await, "Stone");
    let events = app
        .rows("select type, versions from outbox where type like 'project.%' order by seq")
        .await;
    assert_eq!(
        events,
        ["{1}", "{2}", "{3}", "{4}"].map(|version| format!("(project.changed,{version})"))
    );
    let lines = app
        .rows("select before ->> 'name', after ->> 'name' from audit_log where action like 'project.%' order by created_at")
        .await;
    assert_eq!(
        lines,
        [
            "(,Garden)",
            "(Garden,Moss)",
            "(Moss,Stone)",
            "(Stone,Stone)"
        ]
    );
}

#[tokio::test]
async fn tasks_are_in_a_project_or_in_none_and_listed_by_it() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let garden = project(&alice, "Garden").await;
    let house = project(&alice, "House").await;
    let mut tasks = Vec::new();
    for (title, project) in [
        ("Water the maple", json!(garden["id"])),
        ("Paint the door", json!(house["id"])),
        ("Sweep the maple leaves", json!(garden["id"])),
        ("Rest under the maple", json!(null)),
    ] {
        let body = json!({"title": title, "project_id": project});
        let created = alice.post("/api/tasks", body).await.expect(201);
        assert_eq!(created["project_id"], project);
        tasks.push(created);
    }
    let found = async |query: String| {
        let page = alice.get(&format!("/api/tasks?{query}")).await.expect(200);
        titles(&page).join(", ")
    };
    let (garden, house) = (
        garden["id"].as_str().unwrap(),
        house["id"].as_str().unwrap(),
    );
    for (query, expected) in [
        (
            format!("project={garden}"),
            "Sweep the maple leaves, Water the maple",
        ),
        (
            format!("project={garden}&sort=created_at&limit=1"),
            "Water the maple",
        ),
        (
            format!("project={garden}&sort=title"),
            "Sweep the maple leaves, Water the maple",
        ),
        (format!("project={house}"), "Paint the door"),
        ("project=none".to_owned(), "Rest under the maple"),
        (
            format!("q=maple&project={garden}"),
            "Sweep the maple leaves, Water the maple",
        ),
        ("q=maple&project=none".to_owned(), "Rest under the maple"),
        (format!("q=maple&project={house}"), ""),
        (format!("q=%231&project={house}"), ""),
        (format!("project={}", uuid::Uuid::new_v4()), ""),
    ] {
        assert_eq!(found(query.clone()).await, expected, "{query}");
    }
    for query in ["project=me", "project=x"] {
        let problem = alice
            .get(&format!("/api/tasks?{query}"))
            .await
            .problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], "project");
    }
    let moved = json!({"project_id": house});
    alice
        .patch(&path(&tasks[0]), 1, moved.clone())
        .await
        .expect(200);
    let taken_out = json!({"id": tasks[2]["id"], "version": 1, "change": {"project_id": null}});
    let bulk = alice
        .post("/api/tasks/bulk", json!({ "items": [taken_out] }))
        .await
        .expect(200);
    assert_eq!(bulk["items"][0]["project_id"], json!(null));
    assert_eq!(found(format!("project={garden}")).await, "");
    let snapshot = alice.get("/api/tasks/snapshot").await.expect(200);
    let in_house = snapshot["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|task| task["project_id"] == house);
    assert_eq!(in_house.count(), 2);
    let line = app
        .rows("select before, after from audit_log where action = 'task.update' order by created_at limit 1")
        .await;
    assert!(
        line[0].contains("project_id") && !line[0].contains("title"),
        "{line:?}"
    );
    // A new task takes its place in its project only when it names it.
    assert_eq!(task(&alice, "New").await["project_id"], json!(null));
}
