//! What an offline plan was compared with, which a reader must know to believe it.

use deployer::offline::Baseline;
use serde_json::{Value, json};

/// One sentence or two.
pub(crate) fn text(baseline: &Baseline) -> String {
    let compared = match baseline {
        Baseline::Templates(path) => format!("Compared with the templates of {}", path.display()),
        Baseline::LastRead { at, from } => {
            format!("Compared with the templates read at {at} from {from}")
        }
        Baseline::Record => "Compared with the record of the stage".to_owned(),
    };
    let taken = match baseline.taken_as_deployed() {
        [code] => (*code).to_owned(),
        all => {
            let (last, first) = all.split_last().unwrap_or((&"", &[]));
            format!("{} and {last}", first.join(", "))
        }
    };
    format!("{compared}. Taken as deployed: {taken}.")
}

/// For machines.
pub(crate) fn json(baseline: &Baseline) -> Value {
    let mut value = match baseline {
        Baseline::Templates(path) => json!({"compared_with": "templates", "path": path}),
        Baseline::LastRead { at, from } => {
            json!({"compared_with": "last_read", "at": at, "from": from})
        }
        Baseline::Record => json!({"compared_with": "record"}),
    };
    value["taken_as_deployed"] = json!(baseline.taken_as_deployed());
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_learns_how_old_the_comparison_is_and_what_was_left_out() {
        let read = Baseline::LastRead {
            at: "2026-11-25T02:39:00Z".to_owned(),
            from: "the account 333333333333 in us-east-1".to_owned(),
        };
        let templates = Baseline::Templates("before".into());
        insta::assert_snapshot!([text(&read), text(&templates)].join("\n"), @"
        Compared with the templates read at 2026-11-25T02:39:00Z from the account 333333333333 in us-east-1. Taken as deployed: code.
        Compared with the templates of before. Taken as deployed: code, migrations and site.
        ");
        assert_eq!(json(&Baseline::Record)["compared_with"], "record");
    }
}
