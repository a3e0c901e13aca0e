//! The templates of every stage, as they were reviewed.

use std::{collections::BTreeSet, fs, path::Path};

use stacks::{
    Assets, Stage,
    bootstrap::{GithubRepository, bootstrap},
    synth,
};

const STAGES: [&str; 5] = ["local", "sandbox", "dev", "staging", "prod"];

/// The stages by the folder of their templates, and the only stack of each that is kept there, where it
/// is not all of them.
fn reviewed() -> Vec<(&'static str, Stage, Option<&'static str>)> {
    let built_in = |name| (name, Stage::built_in(name).expect("a built-in stage"), None);
    let mut stages: Vec<_> = STAGES.into_iter().map(built_in).collect();
    let mut grafana = Stage::built_in("prod").expect("a built-in stage");
    grafana.ops.grafana = true;
    stages.push(("prod-grafana", grafana, Some("ops")));
    stages
}

#[test]
fn templates_are_the_reviewed_ones() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut written = BTreeSet::new();
    for (name, stage, kept) in reviewed() {
        let app = synth(&stage, &Assets::placeholder()).unwrap_or_else(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            panic!("stage {name}:\n{}", lines.join("\n"))
        });
        let github = GithubRepository {
            name: "owner/name".to_owned(),
            provider_exists: false,
        };
        let github = stage.account.is_some().then_some(&github);
        let bootstrap = bootstrap(&stage, github).unwrap();
        for stack in app.stacks().iter().chain([&bootstrap]) {
            if kept.is_some_and(|kept| kept != stack.name()) {
                continue;
            }
            let path = golden.join(name).join(format!("{}.yaml", stack.name()));
            written.insert(path.clone());
            if update {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, stack.yaml()).unwrap();
            }
            let reviewed = fs::read_to_string(&path).unwrap_or_default();
            assert!(
                reviewed == stack.yaml(),
                "golden/{name}/{}.yaml is not what synth gives. Run `UPDATE_GOLDEN=1 cargo test -p stacks` and review the diff.",
                stack.name()
            );
        }
    }
    for (name, ..) in reviewed() {
        for file in fs::read_dir(golden.join(name)).unwrap() {
            let path = file.unwrap().path();
            assert!(
                written.contains(&path),
                "{} belongs to no stack any more; remove it",
                path.display()
            );
        }
    }
}

#[test]
fn synth_gives_the_same_bytes_for_the_same_input() {
    let yaml = || -> Vec<String> {
        let stage = Stage::built_in("prod").expect("a built-in stage");
        synth(&stage, &Assets::placeholder())
            .unwrap()
            .stacks()
            .iter()
            .map(cfn::Stack::yaml)
            .collect()
    };
    assert_eq!(yaml(), yaml());
}

#[test]
fn the_code_of_a_function_changes_its_version_and_alias_only() {
    let stage = Stage::built_in("prod").expect("a built-in stage");
    let before = synth(&stage, &Assets::placeholder()).unwrap();
    let mut assets = Assets::placeholder();
    assets.functions.get_mut("tasks").unwrap().sha256 = "1".repeat(64);
    let after = synth(&stage, &assets).unwrap();
    let mut changed = Vec::new();
    for (before, after) in before.stacks().iter().zip(after.stacks()) {
        let (before, after) = (before.template(), after.template());
        let ids: BTreeSet<&String> = [&before, &after]
            .into_iter()
            .flat_map(|template| template["Resources"].as_object().unwrap().keys())
            .collect();
        for id in ids {
            if before["Resources"].get(id) != after["Resources"].get(id) {
                changed.push(
                    id.trim_end_matches(|c: char| c.is_ascii_hexdigit() && !c.is_ascii_uppercase())
                        .to_owned(),
                );
            }
        }
    }
    changed.sort();
    changed.dedup();
    assert_eq!(changed, ["TasksAlias", "TasksFunction", "TasksVersion"]);
}
