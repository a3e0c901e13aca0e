//! Tests of [`super`].

use serde_json::{Value, json};

use super::*;
use crate::database_origin::tests::template;

fn desired(template: Value) -> DesiredState {
    DesiredState {
        stage: "dev".to_owned(),
        stacks: vec![plan::DesiredStack {
            name: "data".to_owned(),
            template,
            parameters: std::collections::BTreeMap::new(),
        }],
        assets: Vec::new(),
        migrations: Vec::new(),
        site: Vec::new(),
    }
}

fn deployed(template: Value) -> Deployed {
    let stack = crate::state::DeployedStack {
        template,
        parameters: std::collections::BTreeMap::new(),
        outputs: std::collections::BTreeMap::new(),
        complete: true,
    };
    Deployed {
        stacks: std::collections::BTreeMap::from([("data".to_owned(), stack)]),
        ..Deployed::default()
    }
}

#[test]
fn a_restore_is_a_loss_of_data_to_be_confirmed_and_the_deploy_after_it_has_nothing_to_do() {
    let source = RestoreSource::Snapshot("before-friday".to_owned());
    let plan = plan_from(desired(template()), &deployed(template()), &source).unwrap();
    assert_eq!(plan.risk_kinds(), [plan::RiskKind::DataLoss]);
    let after = deployed(plan.stacks[0].template.clone());
    let next = plan::make(desired(template()), &after).unwrap();
    assert_eq!(next.stacks[0].action, StackAction::None, "{next:?}");
    // Restored again, from elsewhere: confirmed again.
    let other = RestoreSource::Snapshot("other".to_owned());
    let again = plan_from(desired(template()), &after, &other).unwrap();
    assert_eq!(again.risk_kinds(), [plan::RiskKind::DataLoss]);
}

#[test]
fn a_restore_deploys_nothing_else() {
    let mut other = template();
    other["Resources"]["Group"]["Properties"]["DBSubnetGroupDescription"] = json!("new");
    let source = RestoreSource::Snapshot("x".to_owned());
    let error = plan_from(desired(other), &deployed(template()), &source).unwrap_err();
    assert!(
        error
            .message()
            .contains("differs from the deployed stage: the stack data"),
        "{error}"
    );
}
