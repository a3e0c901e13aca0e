//! Tests of [`super`].

use super::*;

/// A template with a database that was never restored.
pub(crate) fn template() -> Value {
    json!({"Resources": {
        "Group": {"Type": "AWS::RDS::DBSubnetGroup", "Properties": {}},
        "Database": {"Type": INSTANCE, "Properties": {"DBName": "miyabi", "MasterUsername": "owner",
            "StorageEncrypted": true, "DBInstanceClass": "db.t3.small"}}
    }})
}

fn restored(source: &RestoreSource) -> Value {
    let mut template = template();
    restore(&mut template, source).unwrap();
    template
}

fn properties(template: &Value) -> String {
    template["Resources"]["Database"]["Properties"].to_string()
}

#[test]
fn a_restored_database_says_where_it_came_from_and_nothing_that_comes_from_there() {
    let snapshot = restored(&RestoreSource::Snapshot("before-friday".to_owned()));
    assert_eq!(
        properties(&snapshot),
        r#"{"DBInstanceClass":"db.t3.small","DBSnapshotIdentifier":"before-friday"}"#
    );
    let moment = RestoreSource::PointInTime {
        instance: "db-1".to_owned(),
        at: "2026-11-26T12:00:00Z".to_owned(),
    };
    assert_eq!(
        properties(&restored(&moment)),
        r#"{"DBInstanceClass":"db.t3.small","SourceDBInstanceIdentifier":"db-1","RestoreTime":"2026-11-26T12:00:00Z"}"#
    );
    // A second restore, from elsewhere, leaves nothing of the first.
    let mut again = restored(&moment);
    restore(&mut again, &RestoreSource::Snapshot("other".to_owned())).unwrap();
    assert_eq!(
        properties(&again),
        r#"{"DBInstanceClass":"db.t3.small","DBSnapshotIdentifier":"other"}"#
    );
}

#[test]
fn the_next_template_carries_the_restore_over_and_a_first_one_has_none() {
    let deployed = restored(&RestoreSource::Snapshot("before-friday".to_owned()));
    let mut next = template();
    carry_over(&mut next, &deployed);
    assert_eq!(next, deployed, "nothing to do");
    let mut first = template();
    carry_over(&mut first, &template());
    assert_eq!(first, template());
    let mut newer = restored(&RestoreSource::Snapshot("newer".to_owned()));
    carry_over(&mut newer, &deployed);
    assert!(
        properties(&newer).contains("newer"),
        "what says it itself is left alone"
    );
}

#[test]
fn a_database_with_a_name_cannot_be_restored() {
    let mut named = template();
    named["Resources"]["Database"]["Properties"]["DBInstanceIdentifier"] =
        json!("miyabi-dev-database");
    let source = RestoreSource::Snapshot("x".to_owned());
    let error = restore(&mut named, &source).unwrap_err();
    assert!(error.message().contains("miyabi-dev-database"), "{error}");
    assert!(restore(&mut json!({"Resources": {}}), &source).is_err());
}
