//! Tests of [`super`] with a target that writes down what it is told.

use super::*;
use crate::{
    ErrorKind,
    apply::tests::Diary,
    state::{Deployed, DeployedStack},
};

#[tokio::test]
async fn a_person_who_stops_a_destroy_keeps_what_is_not_deleted_yet() {
    let stack = DeployedStack {
        template: Value::Null,
        parameters: BTreeMap::new(),
        outputs: BTreeMap::new(),
        complete: true,
    };
    let interrupt = Interrupt::default();
    let diary = Diary {
        deployed: Deployed {
            stacks: ["first", "second"]
                .map(|name| (name.to_owned(), stack.clone()))
                .into(),
            ..Deployed::default()
        },
        interrupts: Some(("second", interrupt.clone())),
        ..Diary::default()
    };
    let stage = Stage::load("local").unwrap();
    let error = destroy(&diary, &stage, &Progress::silent(), &interrupt)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(
        error.message(),
        "Interrupted. Deleted: second. The other stacks are as they were."
    );
    assert_eq!(*diary.lines.borrow(), ["delete second"]);
}
