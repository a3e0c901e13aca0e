//! Whether two questions take the same time.

use std::time::{Duration, Instant};

/// Rounds of a comparison; each asks both.
const ROUNDS: usize = 40;
/// A difference is there in each comparison; what the machine did meanwhile is not.
const COMPARISONS: usize = 3;

/// Panics when one of two questions takes clearly longer than the other, each time that they are
/// compared. They are asked in turn, so that both meet the same machine, and their medians count.
pub(super) async fn take_as_long(
    (one, ask_one): (&str, impl AsyncFn()),
    (other, ask_other): (&str, impl AsyncFn()),
) {
    let mut seen = String::new();
    for _ in 0..COMPARISONS {
        let (mut ones, mut others) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ones.push(time(&ask_one).await);
            others.push(time(&ask_other).await);
        }
        let (ones, others) = (median(ones), median(others));
        let slack = ones.min(others) / 2 + Duration::from_millis(5);
        if ones.abs_diff(others) < slack {
            return;
        }
        seen += &format!("{ones:?} for {one}, {others:?} for {other}\n");
    }
    panic!("\n{seen}");
}

async fn time(ask: &impl AsyncFn()) -> Duration {
    let began = Instant::now();
    ask().await;
    began.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
