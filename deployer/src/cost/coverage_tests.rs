//! Every resource type has a price rule, is free with a reason, or is named unknown.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    tests::{cost_of, requests, stage},
    *,
};

/// The stages with everything that a stage file can switch on.
fn every_stage() -> Vec<Stage> {
    let everything = "account: \"123456789012\"\ncache: true\nnetwork:\n  egress: nat-gateway\n\
        rollout: canary\ndatabase:\n  auth: password\n\
        site:\n  domain: a.example.com\n  certificate: arn:aws:acm:us-east-1:123456789012:certificate/1\n  hosted-zone: Z1\n\
        api:\n  domain: api.example.com\n  certificate: arn:aws:acm:us-east-1:123456789012:certificate/2\n  hosted-zone: Z1\n";
    let mut stages = vec![stage(everything)];
    for name in ["dev", "local", "prod", "sandbox", "staging"] {
        stages.push(Stage::new(stacks::Stage::built_in(name).unwrap()));
    }
    stages
}

#[test]
fn every_resource_of_every_stage_has_a_price_rule_or_is_free_with_a_reason_or_is_named_unknown() {
    let mut kinds = BTreeSet::new();
    for stage in every_stage() {
        let app = stacks::synth(stage.settings(), &stacks::Assets::placeholder()).unwrap();
        let bootstrap = stacks::bootstrap::bootstrap(stage.settings(), None).unwrap();
        for stack in app.stacks().iter().chain([&bootstrap]) {
            let template = stack.template();
            let resources = template["Resources"].as_object().unwrap();
            kinds.extend(
                resources
                    .values()
                    .map(|resource| resource["Type"].to_string()),
            );
        }
    }
    assert!(kinds.len() > 40, "{kinds:?}");
    let without = kinds
        .iter()
        .map(|kind| kind.trim_matches('"'))
        .filter(|kind| rules::rule(kind).is_none());
    assert_eq!(without.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_type_of_the_kit_is_known() {
    let without = cfn::type_names().filter(|kind| rules::rule(kind).is_none());
    assert_eq!(without.collect::<Vec<_>>(), [""; 0]);
    // And those of live updates and Grafana, which the kit does not have yet.
    for kind in [
        "AWS::ApiGatewayV2::RouteResponse",
        "AWS::Grafana::Workspace",
    ] {
        assert!(rules::rule(kind).is_some(), "{kind}");
    }
    // A type that nobody looked at would be found.
    assert!(rules::rule("AWS::DynamoDB::Table").is_none());
    let table = json!({"Table": {"Type": "AWS::DynamoDB::Table"}});
    let estimate = cost_of(&stage(""), table, Overrides::default());
    assert_eq!(
        estimate.unknown[0].why,
        "there is no price rule for its type"
    );
}

#[test]
fn every_price_that_the_templates_need_is_there_in_both_regions() {
    for mut stage in every_stage() {
        for region in ["us-east-1", "ap-northeast-1"] {
            let mut settings = stage.settings().clone();
            settings.region = region.to_owned();
            stage = Stage::new(settings);
            let app = stacks::synth(stage.settings(), &stacks::Assets::placeholder()).unwrap();
            let templates: Vec<_> = app
                .stacks()
                .iter()
                .map(|s| (s.name(), s.template()))
                .collect();
            let templates: Vec<_> = templates
                .iter()
                .map(|(stack, template)| StackTemplate { stack, template })
                .collect();
            let estimate = estimate(&stage, &templates, requests(1_000_000)).unwrap();
            let missing: Vec<_> = estimate
                .without_price()
                .map(|unknown| &unknown.why)
                .collect();
            assert!(
                missing.is_empty(),
                "{} in {region}: {missing:?}",
                stage.name()
            );
            assert!(estimate.total > Decimal::ZERO);
        }
    }
}
