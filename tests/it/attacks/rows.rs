//! The list itself: every row has a test or a reason why not yet.

use std::{collections::BTreeSet, fs, path::Path};

/// How many rows have a reason instead of a test. This number may only fall.
const NOT_YET: usize = 6;

struct Row {
    number: u32,
    reason: String,
}

fn rows() -> Vec<Row> {
    include_str!("ROWS.md")
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let number = cells.get(1)?.parse().ok()?;
            Some(Row {
                number,
                reason: cells[4].to_owned(),
            })
        })
        .collect()
}

/// The numbers in `fn attack_NN_..` of this directory.
fn tested() -> BTreeSet<u32> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/attacks");
    let mut numbers = BTreeSet::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let source = fs::read_to_string(path).unwrap();
        let names = source.split("fn attack_").skip(1);
        numbers.extend(names.filter_map(|rest| rest.split('_').next()?.parse::<u32>().ok()));
    }
    numbers
}

#[test]
fn every_attack_has_a_test_or_a_reason() {
    let rows = rows();
    let numbers: Vec<u32> = rows.iter().map(|row| row.number).collect();
    assert_eq!(
        numbers,
        (1..=50).collect::<Vec<_>>(),
        "ROWS.md lists the rows 1 to 50, in order"
    );

    let tested = tested();
    let missing: Vec<u32> = rows
        .iter()
        .filter(|row| row.reason.is_empty() && !tested.contains(&row.number))
        .map(|row| row.number)
        .collect();
    assert!(
        missing.is_empty(),
        "no test `attack_NN_..` and no reason in ROWS.md: {missing:?}"
    );
    assert!(
        tested.iter().all(|number| numbers.contains(number)),
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
