//! The list itself: every row has a test or a reason why not yet.

use std::{collections::BTreeSet, fs, path::Path};

/// How many rows have a reason instead of a test. This number may only fall.
const NOT_YET: usize = 1;

/// The numbers in `fn fault_NN_..` of the tests of the deployer and of this directory.
fn tested() -> BTreeSet<u32> {
    let mut numbers = BTreeSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("it");
    for path in [folder.join("faults"), folder] {
        for entry in fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let source = fs::read_to_string(path).unwrap();
                let names = source.split("fn fault_").skip(1);
                numbers
                    .extend(names.filter_map(|rest| rest.split('_').next()?.parse::<u32>().ok()));
            }
        }
    }
    numbers
}

#[test]
fn every_fault_has_a_test_or_a_reason() {
    let rows: Vec<(u32, &str)> = include_str!("ROWS.md")
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            Some((cells.get(1)?.parse().ok()?, *cells.get(4)?))
        })
        .collect();
    let numbers: Vec<u32> = rows.iter().map(|(number, _)| *number).collect();
    assert!(
        numbers.is_sorted_by(|a, b| a < b) && numbers.starts_with(&(1..=36).collect::<Vec<_>>()),
        "ROWS.md lists the rows 1 to 36 and those after it, in order, each once: {numbers:?}"
    );
    let tested = tested();
    let missing: Vec<u32> = rows
        .iter()
        .filter(|(number, reason)| reason.is_empty() && !tested.contains(number))
        .map(|(number, _)| *number)
        .collect();
    assert!(
        missing.is_empty(),
        "no test `fault_NN_..` and no reason in ROWS.md: {missing:?}"
    );
    assert!(
        tested.iter().all(|number| numbers.contains(number)),
        "tests of rows that ROWS.md does not have"
    );
    let reasons = rows.iter().filter(|(_, reason)| !reason.is_empty()).count();
    assert_eq!(
        reasons, NOT_YET,
        "{reasons} rows have a reason instead of a test, NOT_YET says {NOT_YET}; it may only fall"
    );
}
