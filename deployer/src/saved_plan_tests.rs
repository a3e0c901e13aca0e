//! Tests of [`super`].

use std::collections::BTreeMap;

use super::*;
use crate::{
    ErrorKind,
    diary::Diary,
    plan::{DesiredStack, DesiredState, SitePlan},
    planning,
    site::SiteFile,
};

/// A plan with a stack, the code of a function and files of the site.
async fn plan(code: &[u8], site: &[SiteFile]) -> Plan {
    let sha256 = hex(&Sha256::digest(code));
    let desired = DesiredState {
        stage: "local".to_owned(),
        stacks: vec![DesiredStack {
            name: "data".to_owned(),
            template: json!({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}),
            parameters: BTreeMap::new(),
        }],
        assets: vec![Asset {
            function: "tasks".to_owned(),
            key: format!("functions/tasks/{sha256}.zip"),
            sha256,
            path: "/home/somebody/bootstrap".into(),
            size: 4,
        }],
        migrations: Vec::new(),
        site: Vec::new(),
    };
    let mut plan = planning::plan_for(&Diary::default(), desired, &[])
        .await
        .unwrap();
    plan.site = SitePlan {
        put: true,
        sha256: site::hash(site),
        files: site.to_vec(),
    };
    plan
}

/// A checkout with that code, as a build leaves it, and that page.
fn checkout(code: &[u8], page: &str) -> (tempfile::TempDir, Project) {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::new(folder.path());
    let built = project
        .artifacts()
        .join("functions/tasks")
        .join(hex(&Sha256::digest(code)));
    fs::create_dir_all(&built).unwrap();
    fs::write(built.join("bootstrap"), code).unwrap();
    let site = folder.path().join("deployer/site");
    fs::create_dir_all(&site).unwrap();
    fs::write(site.join("index.html"), page).unwrap();
    (folder, project)
}

#[tokio::test]
async fn a_saved_plan_is_the_same_plan_in_another_checkout_and_names_no_machine() {
    let (_one, project) = checkout(b"code", "<html>");
    let plan = plan(b"code", &site::files(&project).unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.json");
    save(&plan, &file).unwrap();
    let text = fs::read_to_string(&file).unwrap();
    assert!(!text.contains("/home/somebody"), "{text}");

    let (_other, elsewhere) = checkout(b"code", "<html>");
    let mut read = load(&file).unwrap();
    locate(&mut read, &elsewhere, &Diary::default())
        .await
        .unwrap();
    assert!(read.assets[0].path.starts_with(elsewhere.root()));
    read.assets[0].path.clone_from(&plan.assets[0].path);
    assert_eq!(read, plan);

    // White space is no edit.
    let value: Value = serde_json::from_str(&text).unwrap();
    fs::write(&file, value.to_string()).unwrap();
    load(&file).unwrap();
}

#[tokio::test]
async fn bytes_that_are_not_those_of_the_plan_are_refused() {
    let (_same, project) = checkout(b"code", "<html>");
    let plan = plan(b"code", &site::files(&project).unwrap()).await;
    let diary = Diary::default();
    for (code, page, expected) in [
        (b"edoc", "<html>", "The code of functions"),
        (b"code", "<body>", "The files of the site"),
    ] {
        let (_folder, other) = checkout(code, page);
        let error = locate(&mut plan.clone(), &other, &diary).await.unwrap_err();
        assert!(error.message().starts_with(expected), "{error}");
        assert!(
            error.hint().contains("`cargo xtask build --stage local`"),
            "{}",
            error.hint()
        );
    }
    // A file of the right name with other content is not what was built.
    let built = project.artifacts().join("functions/tasks");
    let built = built.join(&plan.assets[0].sha256).join("bootstrap");
    fs::write(built, "cut").unwrap();
    assert!(locate(&mut plan.clone(), &project, &diary).await.is_err());
}

#[tokio::test]
async fn fault_43_a_plan_that_was_edited_or_is_of_another_format_is_refused() {
    let plan = plan(b"code", &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("plan.json");
    save(&plan, &file).unwrap();
    let whole: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut edited = whole.clone();
        change(&mut edited);
        fs::write(&file, edited.to_string()).unwrap();
        let error = load(&file).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        error.message().to_owned()
    };
    let edits: [&dyn Fn(&mut Value); 3] = [
        &|plan| plan["plan"]["stacks"][0]["template"]["Resources"] = json!({}),
        &|plan| plan["plan"]["risks"] = json!([1]),
        &|plan| plan["checksum"] = json!("ab"),
    ];
    for edit in edits {
        let told = refused(edit);
        assert!(told.contains("it was edited after it was saved"), "{told}");
    }
    let told = refused(&|plan| plan["format"] = json!(9));
    assert!(
        told.contains("it has format 9, and this program reads format 1"),
        "{told}"
    );
    let told = refused(&|plan| *plan = json!({"stacks": []}));
    assert!(told.contains("it is not a saved plan"), "{told}");
    fs::write(&file, "{").unwrap();
    assert!(
        load(&file)
            .unwrap_err()
            .message()
            .contains("it is not JSON")
    );
    fs::remove_file(&file).unwrap();
    assert!(
        load(&file)
            .unwrap_err()
            .message()
            .contains("it cannot be read")
    );
}

#[tokio::test]
async fn a_plan_that_was_made_offline_is_not_saved() {
    let mut plan = plan(b"code", &[]).await;
    plan.made_from.stage = None;
    let folder = tempfile::tempdir().unwrap();
    let error = save(&plan, &folder.path().join("plan.json")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}
