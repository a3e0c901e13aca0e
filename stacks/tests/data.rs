//! What holds data, as the templates say it.

use stacks::{Assets, Stage, synth};

#[test]
fn an_upgrade_that_rds_does_by_itself_is_no_drift() {
    for name in ["local", "dev", "staging", "prod"] {
        let app = synth(&Stage::built_in(name).unwrap(), &Assets::placeholder()).unwrap();
        let data = app
            .stacks()
            .iter()
            .find(|stack| stack.name() == "data")
            .unwrap();
        let template = data.template();
        let resources = &template["Resources"];
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
