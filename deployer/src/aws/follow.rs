//! Following an operation of a stack to its end: each resource as it changes, and on failure the
//! first cause.
//!
//! The end is only ever believed from the stack's own status. Events are for people: when they
//! cannot be read, the operation is followed without them.

use std::time::{Duration, Instant};

use aws_sdk_cloudformation::types::StackStatus;
use time::OffsetDateTime;

use super::{
    Aws,
    aws_error::AwsError,
    event_pages::{Happened, Lookback},
    events::Events,
    stack::{Phase, StackView},
};
use crate::{Error, progress::Progress};

/// The pause between two looks: short at first, longer while nothing happens.
const SHORTEST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(4);
/// How long no answer at all is borne before the outcome is called unknown.
const PATIENCE: Duration = Duration::from_secs(600);
/// Looks at events between two looks at the stack.
const EVENTS_BETWEEN: u32 = 3;

/// An operation that has come to its end.
#[derive(Debug)]
pub(super) struct Ended {
    /// The stack after it.
    pub(super) view: StackView,
    /// What failed, the first first.
    pub(super) failures: Vec<Happened>,
}

impl Aws {
    /// Follows the operation that goes on with that stack until it ends, well or not. `since`: the
    /// server's time when the operation began; `None`: it was found going on.
    pub(super) async fn follow(
        &self,
        name: &str,
        id: &str,
        since: Option<OffsetDateTime>,
        progress: &Progress,
    ) -> Result<Ended, Error> {
        let mut events = Events::new(since);
        let mut pause = SHORTEST_PAUSE;
        let mut answered = Instant::now();
        let mut looks = 0;
        loop {
            let news = events
                .look(self, name, id, Lookback::Newest, progress)
                .await;
            let looks_over =
                news.as_ref().is_none_or(|news| news.stack_ended) || looks % EVENTS_BETWEEN == 0;
            looks += 1;
            if looks_over {
                match self.stack(name, Some(id)).await {
                    Ok(Some(view)) if view.phase != Phase::Busy => {
                        // The last of them may have come between the two looks.
                        let lookback = if ended_badly(&view.status) {
                            Lookback::WholeOperation
                        } else {
                            Lookback::Newest
                        };
                        events.look(self, name, id, lookback, progress).await;
                        let failures = events.failures();
                        return Ok(Ended { view, failures });
                    }
                    Ok(Some(_)) => answered = Instant::now(),
                    // A stack that is asked for by its ARN is only unknown when it is long gone.
                    Ok(None) => return Err(deleted_out_of_band(name)),
                    Err(refused) if refused.is_passing() && answered.elapsed() < PATIENCE => (),
                    Err(refused) => return Err(self.unknown_outcome(name, refused)),
                }
            }
            pause = match news {
                Some(news) if news.count > 0 => SHORTEST_PAUSE,
                _ => (pause * 3 / 2).min(LONGEST_PAUSE),
            };
            let pause = jittered(pause);
            self.observer.pause(&format!("stack {name}"), pause).await;
        }
    }

    /// The error after which nobody knows what became of an operation. It goes on without us.
    pub(super) fn unknown_outcome(&self, name: &str, refused: AwsError) -> Error {
        let failed = format!(
            "The outcome for the stack `{name}` is unknown: CloudFormation continues with it and cannot be reached."
        );
        let hint = format!(
            "When AWS answers again (new credentials, a network), resume with the same command: `cargo xtask deploy --stage {}`. It follows the operation that is in progress.",
            self.stage.name()
        );
        Error::failed(failed, hint).because(refused.to_string())
    }
}

fn deleted_out_of_band(name: &str) -> Error {
    Error::failed(
        format!("The stack `{name}` was deleted by somebody else while it was being changed."),
        "Find out who did it before you deploy again: the events are in CloudTrail (`DeleteStack`).",
    )
}

/// Whether the operation before that status failed, whatever became of the stack.
fn ended_badly(status: &StackStatus) -> bool {
    status.as_str().contains("ROLLBACK") || status.as_str().ends_with("_FAILED")
}

/// Half to one and a half of it, so that many who wait do not ask at the same moments.
fn jittered(pause: Duration) -> Duration {
    let nanos = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |now| now.subsec_nanos());
    // The low digits of the clock are as good as dice here.
    let part = f64::from(nanos % 1_000_003) / 1_000_003.0;
    pause.mul_f64(0.5 + part)
}
