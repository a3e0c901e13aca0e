//! Throttling: a token bucket for each route, as API Gateway has it for the routes of a stage.

use std::{collections::HashMap, sync::Mutex, time::Instant};

/// Tokens come at `rate` a second, up to `burst` of them.
#[derive(Debug)]
pub struct Throttle {
    rate: f64,
    burst: f64,
    buckets: Mutex<HashMap<String, Bucket>>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Throttle {
    /// `rate` requests a second, `burst` at once, for each route.
    pub fn new(rate: f64, burst: f64) -> Throttle {
        Throttle {
            rate,
            burst,
            buckets: Mutex::default(),
        }
    }

    /// Whether a request of that route may pass now.
    pub fn take(&self, route: &str) -> bool {
        let mut buckets = self
            .buckets
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = Instant::now();
        if !buckets.contains_key(route) {
            buckets.insert(
                route.to_owned(),
                Bucket {
                    tokens: self.burst,
                    at: now,
                },
            );
        }
        let Some(bucket) = buckets.get_mut(route) else {
            return true;
        };
        let elapsed = now.duration_since(bucket.at).as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed * self.rate).min(self.burst);
        bucket.at = now;
        let passes = bucket.tokens >= 1.0;
        if passes {
            bucket.tokens -= 1.0;
        }
        passes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_route_has_a_bucket_of_its_own() {
        let throttle = Throttle::new(0.001, 2.0);
        let passed = ["a", "a", "a", "b"].map(|route| throttle.take(route));
        assert_eq!(passed, [true, true, false, true]);
    }
}
