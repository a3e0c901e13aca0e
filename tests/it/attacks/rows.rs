//! The list itself: every row has a test that runs, or a reason why not yet.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// How many rows have a reason instead of a test. This number may only fall.
const NOT_YET: usize = 2;

struct Row {
    /// `27`, `T6`
    name: String,
    reason: String,
}

fn rows() -> Vec<Row> {
    include_str!("ROWS.md")
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let name = (*cells.get(1)?).to_owned();
            let is_row = name
                .strip_prefix('T')
                .unwrap_or(&name)
                .parse::<u32>()
                .is_ok();
            is_row.then(|| Row {
                name,
                reason: cells[4].to_owned(),
            })
        })
        .collect()
}

/// The names of this binary's tests: all, or those that are ignored.
fn listed(arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--list", "--format", "terse"])
        .args(arguments)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.strip_suffix(": test"));
    names.map(str::to_owned).collect()
}

/// The rows that a test holds by its name: `attacks::cookies::attack_25_..` is 25,
/// `attack_21_t1_..` is 21 and T1.
fn rows_of(test: &str) -> Vec<String> {
    let name = test.rsplit("::").next().unwrap_or_default();
    let mut rows = Vec::new();
    let mut words = name.split('_').peekable();
    if words.next_if(|word| *word == "attack").is_some() {
        let number = words.next().and_then(|word| word.parse::<u32>().ok());
        rows.extend(number.map(|number| number.to_string()));
    }
    let promise = words.next().and_then(|word| word.strip_prefix('t'));
    let promise = promise.and_then(|number| number.parse::<u32>().ok());
    rows.extend(promise.map(|number| format!("T{number}")));
    rows
}

/// The rows with a test that runs.
fn tested() -> BTreeSet<String> {
    let ignored = listed(&["--ignored"]);
    let run = listed(&[]);
    let names = run.difference(&ignored);
    names.flat_map(|name| rows_of(name)).collect()
}

#[test]
fn every_attack_has_a_test_or_a_reason() {
    let rows = rows();
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let expected = (1..=58).map(|number| number.to_string());
    let expected: Vec<String> = expected
        .chain((1..=8).map(|number| format!("T{number}")))
        .collect();
    assert_eq!(
        names, expected,
        "ROWS.md lists 1 to 58 and T1 to T8, in order"
    );

    let tested = tested();
    let missing: Vec<&str> = rows
        .iter()
        .filter(|row| row.reason.is_empty() && !tested.contains(&row.name))
        .map(|row| row.name.as_str())
        .collect();
    assert!(
        missing.is_empty(),
        "no test of that name runs, and ROWS.md gives no reason: {missing:?}"
    );
    assert!(
        tested.iter().all(|name| expected.contains(name)),
        "tests of rows that ROWS.md does not have"
    );

    let reasons = rows.iter().filter(|row| !row.reason.is_empty()).count();
    assert!(
        reasons <= NOT_YET,
        "{reasons} rows have a reason instead of a test, {NOT_YET} had before"
    );
    assert_eq!(
        reasons, NOT_YET,
        "fewer rows have a reason now: lower NOT_YET to {reasons}"
    );
}

/// For libtest, a test that gives up on some machines has passed there. One that holds a row must
/// not: its module would not be one of those that `miyabi_tests::skipped` is called in.
#[test]
fn no_test_that_holds_a_row_gives_up() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("it");
    let holding: BTreeSet<PathBuf> = listed(&[])
        .iter()
        .filter(|name| !rows_of(name).is_empty())
        .map(|name| {
            let modules = name.rsplit_once("::").map_or("", |(modules, _)| modules);
            tests.join(modules.replace("::", "/")).with_extension("rs")
        })
        .collect();
    assert!(holding.len() > 20, "{holding:?}");
    for file in holding {
        let source = fs::read_to_string(&file).unwrap();
        assert!(!source.contains("skipped("), "{}", file.display());
    }
}

#[test]
fn a_test_holds_the_rows_of_its_name() {
    assert_eq!(rows_of("attacks::cookies::attack_05_x"), ["5"]);
    assert_eq!(rows_of("auth::sessions::t4_x"), ["T4"]);
    assert_eq!(
        rows_of("attacks::refresh_tokens::attack_21_t1_race"),
        ["21", "T1"]
    );
    for other in ["attacks::rows::times", "tasks::t_x", "the_t1_x", "attack_x"] {
        assert!(rows_of(other).is_empty(), "{other}");
    }
}
