//! What people get to read when a stage file is wrong.

use stacks::{
    Stage,
    stage::{BUILT_IN, Files},
};

fn files_with(name: &str, text: &str) -> Files {
    let mut files: Files = stacks::stage::built_in();
    files.insert(name.to_owned(), text.to_owned());
    files
}

#[test]
fn a_wrong_stage_file_is_refused_with_file_line_key_and_what_is_allowed() {
    let cases = [
        (
            "an unknown key",
            "extends: base\ndatabase:\n  clas: db.t3.small\n",
        ),
        (
            "an unknown section",
            "extends: base\n\ndatabse:\n  class: db.t3.small\n",
        ),
        (
            "a wrong type",
            "extends: base\ndatabase:\n  storage: much\n",
        ),
        ("a wrong word", "extends: base\nnetwork:\n  egress: ipv4\n"),
        (
            "a value out of range",
            "extends: base\n\n# too small\ndatabase:\n  storage: 5\n",
        ),
        (
            "a class that is none",
            "extends: base\ndatabase:\n  class: t3.small\n",
        ),
        (
            "an account that is a number",
            "extends: base\naccount: 123\n",
        ),
        (
            "an account of eleven digits",
            "extends: base\naccount: \"12345678901\"\n",
        ),
        (
            "a function that is none",
            "extends: base\nfunctions:\n  overrides:\n    taks:\n      memory: 512\n",
        ),
        (
            "a memory that AWS does not have",
            "extends: base\nfunctions:\n  overrides:\n    tasks:\n      memory: 64\n",
        ),
        (
            "an alarm that looks at less than AWS has",
            "extends: base\naccount: \"111111111111\"\nalarms:\n  period: 30\n",
        ),
        (
            "an alarm that needs more data points than it looks at",
            "extends: base\nalarms:\n  datapoints-to-alarm: 6\n",
        ),
        (
            "a threshold that nothing reaches",
            "extends: base\nalarms:\n  thresholds:\n    error-rate: 101\n",
        ),
        (
            "an alarm that is none",
            "extends: base\nalarms:\n  thresholds:\n    latency-p98: 100\n",
        ),
        (
            "a hotswap where versions are rolled out slowly",
            "extends: base\nrollout: canary\nhotswap: true\n",
        ),
        (
            "a retention that CloudWatch does not have",
            "extends: base\nfunctions:\n  log-retention-days: 31\n",
        ),
        (
            "a domain without certificate",
            "extends: base\nsite:\n  domain: tasks.example.com\n",
        ),
        (
            "a CORS origin with a path",
            "extends: base\napi:\n  cors-origins: [\"https://a.example/x\"]\n",
        ),
        (
            "RDS without a VPC",
            "extends: base\nnetwork:\n  vpc: false\n",
        ),
        (
            "a key twice",
            "extends: base\nregion: eu-west-1\nregion: us-east-1\n",
        ),
        (
            "a region without a certificate",
            "extends: base\naccount: \"111111111111\"\nregion: ap-southeast-7\n",
        ),
        (
            "more kept started than may run",
            "extends: base\nfunctions:\n  overrides:\n    tasks:\n      reserved-concurrency: 2\n      provisioned-concurrency: 3\n",
        ),
        (
            "a function that may never run",
            "extends: base\nfunctions:\n  defaults:\n    reserved-concurrency: 0\n",
        ),
        (
            "an option that was removed",
            "extends: base\ndatabase:\n  proxy: true\n",
        ),
        (
            "traffic that nobody has",
            "extends: base\ncost:\n  traffic:\n    connected-percent: 101\n",
        ),
        (
            "requests that no function answers",
            "extends: base\ncost:\n  traffic:\n    functions:\n      tasks: 60\n",
        ),
        (
            "traffic of a function that does not exist",
            "extends: base\ncost:\n  traffic:\n    functions:\n      taks: 60\n",
        ),
        ("a budget of nothing", "extends: base\ncost:\n  budget: 0\n"),
        (
            "a budget with cents",
            "extends: base\ncost:\n  budget: 9.5\n",
        ),
        (
            "an unknown assumption",
            "extends: base\ncost:\n  traffic:\n    visitors: 5\n",
        ),
        ("not a map", "- a\n- b\n"),
        ("not YAML", "database: [\n"),
        ("an extension of nothing", "extends: basis\n"),
        ("an extension of itself", "extends: qa\n"),
    ];
    let mut said = String::new();
    for (case, text) in cases {
        let error = Stage::parse("qa", &files_with("qa", text)).expect_err(case);
        said.push_str(&format!("{case}\n  {error}\n  hint: {}\n", error.hint));
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_stage_that_is_not_there_is_refused_with_those_that_are() {
    insta::assert_snapshot!(Stage::built_in("prd").unwrap_err(), @"There is no stage `prd`; there are dev, local, prod, sandbox, staging.");
    assert_eq!(
        Stage::built_in("prd").unwrap_err().hint,
        "Did you mean `--stage prod`?"
    );
    let hint = |name| Stage::built_in(name).unwrap_err().hint;
    assert_eq!(
        hint("qa"),
        "Write stacks/stages/qa.yaml, beginning with `extends: base`."
    );
    assert_eq!(
        hint("base"),
        "Stages extend stacks/stages/base.yaml; it is not a stage itself."
    );
    for impossible in ["", "../other", "Quality", "dev-of-another-team", "開発"] {
        assert_eq!(
            hint(impossible),
            "Name one of them, as in `--stage dev`.",
            "{impossible}"
        );
    }
}

#[test]
fn the_base_names_every_key_there_is() {
    let base: serde_json::Value = serde_saphyr::from_str(BUILT_IN[0].1).unwrap();
    let mut complete = serde_json::to_value(Stage::built_in("local").unwrap()).unwrap();
    // What one function has of its own is no key.
    complete["functions"]["overrides"] = base["functions"]["overrides"].clone();
    assert_eq!(keys("", &base), keys("", &complete));
}

fn keys(path: &str, value: &serde_json::Value) -> std::collections::BTreeSet<String> {
    match value.as_object() {
        Some(object) => object
            .iter()
            .flat_map(|(key, value)| keys(&format!("{path}.{key}"), value))
            .collect(),
        None => [path.to_owned()].into(),
    }
}

#[test]
fn a_stage_may_extend_one_that_extends_another() {
    let stage = Stage::parse("qa", &files_with("qa", "extends: dev\ncache: true\n")).unwrap();
    assert_eq!(stage.name, "qa");
    assert_eq!(stage.database.class, "db.t3.micro");
    assert_eq!(stage.throttling.rate, 50);
    assert!(stage.cache);
}

#[test]
fn a_name_that_would_not_fit_or_would_match_another_stage_is_refused() {
    for name in ["dev-2", "Dev", "2dev", "d_v", "seventeenletters1", "é", ""] {
        let refused = Stage::parse(name, &files_with(name, "extends: base\n")).unwrap_err();
        let expected = format!("`{name}` cannot be the name of a stage");
        assert!(refused.message.starts_with(&expected), "{refused}");
    }
    let longest = "a123456789abcdef";
    assert_eq!(longest.len(), stacks::stage::name::LONGEST);
    let mut stage = Stage::parse(longest, &files_with(longest, "extends: prod\n")).unwrap();
    stage.region = "ap-southeast-1".to_owned();
    stacks::synth(&stage, &stacks::Assets::placeholder()).unwrap();
    let bucket = format!("miyabi-{longest}-assets-123456789012-ap-southeast-1");
    assert!(bucket.len() <= 63, "{bucket}");
}

#[test]
fn the_regions_are_those_whose_certificates_are_there() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../handlers/core/certs");
    let mut regions: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_suffix(".pem")?.to_owned()))
        .collect();
    regions.sort();
    assert_eq!(regions, stacks::stage::DATABASE_REGIONS);
}
