//! Bounds, normalization and refused characters of text.

use super::*;

#[test]
fn a_line_is_trimmed_and_bounded() {
    assert_eq!(Line::<5>::new(" abc ").unwrap().as_str(), "abc");
    assert_eq!(
        Line::<5>::new("  abc "),
        Err("must have at most 5 characters".to_owned())
    );
    assert_eq!(Line::<5>::new("   "), Err("must not be blank".to_owned()));
    assert_eq!(Line::<5>::new("a\nb"), Err("must be one line".to_owned()));
    assert_eq!(
        Line::<5>::new("abcdef"),
        Err("must have at most 5 characters".to_owned())
    );
    assert_eq!(Line::<5>::new("äöüéè").unwrap().as_str(), "äöüéè");
}

#[test]
fn what_cannot_be_seen_is_blank() {
    for blank in [
        "\u{200B}",
        "\u{2060}",
        "\u{3164}",
        "\u{FEFF}",
        "\u{AD}",
        "\u{200D}\u{200C}",
        "\u{A0}\u{3000}",
        "\u{301}",
        "\u{200E}\u{61C}",
        "\u{202E}",
        "\u{180E}",
        "\u{115F}\u{1160}",
        "\u{FFA0}",
        "\u{2800}",
        "\u{FE0F}",
        "\u{E0020}",
        "\u{34F}",
        "\u{20DD}",
        " \u{200B} ",
        "\u{2061}\u{206F}",
        "\u{7F}",
    ] {
        assert!(is_blank(blank), "{blank:?}");
        assert_eq!(
            Line::<9>::new(blank),
            Err("must not be blank".to_owned()),
            "{blank:?}"
        );
    }
    for seen in [
        "a",
        ".",
        "e\u{301}",
        "\u{1F468}\u{200D}\u{1F469}",
        "ー",
        "\u{FFFD}",
        "\u{E000}",
        "\u{0903}a",
    ] {
        assert!(!is_blank(seen), "{seen:?}");
    }
}

#[test]
fn text_is_kept_in_one_normalization() {
    assert_eq!(Line::<5>::new("e\u{301}").unwrap().as_str(), "é");
    assert_eq!(Text::<5>::new("か\u{3099}").unwrap().as_str(), "が");
    // What only looks alike stays what it is.
    assert_eq!(Line::<5>::new("ﬁ①").unwrap().as_str(), "ﬁ①");
    assert_eq!(
        Line::<5>::new("e\u{301}".repeat(5).as_str())
            .unwrap()
            .as_str(),
        "ééééé"
    );
}

#[test]
fn what_looks_the_same_is_compared_as_the_same() {
    for (a, b) in [
        ("Bug", "bUG"),
        ("é", "E\u{301}"),
        ("ﬁx", "FIX"),
        ("ＡＢＣ", "abc"),
        ("ｶﾞ", "ガ"),
        ("①", "1"),
        ("Straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("a\u{200B}b", "ab"),
        ("a\u{FE0F}", "A"),
        ("x²", "X2"),
    ] {
        assert_eq!(fold(a), fold(b), "{a} {b}");
        assert_eq!(fold(&fold(a)), fold(a));
    }
    for (a, b) in [("a", "а"), ("a", "á"), ("0", "O"), ("か", "が"), ("l", "1")] {
        assert_ne!(fold(a), fold(b), "{a} {b}");
    }
}

#[test]
fn characters_that_cannot_be_stored_or_that_deceive_are_refused() {
    for bad in ["a\0b", "a\u{1b}[31m", "a\u{202E}b", "a\u{2066}b"] {
        assert!(
            Text::<100>::new(bad)
                .unwrap_err()
                .starts_with("must not contain"),
            "{bad:?}"
        );
    }
    for good in [
        "a\nb\tc",
        "\u{1F468}\u{200D}\u{1F469}",
        "日本語",
        "e\u{301}",
    ] {
        assert!(Text::<100>::new(good).is_ok(), "{good:?}");
    }
}
