//! The same messages to many connections: with bounded concurrency, each connection in order, and
//! nobody waits for one that is slow.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use miyabi_core::{Connections, Posted};
use tokio::time::{sleep, timeout_at};

/// Longest that the gateway may take for one message.
const POST_LIMIT: Duration = Duration::from_secs(2);
/// Least that the last few connections get once all others are done. They get as long as the others
/// took, when that is longer: a slow machine is not a slow client.
const PATIENCE: Duration = Duration::from_millis(250);
/// How often, and first how long after, a message is sent again that exceeded a limit.
const TRIES: u32 = 4;
const BACK_OFF: Duration = Duration::from_millis(100);

/// What became of the messages.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// How many connections have them all.
    pub(crate) sent: usize,
    /// Connections that do not exist any more.
    pub(crate) gone: Vec<String>,
    /// Connections to close: they did not take everything, while others did.
    pub(crate) dropped: Vec<String>,
    /// Why none of this counts and everything must be sent again later: the WebSocket API refuses
    /// most connections, or does not answer for any.
    pub(crate) postponed: Option<Postponed>,
}

/// Why everything must be sent again.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Postponed {
    /// Limits of the account or of the stage are exceeded.
    LimitExceeded,
    /// It does not answer, or not as it should. The text is for the log.
    Failing(String),
}

#[derive(Debug)]
enum Outcome {
    Sent,
    Gone,
    LimitExceeded,
    Slow,
    Failed(String),
}

/// Sends messages to connections.
pub(crate) async fn deliver(
    connections: &Connections,
    ids: &[String],
    messages: &[Bytes],
) -> Delivery {
    let total = ids.len();
    let mut waiting: HashSet<&String> = ids.iter().collect();
    let mut outcomes = Vec::with_capacity(total);
    let mut posts = stream::iter(ids)
        .map(|id| async move { (id, send(connections, id, messages).await) })
        .buffer_unordered(Connections::CONCURRENCY);
    let began = Instant::now();
    let mut deadline = None;
    loop {
        let next = match deadline {
            Some(deadline) => match timeout_at(deadline, posts.next()).await {
                Ok(next) => next,
                Err(_) => break,
            },
            None => posts.next().await,
        };
        let Some((id, outcome)) = next else {
            break;
        };
        waiting.remove(id);
        outcomes.push((id, outcome));
        // All that are left have been begun, and most are done.
        let few = Connections::CONCURRENCY.min(total / 2);
        if deadline.is_none() && waiting.len() <= few {
            deadline = Some(tokio::time::Instant::now() + began.elapsed().max(PATIENCE));
        }
    }
    outcomes.extend(waiting.into_iter().map(|id| (id, Outcome::Slow)));
    judge(outcomes)
}

/// Sends messages to one connection, in their order.
async fn send(connections: &Connections, id: &str, messages: &[Bytes]) -> Outcome {
    for message in messages {
        let mut tries = 1;
        loop {
            let began = Instant::now();
            match connections.post(id, message, POST_LIMIT).await {
                Posted::Sent => break,
                Posted::Gone => return Outcome::Gone,
                Posted::LimitExceeded if tries < TRIES => {
                    sleep(BACK_OFF * 2_u32.pow(tries - 1)).await;
                    tries += 1;
                }
                Posted::LimitExceeded => return Outcome::LimitExceeded,
                Posted::Failed(_) if began.elapsed() >= POST_LIMIT => return Outcome::Slow,
                Posted::Failed(why) => return Outcome::Failed(why),
            }
        }
    }
    Outcome::Sent
}

/// Tells connections that misbehave from a WebSocket API that does.
fn judge(outcomes: Vec<(&String, Outcome)>) -> Delivery {
    let total = outcomes.len();
    let mut delivery = Delivery::default();
    let (mut limited, mut failure) = (0, None);
    for (id, outcome) in outcomes {
        match outcome {
            Outcome::Sent => delivery.sent += 1,
            Outcome::Gone => delivery.gone.push(id.clone()),
            Outcome::LimitExceeded => {
                limited += 1;
                delivery.dropped.push(id.clone());
            }
            Outcome::Slow => delivery.dropped.push(id.clone()),
            Outcome::Failed(why) => {
                failure = Some(why);
                delivery.dropped.push(id.clone());
            }
        }
    }
    let problems = delivery.dropped.len();
    let nobody_answered = problems == total && problems > 0;
    if limited * 2 > total {
        delivery.postponed = Some(Postponed::LimitExceeded);
    } else if nobody_answered && let Some(why) = failure {
        delivery.postponed = Some(Postponed::Failing(why));
    } else if nobody_answered && total > 1 {
        let why = format!("none of {total} connections took a message in time");
        delivery.postponed = Some(Postponed::Failing(why));
    }
    if delivery.postponed.is_some() {
        delivery.dropped.clear();
    }
    delivery
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(outcomes: Vec<Outcome>) -> Delivery {
        let ids: Vec<String> = (0..outcomes.len()).map(|n| n.to_string()).collect();
        judge(ids.iter().zip(outcomes).collect())
    }

    fn failed() -> Outcome {
        Outcome::Failed("500".to_owned())
    }

    #[test]
    fn a_connection_that_misbehaves_is_dropped_and_the_others_have_their_messages() {
        for bad in [Outcome::Slow, Outcome::LimitExceeded, failed()] {
            let delivery = judged(vec![Outcome::Sent, bad, Outcome::Sent]);
            assert_eq!(delivery.dropped, ["1"]);
            assert_eq!((delivery.sent, delivery.postponed), (2, None));
        }
        // The only one that there is: nobody else's messages depend on it.
        assert_eq!(judged(vec![Outcome::Slow]).dropped, ["0"]);
        // Somebody is gone, so the API answers.
        assert_eq!(judged(vec![Outcome::Gone, failed()]).dropped, ["1"]);
    }

    #[test]
    fn an_api_that_misbehaves_costs_nobody_the_connection() {
        for (outcomes, postponed) in [
            (
                vec![failed(), failed()],
                Postponed::Failing("500".to_owned()),
            ),
            (vec![failed()], Postponed::Failing("500".to_owned())),
            (
                vec![
                    Outcome::LimitExceeded,
                    Outcome::LimitExceeded,
                    Outcome::Sent,
                ],
                Postponed::LimitExceeded,
            ),
            (
                vec![Outcome::Slow, Outcome::Slow],
                Postponed::Failing("none of 2 connections took a message in time".to_owned()),
            ),
        ] {
            let delivery = judged(outcomes);
            assert_eq!(delivery.postponed, Some(postponed));
            assert!(delivery.dropped.is_empty());
        }
    }

    #[test]
    fn no_connection_is_no_problem() {
        assert_eq!(judged(Vec::new()), Delivery::default());
    }
}
