//! The stacks that hold data, and what may be created beside them.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use serde_json::Value as Json;
use stacks::{App, Assets, Stage, synth};

const WITH_DATABASE: [&str; 4] = ["local", "dev", "staging", "prod"];

fn app(stage: &Stage) -> App {
    synth(stage, &Assets::placeholder()).unwrap()
}

fn built_in(name: &str) -> Stage {
    Stage::built_in(name).unwrap()
}

fn resources(app: &App, stack: &str) -> Json {
    app.stack(stack).unwrap().template()["Resources"].clone()
}

#[test]
fn an_upgrade_that_rds_does_by_itself_is_no_drift() {
    for name in WITH_DATABASE {
        let resources = resources(&app(&built_in(name)), "data");
        let database = &resources["Database"]["Properties"];
        assert_eq!(database["AutoMinorVersionUpgrade"], true, "{name}");
        // CloudFormation compares by prefix, and the prefix of every minor version is the major one.
        let version = database["EngineVersion"].as_str().unwrap();
        assert!(
            version.chars().all(|digit| digit.is_ascii_digit()),
            "{name}: {version} becomes drift when RDS upgrades"
        );
        assert_eq!(
            resources["DatabaseParameters"]["Properties"]["Family"],
            format!("postgres{version}"),
            "{name}"
        );
    }
}

#[test]
fn the_stack_with_the_database_holds_nothing_else_and_names_nothing() {
    let expected: BTreeSet<&str> = [
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBParameterGroup",
        "AWS::RDS::DBSubnetGroup",
    ]
    .into();
    for name in WITH_DATABASE {
        let resources = resources(&app(&built_in(name)), "data");
        let resources = resources.as_object().unwrap();
        let types: BTreeSet<&str> = resources
            .values()
            .map(|resource| resource["Type"].as_str().unwrap())
            .collect();
        assert_eq!(types, expected, "{name}");
        for (id, resource) in resources {
            for (property, value) in resource["Properties"].as_object().unwrap() {
                let names = property.ends_with("Identifier") || property.ends_with("GroupName");
                assert!(
                    !names || value.is_object(),
                    "{name}.{id}.{property}: {value}"
                );
            }
        }
    }
}

/// The two stacks that take longest, RDS and CloudFront, wait for nothing of each other.
#[test]
fn the_site_waits_for_the_gateway_alone_and_the_database_for_the_network_alone() {
    for name in WITH_DATABASE {
        let app = app(&built_in(name));
        let sources = |stack: &str| -> BTreeSet<String> {
            let inputs = app.stack(stack).unwrap().inputs().iter();
            inputs
                .filter_map(|input| match &input.source {
                    cfn::Source::Output { stack, .. } => Some(stack.clone()),
                    cfn::Source::Deployer => None,
                })
                .collect()
        };
        assert_eq!(sources("site"), ["gateway".to_owned()].into(), "{name}");
        assert_eq!(sources("gateway"), BTreeSet::new(), "{name}");
        assert_eq!(sources("data"), ["network".to_owned()].into(), "{name}");
    }
}

/// The name of the cache, which its schema requires.
fn cache_name(stage: &Stage) -> String {
    let resources = resources(&app(stage), "cache");
    let name = &resources["Cache"]["Properties"]["ServerlessCacheName"];
    name.as_str().unwrap().to_owned()
}

#[test]
fn the_cache_has_another_name_when_it_is_replaced_and_only_then() {
    let before = built_in("prod");
    let mut moved = before.clone();
    moved.network.cidr = "10.1.0.0/16".to_owned();
    assert_ne!(cache_name(&before), cache_name(&moved));

    let mut same = before.clone();
    same.functions.log_retention_days = 365;
    same.database.storage = 100;
    same.network.egress = stacks::stage::Egress::NatGateway;
    assert_eq!(cache_name(&before), cache_name(&same));
}

#[test]
fn the_log_of_the_database_gets_no_values() {
    for name in WITH_DATABASE {
        let resources = resources(&app(&built_in(name)), "data");
        let settings = &resources["DatabaseParameters"]["Properties"]["Parameters"];
        for (setting, value) in [
            ("log_parameter_max_length", "0"),
            ("log_parameter_max_length_on_error", "0"),
            ("log_min_error_statement", "panic"),
            ("log_error_verbosity", "terse"),
        ] {
            assert_eq!(settings[setting], value, "{name}");
        }
    }
}
