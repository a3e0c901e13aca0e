//! Tests of [`super`]: what people and machines read of every stage, and what the documents say.

use std::{fs, path::Path};

use deployer::{
    cost::{ActualCost, ActualService, OtherCost, Overrides, borrowed, estimate, scale, templates},
    project::Project,
    stage::Stage,
};

use super::*;

/// Where the figures of docs/deploying.md are.
const BEGIN: &str = "<!-- the figures of the command: begin -->\n";
const END: &str = "<!-- the figures of the command: end -->\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn stage(name: &str) -> Stage {
    Stage::load(name).unwrap()
}

fn estimated(name: &str, overrides: Overrides) -> Estimate {
    let stage = stage(name);
    let templates = templates(&Project::new(root()), &stage).unwrap();
    estimate(&stage, &borrowed(&templates), overrides).unwrap()
}

fn scaled(name: &str) -> String {
    let stage = stage(name);
    let templates = templates(&Project::new(root()), &stage).unwrap();
    scales(&stage, &scale(&stage, &borrowed(&templates)).unwrap())
}

#[test]
fn the_report_of_every_stage() {
    for name in ["dev", "local", "prod", "sandbox", "staging"] {
        insta::assert_snapshot!(name, text(&estimated(name, Overrides::default())));
    }
}

#[test]
fn a_line_of_every_stage() {
    let line = |name| summary(&estimated(name, Overrides::default()));
    insta::assert_snapshot!(line("local"), @"0.00 USD, it runs on this machine; on AWS: `cargo xtask cost --stage prod`");
    insta::assert_snapshot!(line("sandbox"), @"0.00 USD at an emulator; its templates at AWS: 25.12 USD a month estimated");
    insta::assert_snapshot!(line("prod"), @"121.36 USD a month estimated of a budget of 300.00; charged so far: `cargo xtask cost --stage prod --actual`");
}

#[test]
fn the_report_of_every_scale() {
    for name in ["dev", "prod", "staging"] {
        insta::assert_snapshot!(format!("{name}_scale"), scaled(name));
    }
}

#[test]
fn two_stages_next_to_each_other() {
    let pair = ["prod", "staging"].map(|name| estimated(name, Overrides::default()));
    insta::assert_snapshot!("comparison", comparison(&pair));
}

#[test]
fn a_machine_gets_exact_decimals_as_text() {
    let requests = Some(1_000_000);
    let estimate = estimated(
        "prod",
        Overrides {
            users: None,
            requests,
        },
    );
    let value = json(&estimate);
    assert_eq!(value["traffic"]["requests"], 1_000_000);
    assert!(value["traffic"]["duration_ms"].is_number());
    let lines = value["lines"].as_array().unwrap();
    let database = lines.iter().find(|line| line["service"] == "RDS").unwrap();
    insta::assert_json_snapshot!("a_line", database);
    let monthly = |line: &Value| line["monthly"].as_str().unwrap().parse::<f64>().unwrap();
    let sum: f64 = lines.iter().map(monthly).sum();
    let total: f64 = value["total"].as_str().unwrap().parse().unwrap();
    assert!((sum - total).abs() < 1e-6, "{sum} {total}");
    assert_eq!(value["over_budget"], Value::Null);
    // The same keys where nothing costs anything.
    let local = json(&estimated("local", Overrides::default()));
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&local), keys(&value));
    assert_eq!(
        (&local["total"], &local["on_aws"]),
        (&json!("0"), &json!(false))
    );
}

#[test]
fn a_number_is_shown_with_what_somebody_reads() {
    let shown = [
        "0",
        "730",
        "1000000",
        "1666.66666",
        "0.0004",
        "0.0006",
        "999.9996",
    ]
    .map(|text| grouped(Decimal::parse(text).unwrap()));
    assert_eq!(
        shown,
        [
            "0",
            "730",
            "1,000,000",
            "1,666.667",
            "<0.001",
            "0.001",
            "1,000"
        ]
    );
}

/// The figures as docs/deploying.md has them.
fn figures() -> String {
    let mut text =
        "| stage | without traffic | with the traffic that its file assumes | budget |\n|---|---|---|---|\n"
            .to_owned();
    for name in ["dev", "staging", "prod"] {
        let idle = Overrides {
            users: Some(0),
            requests: Some(0),
        };
        let idle = estimated(name, idle).total.cents();
        let used = estimated(name, Overrides::default());
        text += &format!(
            "| `{name}` | {idle} | {}: {} users, {} requests | {} |\n",
            used.total.cents(),
            grouped(used.load.users.into()),
            grouped(used.load.requests.into()),
            used.budget.map_or("none".to_owned(), Decimal::cents),
        );
    }
    text += &format!(
        "\n`cargo xtask cost --stage prod --scale`:\n\n```\n{}```\n",
        scaled("prod")
    );
    text
}

#[test]
fn the_figures_of_the_documents_are_those_of_the_command() {
    let path = root().join("docs/deploying.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    let figures = figures();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{figures}{END}{after}")).unwrap();
        return;
    }
    assert!(
        written == figures,
        "docs/deploying.md differs. Run `UPDATE_GOLDEN=1 cargo test -p xtask the_figures_of` and review the diff.\n{figures}"
    );
}

#[test]
fn a_nat_gateway_costs_what_the_documents_say() {
    let folder = tempfile::tempdir().unwrap();
    let file = "extends: dev\nnetwork:\n  egress: nat-gateway\n";
    fs::write(folder.path().join("nat.yaml"), file).unwrap();
    let with = Stage::load_from(folder.path(), "nat").unwrap();
    let project = Project::new(root());
    let total = |stage: &Stage| {
        let templates = templates(&project, stage).unwrap();
        estimate(stage, &borrowed(&templates), Overrides::default())
            .unwrap()
            .total
    };
    let more = (total(&with) - total(&stage("dev"))).cents();
    let page = fs::read_to_string(root().join("docs/deploying.md")).unwrap();
    let sentence = format!("A NAT gateway (`network.egress: nat-gateway`) adds {more} USD");
    assert!(page.contains(&sentence), "{sentence}");
}

/// What AWS would charge is an example; the estimate next to it is that of the command.
#[test]
fn what_was_charged_is_shown_as_operating_md_has_it() {
    let usd = |text: &str| Decimal::parse(text).unwrap();
    let services = [
        ("Amazon Relational Database Service", "59.55"),
        ("AmazonCloudWatch", "14.71"),
        ("AWS Lambda", "11.90"),
        ("Amazon ElastiCache", "5.42"),
        ("Amazon API Gateway", "0.93"),
    ];
    let services = services.map(|(service, spent)| ActualService {
        service: service.to_owned(),
        spent: usd(spent),
    });
    let charged = ActualCost {
        tag: "miyabi:stage".to_owned(),
        from: "2026-11-01".to_owned(),
        to: "2026-11-27".to_owned(),
        total: services.iter().map(|service| service.spent).sum(),
        services: services.into(),
        forecast: Some(usd("103.19")),
        others: vec![OtherCost {
            stage: String::new(),
            spent: usd("9.50"),
        }],
    };
    let prod = estimated("prod", Overrides::default());
    let shown = actual(&charged, &charged.compared_with(&prod), &prod);
    let document = fs::read_to_string(root().join("docs/operating.md")).unwrap();
    assert!(
        document.contains(&shown),
        "docs/operating.md needs:\n{shown}"
    );
}
