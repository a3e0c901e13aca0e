//! What the stages ask of an account's quotas.

#![allow(clippy::unwrap_used)]

use stacks::{Assets, Stage, synth};

/// Lambda's reservations of a stage, all functions together; `None`: there is none.
fn reserved(stage: &str) -> Option<u64> {
    let app = synth(&Stage::built_in(stage).unwrap(), &Assets::placeholder()).unwrap();
    app.stacks()
        .iter()
        .flat_map(|stack| {
            let template = stack.template();
            let resources = template["Resources"].as_object().cloned();
            resources.into_iter().flatten()
        })
        .filter_map(|(_, resource)| resource["Properties"]["ReservedConcurrentExecutions"].as_u64())
        .reduce(|sum, more| sum + more)
}

/// The quota of a new account is 10, and AWS refuses any reservation that leaves less unreserved.
#[test]
fn a_new_account_takes_every_stage_but_production() {
    for stage in ["dev", "staging", "sandbox"] {
        assert_eq!(reserved(stage), None, "{stage}");
    }
}

#[test]
fn what_production_needs_is_told() {
    let sum = reserved("prod").unwrap();
    let told = include_str!("../../docs/deploying.md");
    // https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html: 100 stay.
    let sentence = format!(
        "`prod` reserves {sum} for its functions, and AWS leaves 100 to all others: it needs at \
         least {}.",
        sum + 100
    );
    assert!(
        told.contains(&sentence),
        "docs/deploying.md does not say: {sentence}"
    );
}
