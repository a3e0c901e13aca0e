//! Whether two questions take the same time.
//!
//! They are asked in pairs, one right after the other and in turns which comes first, so that both
//! meet the same machine; the median of the differences within the pairs is what a patient attacker
//! would measure. `attack_46_a_difference_of_a_millisecond_would_be_seen` is the control.

use std::time::{Duration, Instant};

/// Pairs of a comparison.
const PAIRS: usize = 200;
/// A difference of the answers is there in each comparison; what the machine did meanwhile is not.
const COMPARISONS: usize = 3;
/// Differences below this are not told from noise by one comparison on a busy machine.
const NOISE: Duration = Duration::from_micros(250);

/// Panics when one of two questions takes longer than the other, each time that they are compared.
pub(super) async fn take_as_long(one: (&str, impl AsyncFn()), other: (&str, impl AsyncFn())) {
    if let Some(seen) = difference(one, other).await {
        panic!("\n{seen}");
    }
}

/// What tells two questions apart by their time, if anything does.
pub(super) async fn difference(
    (one, ask_one): (&str, impl AsyncFn()),
    (other, ask_other): (&str, impl AsyncFn()),
) -> Option<String> {
    let mut seen = String::new();
    for _ in 0..COMPARISONS {
        let (mut differences, mut all) = (Vec::new(), Vec::new());
        for pair in 0..PAIRS {
            let (of_one, of_other) = if pair % 2 == 0 {
                let first = time(&ask_one).await;
                (first, time(&ask_other).await)
            } else {
                let first = time(&ask_other).await;
                (time(&ask_one).await, first)
            };
            differences.push(of_one - of_other);
            all.extend([of_one, of_other]);
        }
        let (difference, usual) = (median(differences), median(all));
        let slack = NOISE.as_secs_f64().max(usual / 10.0);
        if difference.abs() < slack {
            return None;
        }
        seen += &format!(
            "{one} took {:.3} ms more than {other}, of {:.3} ms\n",
            difference * 1e3,
            usual * 1e3
        );
    }
    Some(seen)
}

/// Seconds that a question takes.
async fn time(ask: &impl AsyncFn()) -> f64 {
    let began = Instant::now();
    ask().await;
    began.elapsed().as_secs_f64()
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_unstable_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
