//! Which idempotency keys are taken.

use super::*;

#[test]
fn a_key_is_one_visible_word() {
    let headers = |values: &[&str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, value.parse().unwrap());
        }
        headers
    };
    assert_eq!(parse(&headers(&[])).unwrap(), None);
    assert_eq!(parse(&headers(&["a-1"])).unwrap(), Some("a-1".to_owned()));
    for wrong in [
        &["a", "a"][..],
        &[""],
        &["a b"],
        &["x".repeat(256).as_str()],
    ] {
        assert!(parse(&headers(wrong)).is_err(), "{wrong:?}");
    }
}
