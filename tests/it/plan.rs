//! Plans through the command line: what one says without AWS, and that a deploy does not go past
//! what one warns of.

mod spellings;

use std::{fs, path::Path};

use deployer::{offline, project::Project, stage::Stage, synth};
use miyabi_tests::{Checkout, Dice, Value, json};
use spellings::{respelled, short_yaml};

/// The resources of a plan that change, one line each, and the risks.
fn told(plan: &Value) -> String {
    let mut text = String::new();
    for stack in plan["stacks"].as_array().unwrap() {
        text += &format!("{} {}\n", part(stack, "action"), part(stack, "name"));
        for change in stack["resources"].as_array().unwrap() {
            text += &format!(
                "  {} {}\n",
                part(change, "action"),
                part(change, "logical_id")
            );
            for cause in change["causes"].as_array().unwrap() {
                let through = cause["through"].as_str();
                let through = through.map(|name| format!(" through {name}"));
                text += &format!(
                    "    {}{}: {}\n",
                    part(cause, "property"),
                    through.unwrap_or_default(),
                    part(cause, "effect")
                );
            }
        }
    }
    for risk in plan["risks"].as_array().unwrap() {
        text += &format!(
            "{} {} {}: {}\n",
            part(risk, "kind"),
            part(risk, "stack"),
            part(risk, "logical_id"),
            part(risk, "detail")
        );
    }
    text
}

fn part<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

/// Another `MasterUsername` than the checkout's, which RDS sets at creation only.
fn rename_owner(template: &Path) {
    let text = fs::read_to_string(template).unwrap();
    let changed = text.replace(
        "MasterUsername: miyabi_owner",
        "MasterUsername: somebody_else",
    );
    assert_ne!(text, changed, "the template names the owner");
    fs::write(template, changed).unwrap();
}

/// Without the hash in the name of a version, which follows the whole configuration of its function.
fn without_hashes(text: &str) -> String {
    let parts = text.split("Version").map(|part| {
        let hash = part.chars().take_while(char::is_ascii_hexdigit).count();
        if hash == 12 { &part[hash..] } else { part }
    });
    parts.collect::<Vec<_>>().join("Version")
}

#[tokio::test]
async fn without_aws_a_changed_create_only_property_of_the_database_is_a_replacement_with_its_dependents()
 {
    let checkout = Checkout::new();
    let folder = checkout.dir().join("deployed");
    let folder = folder.to_str().unwrap();
    checkout
        .xtask(&["synth", "--stage", "prod", "--out", folder])
        .await
        .expect(0);
    let plan = [
        "plan",
        "--stage",
        "prod",
        "--offline",
        "--deployed",
        folder,
        "--json",
    ];
    let same = checkout.xtask(&plan).await.expect(0).json();
    assert_eq!(
        (&same["empty"], &same["offline"]["taken_as_deployed"]),
        (&json!(true), &json!(["code", "migrations", "site"])),
        "{same}"
    );
    assert!(same["cost"].is_null(), "{same}");

    rename_owner(&Path::new(folder).join("data.yaml"));
    let changed = checkout.xtask(&plan).await.expect(0).json();
    insta::assert_snapshot!(without_hashes(&told(&changed)));

    let mut wrong = plan;
    wrong[5] = "nowhere";
    let refused = checkout.xtask(&wrong).await.expect(2).json();
    assert_eq!(
        refused["error"]["message"],
        "There are no templates at nowhere."
    );
    let unread = ["plan", "--stage", "prod", "--offline", "--json"];
    let refused = checkout.xtask(&unread).await.expect(2).json();
    let hint = part(&refused["error"], "hint");
    assert!(hint.contains("--offline --deployed FOLDER"), "{hint}");
}

#[tokio::test]
async fn a_deploy_that_would_replace_the_database_is_refused_with_exit_code_3() {
    let checkout = Checkout::new();
    checkout.deploy().await;
    let state = checkout.stage_dir().join("state.json");
    let mut record: Value = fs::read_to_string(&state).unwrap().parse().unwrap();
    let stacks = &mut record["deployed"]["stacks"];
    stacks["data"]["template"]["Resources"]["Database"]["Properties"]["MasterUsername"] =
        json!("somebody_else");
    let before = record.to_string();
    fs::write(&state, &before).unwrap();

    let deploy = ["deploy", "--stage", "local", "--yes", "--json"];
    let refused = checkout.xtask(&deploy).await.expect(3);
    let error = refused.json()["error"].clone();
    assert_eq!(error["kind"], "approval_needed");
    assert!(
        part(&error, "message") == "Not approved: the loss of data. Nothing was changed.",
        "{error}"
    );
    assert_eq!(
        error["causes"],
        json!([
            "data Database: AWS::RDS::DBInstance is replaced by an empty one; a snapshot is kept"
        ])
    );
    assert_eq!(
        error["hint"],
        "To approve it: `cargo xtask deploy --stage local --yes --confirm local`"
    );
    assert_eq!(fs::read_to_string(&state).unwrap(), before);
    let drift = ["drift", "--stage", "local", "--json"];
    let drift = checkout.xtask(&drift).await.expect(0).json();
    assert_eq!(drift["clean"], true, "{drift}");
    // The same plan without a build, from the record.
    let plan = ["plan", "--stage", "local", "--offline", "--json"];
    let plan = checkout.xtask(&plan).await.expect(0).json();
    assert_eq!(plan["offline"]["compared_with"], "record");
    assert_eq!(plan["risks"][0]["kind"], "data_loss", "{plan}");
}

/// What `aws cloudformation get-template` prints of a body.
fn get_template(body: Value) -> String {
    let response = json!({"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]});
    serde_json::to_string_pretty(&response).unwrap()
}

#[test]
fn a_template_in_any_spelling_plans_to_nothing() {
    let project = Project::new(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap());
    for name in ["local", "sandbox", "dev", "staging", "prod"] {
        let stage = Stage::load(name).unwrap();
        let templates = synth::templates(&project, &stage, &[]).unwrap();
        for seed in 0..8 {
            let folder = tempfile::tempdir().unwrap();
            let mut dice = Dice::new(seed);
            for template in &templates {
                let other = respelled(&template.json, &mut dice);
                assert_ne!(other.to_string(), template.json.to_string());
                let (end, text) = match seed % 4 {
                    0 => ("yaml", short_yaml(&other)),
                    1 => ("json", serde_json::to_string_pretty(&other).unwrap()),
                    2 => ("json", get_template(json!(short_yaml(&other)))),
                    _ => ("template", get_template(other).replace('\n', "\r\n")),
                };
                fs::write(
                    folder.path().join(format!("{}.{end}", template.stack)),
                    text,
                )
                .unwrap();
            }
            let made = offline::plan(&project, &stage, Some(folder.path()), &[]).unwrap();
            assert!(
                made.plan.is_empty(),
                "{name} {seed}: {:#?}",
                made.plan
                    .stacks
                    .iter()
                    .map(|stack| (&stack.name, &stack.resources, &stack.section_changes))
                    .collect::<Vec<_>>()
            );
            assert_eq!(made.plan.risks, [], "{name} {seed}");
        }
    }
}

#[tokio::test]
async fn fault_40_templates_in_short_form_yaml_pretty_json_and_as_get_template_prints_them_are_nothing_to_do()
 {
    let checkout = Checkout::new();
    let project = Project::new(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap());
    let stage = Stage::load("prod").unwrap();
    let templates = synth::templates(&project, &stage, &[]).unwrap();
    type Rewritten = fn(&Value) -> String;
    let forms: [(&str, Rewritten); 5] = [
        ("yaml", short_yaml),
        ("json", |template| {
            serde_json::to_string_pretty(template).unwrap()
        }),
        ("json", |template| get_template(template.clone())),
        ("json", |template| get_template(json!(short_yaml(template)))),
        ("yaml", |template| {
            let body = short_yaml(template).replace('\n', "\n  ");
            format!("\u{feff}StagesAvailable:\r\n- Original\r\nTemplateBody:\r\n  {body}\r\n")
        }),
    ];
    for (number, (end, form)) in forms.into_iter().enumerate() {
        let folder = checkout.dir().join(format!("deployed-{number}"));
        fs::create_dir(&folder).unwrap();
        for template in &templates {
            let file = folder.join(format!("{}.{end}", template.stack));
            fs::write(file, form(&template.json)).unwrap();
        }
        let folder = folder.to_str().unwrap();
        let plan = ["plan", "--stage", "prod", "--offline", "--deployed", folder];
        let told = checkout.xtask(&plan).await.expect(0);
        assert!(
            told.stdout.contains("Nothing to do"),
            "{number}: {}",
            told.stdout
        );
    }

    // And what changed is named, whatever its section; what cannot be read is refused.
    let folder = checkout.dir().join("deployed-0");
    let file = folder.join("data.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}Metadata:\n  Owner: somebody\n")).unwrap();
    let folder = folder.to_str().unwrap();
    let plan = ["plan", "--stage", "prod", "--offline", "--deployed", folder];
    let told = checkout.xtask(&plan).await.expect(0);
    assert!(
        told.stdout.contains("Metadata.Owner: somebody -> (none)"),
        "{}",
        told.stdout
    );
    fs::write(&file, format!("{text}Resources: {{}}\n")).unwrap();
    let refused = checkout.xtask(&plan).await.expect(2);
    assert!(
        refused.stderr.contains("duplicate key `Resources`"),
        "{}",
        refused.stderr
    );
}

#[tokio::test]
async fn a_saved_plan_is_applied_by_the_command_and_refused_after_the_stage_moved() {
    let checkout = Checkout::new();
    let file = checkout.dir().join("plan.json");
    let file = file.to_str().unwrap();
    let save = ["plan", "--stage", "local", "--out", file];
    checkout.xtask(&save).await.expect(0);
    let apply = [
        "deploy", "--stage", "local", "--plan", file, "--yes", "--json",
    ];
    let applied = checkout.xtask(&apply).await.expect(0).json();
    assert_eq!(applied["result"], "deployed", "{applied}");

    let refused = checkout.xtask(&apply).await.expect(1).json();
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("The stage `local` has changed since the plan was made"),
        "{message}"
    );
    let again = ["deploy", "--stage", "local", "--yes", "--json"];
    let again = checkout.xtask(&again).await.expect(0).json();
    assert_eq!(again["result"], "unchanged", "{again}");
}

#[tokio::test]
async fn a_plan_shows_what_it_changes_in_the_monthly_cost_by_resource() {
    let checkout = Checkout::new();
    let folder = checkout.dir().join("deployed");
    let folder = folder.to_str().unwrap();
    let synth = ["synth", "--stage", "dev", "--out", folder];
    checkout.xtask(&synth).await.expect(0);
    // What is deployed is a class larger than what the checkout says.
    let data = Path::new(folder).join("data.yaml");
    let text = fs::read_to_string(&data).unwrap();
    let larger = text.replace("db.t3.micro", "db.t3.small");
    assert_ne!(text, larger);
    fs::write(&data, larger).unwrap();
    let plan = ["plan", "--stage", "dev", "--offline", "--deployed", folder];
    let cost = checkout
        .xtask(&[&plan[..], &["--json"]].concat())
        .await
        .expect(0)
        .json()["cost"]
        .clone();
    let resources = cost["resources"].as_array().unwrap();
    assert_eq!(resources.len(), 1, "{cost}");
    assert_eq!(resources[0]["logical_id"], "Database", "{cost}");
    // 730 h at 0.036 and at 0.018; the storage and the secret, 2.70, stay.
    assert_eq!(
        (&resources[0]["before"], &resources[0]["after"]),
        (&json!("28.98"), &json!("15.84")),
        "{cost}"
    );
    let told = checkout.xtask(&plan).await.expect(0).stdout;
    assert!(told.contains("USD a month (-13.14)"), "{told}");
    assert!(told.contains("data/Database  28.98  -> 15.84"), "{told}");
    let comment = checkout
        .xtask(&[&plan[..], &["--markdown"]].concat())
        .await
        .expect(0)
        .stdout;
    assert!(comment.contains("`data/Database` -13.14"), "{comment}");
}
