//! Tests of [`super`].

use std::{fs, path::Path};

use super::*;
use crate::plan::{ResourceAction, StackAction};

fn project() -> Project {
    Project::new(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
}

/// Writes the templates of a stage as `synth --out` does.
fn synth(stage: &Stage, folder: &Path, as_json: bool) {
    for template in synth::templates(&project(), stage, &[]).unwrap() {
        let (end, text) = match as_json {
            true => ("json", template.json.to_string()),
            false => ("yaml", template.yaml()),
        };
        fs::write(folder.join(format!("{}.{end}", template.stack)), text).unwrap();
    }
}

#[test]
fn every_stage_compared_with_itself_is_an_empty_plan() {
    for name in ["local", "sandbox", "dev", "staging", "prod"] {
        let stage = Stage::load(name).unwrap();
        for as_json in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            synth(&stage, folder.path(), as_json);
            let made = plan(&project(), &stage, Some(folder.path()), &[]).unwrap();
            assert!(made.plan.is_empty(), "{name}: {:?}", made.plan.stacks);
            assert!(made.plan.risks.is_empty(), "{name}: {:?}", made.plan.risks);
        }
    }
}

#[test]
fn code_is_taken_as_it_is_deployed_and_one_template_says_nothing_about_the_others() {
    let stage = Stage::load("dev").unwrap();
    let mut built = stacks::Assets::placeholder();
    for asset in built.functions.values_mut() {
        asset.sha256 = "ab".repeat(32);
    }
    let app = synth::synth(&stage, &built).unwrap();
    let migrate = app.stack("migrate").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("migrate.yaml");
    let text = migrate.yaml();
    let changed = text.replace("RetentionInDays: 7", "RetentionInDays: 14");
    fs::write(&file, changed).unwrap();
    let made = plan(&project(), &stage, Some(&file), &["migrate".to_owned()]).unwrap();
    let changed: Vec<_> = made
        .plan
        .stacks
        .iter()
        .flat_map(|stack| &stack.resources)
        .map(|change| (change.logical_id.as_str(), change.action))
        .collect();
    assert_eq!(changed, [("MigrateLog", ResourceAction::Change)]);
}

#[test]
fn a_stack_without_a_template_in_the_folder_is_not_deployed() {
    let stage = Stage::load("dev").unwrap();
    let folder = tempfile::tempdir().unwrap();
    synth(&stage, folder.path(), false);
    fs::remove_file(folder.path().join("site.yaml")).unwrap();
    let made = plan(&project(), &stage, Some(folder.path()), &[]).unwrap();
    let actions: Vec<_> = made
        .plan
        .stacks
        .iter()
        .map(|stack| (stack.name.as_str(), stack.action))
        .collect();
    assert_eq!(
        actions,
        [
            ("gateway", StackAction::None),
            ("network", StackAction::None),
            ("data", StackAction::None),
            ("migrate", StackAction::None),
            ("ops", StackAction::None),
            ("realtime", StackAction::None),
            ("api", StackAction::None),
            ("site", StackAction::Create)
        ]
    );
    assert_eq!(made.plan.risks, []);
}

#[test]
fn what_is_no_template_of_the_stage_is_refused_by_name() {
    let stage = Stage::load("dev").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let refused = |path: &Path| {
        let error = plan(&project(), &stage, Some(path), &[]).unwrap_err();
        let shown = format!("{error} {}", error.causes().join(" "));
        shown.replace(&*folder.path().to_string_lossy(), "FOLDER")
    };
    let mut told = vec![
        refused(&folder.path().join("nothing")),
        refused(folder.path()),
    ];
    let file = folder.path().join("data.yaml");
    for broken in ["Resources: [\n", "Outputs: {}\n"] {
        fs::write(&file, broken).unwrap();
        told.push(refused(folder.path()));
    }
    fs::write(&file, "Resources: {}\n").unwrap();
    fs::write(folder.path().join("data.json"), "{\"Resources\": {}}").unwrap();
    let twins = refused(folder.path());
    assert!(
        twins.ends_with("are templates of the same stack. "),
        "{twins}"
    );
    fs::rename(
        folder.path().join("data.json"),
        folder.path().join("queue.json"),
    )
    .unwrap();
    told.push(refused(folder.path()));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_was_last_read_is_what_an_offline_plan_compares_with() {
    let folder = tempfile::tempdir().unwrap();
    let root = project();
    for name in ["migrations", "frontend", "deployer"] {
        std::os::unix::fs::symlink(root.root().join(name), folder.path().join(name)).unwrap();
    }
    let project = Project::new(folder.path());
    let stage = Stage::load("dev").unwrap();
    let error = plan(&project, &stage, None, &[]).unwrap_err();
    assert!(
        error
            .message()
            .starts_with("Nothing was read of the stage `dev`"),
        "{error}"
    );

    last_read::keep(&project, "dev", "the account 1", &Deployed::default()).unwrap();
    let made = plan(&project, &stage, None, &[]).unwrap();
    assert!(
        made.plan
            .stacks
            .iter()
            .all(|stack| stack.action == StackAction::Create)
    );
    assert!(
        matches!(&made.baseline, Baseline::LastRead { from, at } if from == "the account 1" && at.ends_with('Z')),
        "{:?}",
        made.baseline
    );

    forget(&project, "dev").unwrap();
    forget(&project, "dev").unwrap();
    assert!(plan(&project, &stage, None, &[]).is_err());

    let local = Stage::load("local").unwrap();
    let made = plan(&project, &local, None, &[]).unwrap();
    assert_eq!(made.baseline, Baseline::Record);
}
