//! What passed, failed and was skipped, counted.

use crate::{checks::Outcome, process::Ended};

/// A step that did not come to its tool.
pub(super) fn failed(name: &'static str) -> Outcome {
    Outcome {
        name,
        ok: false,
        seconds: 0.0,
    }
}

/// What passed and failed so far: tests and other checks.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) passed: usize,
    pub(super) failed: usize,
    /// What this machine cannot test; the reason was said.
    pub(super) skipped: Vec<String>,
    pub(super) outcomes: Vec<Outcome>,
}

impl Tally {
    pub(super) fn add(&mut self, outcome: Outcome) {
        if outcome.ok {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
        self.outcomes.push(outcome);
    }

    /// Adds a run of `cargo test`, counted one by one.
    pub(super) fn add_tests(&mut self, (outcome, ended): (Outcome, Ended)) {
        let (passed, failed) = count(&ended.stdout);
        let skipped: Vec<String> = skipped(&ended.stdout)
            .map(|(what, _)| what.to_owned())
            .collect();
        // For libtest, a test that gave up has passed.
        self.passed += passed.saturating_sub(skipped.len());
        self.skipped.extend(skipped);
        self.failed += failed;
        // A test that failed is counted already; a crate that does not compile is not.
        if !outcome.ok && failed == 0 {
            self.failed += 1;
        }
        self.outcomes.push(outcome);
    }
}

/// Passed and failed tests in the output of `cargo test`: the sum over its
/// `test result: ok. 12 passed; 0 failed; ..` lines.
fn count(output: &str) -> (usize, usize) {
    let mut sum = (0, 0);
    for line in output
        .lines()
        .filter(|line| line.starts_with("test result: "))
    {
        let number = |word: &str| -> usize {
            let before = line.split(word).next().unwrap_or_default();
            before
                .trim_end()
                .rsplit(' ')
                .next()
                .and_then(|digits| digits.parse().ok())
                .unwrap_or(0)
        };
        sum.0 += number(" passed");
        sum.1 += number(" failed");
    }
    sum
}

/// What tests gave up, and why: `skipped: a full disk: nobody may mount`, as `miyabi_tests::skipped`
/// writes it.
pub(super) fn skipped(output: &str) -> impl Iterator<Item = (&str, &str)> {
    output
        .lines()
        .filter_map(|line| line.strip_prefix("skipped: ")?.split_once(": "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_every_crate_are_counted() {
        let output = "running 3 tests\ntest a ... ok\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s\n";
        assert_eq!(count(output), (15, 2));
        assert_eq!(count("error: could not compile"), (0, 0));
    }

    #[test]
    fn a_test_that_gave_up_is_skipped_and_not_passed() {
        let stdout = "test b ... \nskipped: a full disk: `unshare`: not found\nok\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s\n";
        let told: Vec<_> = skipped(stdout).collect();
        assert_eq!(told, [("a full disk", "`unshare`: not found")]);
        let outcome = Outcome {
            name: "tests",
            ok: true,
            seconds: 0.1,
        };
        let ended = Ended {
            well: true,
            said: String::new(),
            stdout: stdout.to_owned(),
        };
        let mut tally = Tally::default();
        tally.add_tests((outcome, ended));
        assert_eq!((tally.passed, tally.failed), (1, 0));
        assert_eq!(tally.skipped, ["a full disk"]);
    }
}
