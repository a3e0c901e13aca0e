//! Text of others, made harmless for a terminal.
//!
//! A log can hold what a client sent. A terminal obeys control sequences in it: they move the cursor,
//! hide lines, set the title, write to the clipboard. None is ever passed on.

use std::{borrow::Cow, fmt::Write};

/// The text with everything that a terminal would obey, or that reorders what a person reads, as its
/// code: `\u{1b}`. Line ends and tabs stay.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    escaped(
        text,
        |c| !matches!(c, '\n' | '\t'),
        |c, out| {
            let _ = write!(out, "{}", c.escape_unicode());
        },
    )
}

/// JSON on one line with the same characters as escapes of JSON, which leaves its meaning as it is.
pub(crate) fn plain_json(text: &str) -> Cow<'_, str> {
    escaped(
        text,
        |_| true,
        |c, out| {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        },
    )
}

fn escaped(
    text: &str,
    which: impl Fn(char) -> bool,
    escape: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.chars().any(|c| is_obeyed(c) && which(c)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_obeyed(c) && which(c) {
            escape(c, &mut out);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Control characters of both kinds (C0, DEL, C1), and those that change the direction of text
/// (<https://www.unicode.org/reports/tr9/>) or end a line elsewhere.
fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_shown_as_its_code() {
        let nasty = "a\u{1b}[2Jb\u{9b}31mc\u{7}d\re\u{202e}f\u{7f}";
        let shown = plain(nasty);
        assert!(!shown.chars().any(is_obeyed), "{shown:?}");
        assert_eq!(shown, r"a\u{1b}[2Jb\u{9b}31mc\u{7}d\u{d}e\u{202e}f\u{7f}");
        assert_eq!(plain("two\nlines\tof 日本語"), "two\nlines\tof 日本語");
    }

    #[test]
    fn json_means_the_same_and_holds_nothing_that_a_terminal_obeys() {
        let nasty = serde_json::json!({"text": "a\u{1b}b\u{9b}c\u{7f}d\u{2028}e"});
        let json = nasty.to_string();
        assert!(json.chars().any(is_obeyed), "serde_json leaves C1 as it is");
        let plain = plain_json(&json);
        assert!(!plain.chars().any(is_obeyed), "{plain:?}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&plain).unwrap(),
            nasty
        );
    }
}
