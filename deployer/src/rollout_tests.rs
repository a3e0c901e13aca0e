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
    BTreeMap::from([("tasks".to_owned(), InService { version, wanted })])
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
        },
    );
    assert_eq!(told(&moves(&release, &now)), "tasks 4 -> 3");
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
            .contains("The code in service of tasks is not what was uploaded"),
        "{error}"
    );
}
