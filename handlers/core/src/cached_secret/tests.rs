//! A secret while Secrets Manager fails.

use std::cell::Cell;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

fn parse(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "It is not a number.".to_owned())
}

struct Source<'a> {
    cache: CachedSecret<u32>,
    reads: Cell<u32>,
    answer: Cell<&'a str>,
}

impl Source<'_> {
    fn new(clock: &Clock) -> Self {
        Source {
            cache: CachedSecret::new("the tests", HOUR, clock.clone()),
            reads: Cell::new(0),
            answer: Cell::new("1"),
        }
    }

    async fn text(&self) -> Result<String, ApiError> {
        self.reads.set(self.reads.get() + 1);
        match self.answer.get() {
            "hangs" => std::future::pending().await,
            "down" => Err(ApiError::Unavailable("down".to_owned())),
            text => Ok(text.to_owned()),
        }
    }

    async fn get(&self, age: Duration) -> Result<u32, ApiError> {
        let value = self.cache.get(age, self.text(), parse).await?;
        Ok(*value)
    }
}

#[tokio::test]
async fn a_known_value_outlives_each_failure_until_its_limit() {
    for failure in ["down", "hangs", "malformed"] {
        let clock = Clock::system();
        let source = Source::new(&clock);
        assert_eq!(source.get(MINUTE).await.unwrap(), 1);
        source.answer.set(failure);
        clock.set_ahead(59);
        assert_eq!(source.get(MINUTE).await.unwrap(), 1);
        assert_eq!(source.reads.get(), 1, "{failure}: young enough");
        clock.set_ahead(61);
        assert_eq!(source.get(MINUTE).await.unwrap(), 1, "{failure}");
        assert_eq!(source.get(MINUTE).await.unwrap(), 1, "{failure}");
        assert_eq!(source.reads.get(), 2, "{failure}: one try in the pause");
        assert_eq!(
            source
                .cache
                .get_now(source.text(), parse)
                .await
                .unwrap_err()
                .status(),
            503,
            "{failure}"
        );
        clock.set_ahead(61 + 3600);
        source.get(MINUTE).await.unwrap_err();
        source.answer.set("2");
        clock.set_ahead(61 + 3600 + 6);
        assert_eq!(source.get(MINUTE).await.unwrap(), 2, "{failure}");
    }
}

#[tokio::test]
async fn without_a_known_value_a_failure_is_repeated_without_asking_again() {
    for (failure, status) in [("down", 503), ("malformed", 500)] {
        let clock = Clock::system();
        let source = Source::new(&clock);
        source.answer.set(failure);
        for _ in 0..3 {
            assert_eq!(source.get(MINUTE).await.unwrap_err().status(), status);
        }
        assert_eq!(source.reads.get(), 1, "{failure}");
        source.answer.set("3");
        clock.set_ahead(6);
        assert_eq!(source.get(MINUTE).await.unwrap(), 3);
    }
}
