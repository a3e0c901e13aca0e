//! Merging, numbers and limits of metadata.

use super::*;

fn merged(target: &str, patch: &str) -> String {
    let mut target = Metadata::parse(target).unwrap();
    target.merge(Metadata::parse(patch).unwrap()).unwrap();
    target.to_string()
}

/// Examples of RFC 7396, appendix A, as far as they are about objects.
#[test]
fn a_patch_is_merged_as_the_rfc_says() {
    for (target, patch, result) in [
        (r#"{"a": "b"}"#, r#"{"a": "c"}"#, r#"{"a": "c"}"#),
        (r#"{"a": "b", "b": "c"}"#, r#"{"a": null}"#, r#"{"b": "c"}"#),
        (r#"{"a": ["b"]}"#, r#"{"a": "c"}"#, r#"{"a": "c"}"#),
        (
            r#"{"a": {"b": "c"}}"#,
            r#"{"a": {"b": "d", "c": null}}"#,
            r#"{"a": {"b": "d"}}"#,
        ),
        (r#"{"a": [{"b": "c"}]}"#, r#"{"a": [1]}"#, r#"{"a": [1]}"#),
        (r#"{"e": null}"#, r#"{"a": 1}"#, r#"{"a": 1, "e": null}"#),
        (
            r#"{}"#,
            r#"{"a": {"bb": {"ccc": null}}}"#,
            r#"{"a": {"bb": {}}}"#,
        ),
        (
            r#"{"b": 0.10}"#,
            r#"{"c": 1, "a": 1e2}"#,
            r#"{"a": 100, "b": 0.10, "c": 1}"#,
        ),
    ] {
        assert_eq!(merged(target, patch), result, "{patch}");
    }
}

#[test]
fn numbers_are_what_postgresql_makes_of_them() {
    for (written, expected) in [
        ("0", "0"),
        ("-0", "0"),
        ("-0.00", "0.00"),
        ("0e9999999999", "0"),
        ("0.0e-5", "0"),
        ("1", "1"),
        ("-1.50", "-1.50"),
        ("1e2", "100"),
        ("1E+2", "100"),
        ("1.5e3", "1500"),
        ("1.50e1", "15.0"),
        ("15e-1", "1.5"),
        ("1e-3", "0.001"),
        ("-12.5e-4", "-0.00125"),
        ("0.5e2", "50"),
        ("0.5e1", "5"),
        ("0.05e1", "0.5"),
        ("0.1e0", "0.1"),
        ("12345678901234567890123.5", "12345678901234567890123.5"),
        (
            "1.7976931348623157e308",
            &format!("17976931348623157{}", "0".repeat(292)),
        ),
    ] {
        assert_eq!(decimal(written).unwrap(), expected, "{written}");
    }
    for beyond in [
        "1e16385",
        "1e-16390",
        "1e999999999999999999999",
        "-1e-99999999",
    ] {
        assert_eq!(decimal(beyond), Err(TooLarge), "{beyond}");
    }
}

#[test]
fn its_size_is_what_it_has_when_it_is_written_out() {
    let with = |length: usize| format!(r#"{{"a": "{}"}}"#, "x".repeat(length));
    assert!(Metadata::parse(&with(MAX_BYTES - 9)).is_ok());
    assert_eq!(Metadata::parse(&with(MAX_BYTES - 8)), Err(TOO_LARGE));
    let many = format!("[{}1e9999]", "1e9999,".repeat(100));
    assert_eq!(
        Metadata::parse(&format!(r#"{{"a": {many}}}"#)),
        Err(TOO_LARGE)
    );
    let mut metadata = Metadata::parse(&with(16_000)).unwrap();
    assert!(
        metadata
            .merge(Metadata::parse(&format!(r#"{{"b": "{}"}}"#, "x".repeat(500))).unwrap())
            .is_err()
    );
}

#[test]
fn names_of_libraries_mean_nothing() {
    let text = r#"{"a": {"$serde_json::private::RawValue": "[[[["}}"#;
    assert_eq!(Metadata::parse(text).unwrap().to_string(), text);
}
