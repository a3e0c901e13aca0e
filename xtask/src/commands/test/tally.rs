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
    /// What failed, and how it begins to say why: shown again at the end, where people look first.
    pub(super) failures: Vec<Failure>,
}

/// A test or another check that failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) name: String,
    /// The first `LINES_OF_A_FAILURE` lines of what it wrote; empty for a check that is no test.
    pub(super) said: String,
}

/// A failed spec of the browser with its calls fits; the whole output was shown before.
const LINES_OF_A_FAILURE: usize = 40;

impl Tally {
    pub(super) fn add(&mut self, outcome: Outcome) {
        if outcome.ok {
            self.passed += 1;
        } else {
            self.fail(outcome.name);
        }
        self.outcomes.push(outcome);
    }

    /// Counts a failure of what is no test.
    fn fail(&mut self, name: &str) {
        self.failed += 1;
        self.failures.push(Failure {
            name: name.to_owned(),
            said: String::new(),
        });
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
        self.failures.extend(failures(&ended.stdout));
        // A test that failed is counted already; a crate that does not compile is not.
        if !outcome.ok && failed == 0 {
            self.fail(outcome.name);
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

/// The failed tests in the output of `cargo test`: each has a section `---- NAME stdout ----` with what it
/// wrote, and the sections of a crate end with the list `failures:`.
fn failures(output: &str) -> Vec<Failure> {
    let mut found: Vec<Failure> = Vec::new();
    let (mut is_inside, mut lines) = (false, 0);
    for line in output.lines() {
        let name = line
            .strip_prefix("---- ")
            .and_then(|rest| rest.strip_suffix(" stdout ----"));
        if let Some(name) = name {
            (is_inside, lines) = (true, 0);
            found.push(Failure {
                name: name.to_owned(),
                said: String::new(),
            });
        } else if line == "failures:" {
            is_inside = false;
        } else if let Some(failure) = found.last_mut().filter(|_| is_inside) {
            lines += usize::from(!line.is_empty());
            if !line.is_empty() && lines <= LINES_OF_A_FAILURE {
                failure.said += line;
                failure.said.push('\n');
            }
        }
    }
    found
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
    fn failed_tests_are_found_with_what_they_wrote() {
        let output = "test a ... FAILED\ntest b ... FAILED\n\nfailures:\n\n\
            ---- a stdout ----\n\nthread 'a' panicked at x.rs:1:\nleft is not right\n\n\
            ---- b stdout ----\nno reason\n\n\nfailures:\n    a\n    b\n\n\
            test result: FAILED. 0 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s\n";
        let failure = |name: &str, said: &str| Failure {
            name: name.to_owned(),
            said: said.to_owned(),
        };
        let a = "thread 'a' panicked at x.rs:1:\nleft is not right\n";
        let both = [failure("a", a), failure("b", "no reason\n")];
        assert_eq!(failures(output), both);
        assert_eq!(failures("error: could not compile"), []);
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
