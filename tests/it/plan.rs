//! Plans through the command line: what one says without AWS, and that a deploy does not go past
//! what one warns of.

use std::{fs, path::Path};

use miyabi_tests::{Checkout, Value, json};

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

    rename_owner(&Path::new(folder).join("data.yaml"));
    let changed = checkout.xtask(&plan).await.expect(0).json();
    insta::assert_snapshot!(told(&changed));

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
        part(&error, "message").ends_with("nobody confirmed it. Nothing was changed."),
        "{error}"
    );
    assert_eq!(
        error["causes"],
        json!([
            "data Database: AWS::RDS::DBInstance is replaced by an empty one; a snapshot is kept"
        ])
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
