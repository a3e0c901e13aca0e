//! An error for people: what failed, why, what to do next; and its stable form for machines.

use deployer::Error;
use serde_json::{Value, json};

use super::{Ui, plain};

/// The error as a person reads it.
pub(crate) fn text(error: &Error, ui: &Ui) -> String {
    // A cause can quote a log or an answer of somebody else.
    let mut text = format!("{} {}", ui.paint("31;1", "error:"), plain(error.message()));
    for cause in error.causes() {
        text.push_str("\n  because: ");
        text.push_str(&plain(&cause).replace('\n', "\n    "));
    }
    text + &format!("\n{} {}", ui.paint("36;1", "hint:"), plain(error.hint()))
}

/// The error as JSON.
pub(crate) fn json(error: &Error) -> Value {
    json!({"error": {
        "kind": error.kind().as_str(),
        "exit_code": error.kind().exit_code(),
        "message": error.message(),
        "causes": error.causes(),
        "hint": error.hint(),
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_why_and_what_to_do() {
        let error = Error::failed("PostgreSQL did not start.", "`cargo xtask doctor`")
            .because("the port is taken\nby process 42");
        insta::assert_snapshot!(text(&error, &Ui::new(false)), @"
        error: PostgreSQL did not start.
          because: the port is taken
            by process 42
        hint: `cargo xtask doctor`
        ");
        insta::assert_snapshot!(json(&error), @r#"{"error":{"kind":"failed","exit_code":1,"message":"PostgreSQL did not start.","causes":["the port is taken\nby process 42"],"hint":"`cargo xtask doctor`"}}"#);
    }
}
