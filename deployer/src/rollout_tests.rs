//! Tests of [`super`].

use super::*;
use crate::release::Version;

fn version(number: &str) -> Version {
    Version {
        number: number.to_owned(),
        code: format!("code {number}"),
    }
}

fn in_service(number: &str, wanted: Version) -> BTreeMap<String, InService> {
    let version = version(number);
    let also = Vec::new();
    let function = InService {
        version,
        wanted,
        also,
    };
    BTreeMap::from([("tasks".to_owned(), function)])
}

#[test]
fn functions_that_only_one_side_has_stay_as_they_are() {
    let release = Release::from([
        ("tasks".to_owned(), version("3")),
        ("gone".to_owned(), version("1")),
    ]);
    let mut now = in_service("4", version("4"));
    now.insert(
        "new".to_owned(),
        InService {
            version: version("1"),
            wanted: version("1"),
            also: Vec::new(),
        },
    );
    assert_eq!(describe(&moves(&release, &now)), "tasks 4 -> 3");
    assert!(moves(&release, &in_service("3", version("4"))).is_empty());
}

#[test]
fn code_is_compared_where_the_alias_stands_as_its_template_says() {
    let other = Version {
        code: "another".to_owned(),
        ..version("4")
    };
    assert_code(&in_service("4", version("4"))).unwrap();
    // Put back to an earlier version: its code is not the template's, and need not be.
    assert_code(&in_service("3", other.clone())).unwrap();
    let error = assert_code(&in_service("4", other)).unwrap_err();
    assert!(
        error
            .message()
            .contains("The code in service of tasks is not the uploaded code"),
        "{error}"
    );
}

/// A canary that stopped: the alias points to the version before, and a tenth of its traffic does not.
#[test]
fn an_alias_that_shares_its_traffic_is_moved_and_not_believed() {
    let mut now = in_service("3", version("3"));
    if let Some(function) = now.get_mut("tasks") {
        function.also.push("4".to_owned());
    }
    let release = Release::from([("tasks".to_owned(), version("3"))]);
    assert_eq!(describe(&moves(&release, &now)), "tasks 3 -> 3");
    let error = assert_code(&now).unwrap_err();
    assert!(
        error.message().contains("Part of the traffic of tasks"),
        "{error}"
    );
}
