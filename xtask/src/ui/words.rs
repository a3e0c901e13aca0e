//! Numbers as people read them.

use std::time::Duration;

/// `0.3 s`, `12 s`, `4 min 5 s`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match duration.as_secs() {
        0..10 => format!("{seconds:.1} s"),
        10..100 => format!("{seconds:.0} s"),
        whole => format!("{} min {} s", whole / 60, whole % 60),
    }
}

/// `1 stack`, `2 stacks`.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_precision_that_somebody_reads() {
        let told = [340, 12_400, 245_000].map(|millis| duration(Duration::from_millis(millis)));
        assert_eq!(told, ["0.3 s", "12 s", "4 min 5 s"]);
    }
}
