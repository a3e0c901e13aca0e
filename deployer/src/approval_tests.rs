//! Tests of [`super`].

use super::*;
use crate::{
    plan::{AliasReset, MadeFrom, MigrationPlan, SitePlan},
    stage_id::{StageId, THIS_MACHINE},
};

fn id(account: &str) -> StageId {
    StageId {
        stage: "dev".to_owned(),
        account: account.to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: None,
    }
}

/// A plan with a change and these risks.
fn plan(account: &str, risks: &[RiskKind]) -> Plan {
    let risk = |kind: &RiskKind| Risk {
        kind: *kind,
        stack: "data".to_owned(),
        logical_id: "Thing".to_owned(),
        detail: format!("{kind:?}"),
    };
    Plan {
        stage: "dev".to_owned(),
        made_from: MadeFrom {
            stage: Some(id(account)),
            ..MadeFrom::default()
        },
        stacks: Vec::new(),
        assets: Vec::new(),
        alias_resets: vec![AliasReset {
            stack: "api".to_owned(),
            function: "tasks".to_owned(),
            version: "3".to_owned(),
        }],
        migrations: MigrationPlan::default(),
        site: SitePlan::default(),
        risks: risks.iter().map(risk).collect(),
        cost: None,
    }
}

const ALL: [RiskKind; 6] = [
    RiskKind::DataLoss,
    RiskKind::Drift,
    RiskKind::DeletedOutOfBand,
    RiskKind::PublicAccess,
    RiskKind::Network,
    RiskKind::Permissions,
];

#[test]
fn yes_covers_a_plan_without_risks_and_no_risk_at_all() {
    let yes = Approvals::apply();
    assert!(plan("111111111111", &[]).approve(&yes).is_ok());
    for kind in ALL {
        let refused = plan("111111111111", &[kind]).approve(&yes).unwrap_err();
        assert_eq!(refused.missing, [ApprovalKind::of(kind)], "{kind:?}");
    }
}

#[test]
fn each_kind_of_risk_needs_its_own_approval_and_the_error_has_the_whole_command() {
    let given = Approvals::apply().and(ApprovalKind::Permissions);
    let refused = plan("111111111111", &ALL).approve(&given).unwrap_err();
    let error = refused.error("cargo xtask deploy --stage dev");
    assert_eq!(error.kind().exit_code(), 3);
    insta::assert_snapshot!(format!("{}\n{}\n{}", error.message(), error.causes().join("\n"), error.hint()), @"
    Not approved: overwriting changes made by hand, more public access, the loss of data. Nothing was changed.
    data Thing: DataLoss
    data Thing: PublicAccess
    data Thing: Network
    data Thing: Drift
    data Thing: DeletedOutOfBand
    To approve it: `cargo xtask deploy --stage dev --yes --allow permissions,public-access --allow-drift --confirm dev`
    ");
    let all = given
        .and(ApprovalKind::PublicAccess)
        .and(ApprovalKind::Drift)
        .typed("dev");
    assert!(plan("111111111111", &ALL).approve(&all).is_ok());
}

#[test]
fn lost_data_is_approved_by_the_right_name_alone() {
    let lossy = || plan("111111111111", &[RiskKind::DataLoss]);
    let everything = ALL.iter().fold(Approvals::apply(), |all, kind| {
        all.and(ApprovalKind::of(*kind))
    });
    assert!(lossy().approve(&everything).is_err());
    assert!(lossy().approve(&everything.typed("prod")).is_err());
    // Whoever types the name has seen the plan.
    assert!(lossy().approve(&Approvals::default().typed("dev")).is_ok());
}

#[test]
fn a_typed_name_does_not_stand_for_the_other_risks() {
    let both = plan(
        "111111111111",
        &[RiskKind::DataLoss, RiskKind::PublicAccess],
    );
    let refused = both.approve(&Approvals::apply().typed("dev")).unwrap_err();
    assert_eq!(refused.missing, [ApprovalKind::PublicAccess]);
    let refused = plan("111111111111", &[])
        .approve(&Approvals::default().typed("dev"))
        .unwrap_err();
    assert_eq!(
        refused.missing,
        [ApprovalKind::Apply],
        "nothing is lost here"
    );
}

#[test]
fn on_this_machine_nothing_is_exposed_and_data_can_still_be_lost() {
    let yes = Approvals::apply();
    let exposing = [
        RiskKind::PublicAccess,
        RiskKind::Network,
        RiskKind::Permissions,
    ];
    assert!(plan(THIS_MACHINE, &exposing).approve(&yes).is_ok());
    assert!(
        plan(THIS_MACHINE, &[RiskKind::DataLoss])
            .approve(&yes)
            .is_err()
    );
    let mut emulated = plan(THIS_MACHINE, &exposing);
    emulated.made_from.stage.as_mut().unwrap().endpoint = Some("http://127.0.0.1:4566".to_owned());
    assert!(
        emulated.approve(&yes).is_err(),
        "an endpoint is taken for AWS"
    );
}
