//! What each status of a stack means, and statuses that nobody knows.

use super::*;

#[test]
fn every_status_of_the_api_has_a_meaning_and_an_unknown_one_has_none() {
    use Phase::*;
    for status in StackStatus::values() {
        let meaning = phase(&StackStatus::from(*status));
        assert!(meaning.is_some(), "{status} has no meaning");
    }
    let expected = [
        ("CREATE_COMPLETE", Stable),
        ("UPDATE_FAILED", Stable),
        ("CREATE_FAILED", NeverCreated),
        ("REVIEW_IN_PROGRESS", NeverCreated),
        ("ROLLBACK_COMPLETE", NeverCreated),
        ("ROLLBACK_FAILED", NeverCreated),
        ("CREATE_IN_PROGRESS", Busy),
        ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Busy),
        ("UPDATE_ROLLBACK_FAILED", Stuck),
        ("DELETE_FAILED", DeleteFailed),
        ("DELETE_COMPLETE", Gone),
    ];
    for (status, meaning) in expected {
        assert_eq!(phase(&StackStatus::from(status)), Some(meaning), "{status}");
    }
    assert_eq!(phase(&StackStatus::from("PAUSED_IN_PROGRESS")), None);
}

#[test]
fn a_stack_in_an_unknown_status_cannot_be_read() {
    let unknown = Stack::builder().stack_name("miyabi-dev-api");
    let stack = unknown.clone().stack_status(StackStatus::from("PAUSED"));
    let refused = view("api", &stack.build()).unwrap_err();
    assert!(refused.to_string().contains("PAUSED"), "{refused}");
    assert!(!refused.is_passing(), "no retry helps");
    assert!(view("api", &unknown.build()).is_err(), "no status at all");
}
