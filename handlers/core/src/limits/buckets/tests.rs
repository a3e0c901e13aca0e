//! What an environment spends, owes and refuses, without a store.

use super::*;

const RATE: Rate = Rate {
    per_minute: 60,
    burst: 60,
};

fn bucket(number: u128) -> Bucket {
    Bucket {
        limit: Limit::Person,
        subject: Subject::Id(Uuid::from_u128(number)),
    }
}

fn given(granted: u32, seconds: i64) -> Given {
    Given {
        granted,
        retry_after: Duration::seconds(seconds),
    }
}

fn at(seconds: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::seconds(1_000_000 + seconds)
}

#[test]
fn what_was_taken_is_spent_without_asking_and_until_its_time_is_over() {
    let mut buckets = Buckets::default();
    // As many ahead as there were before, and two at most: a 30th of 60.
    for wanted in [1, 2, 3] {
        while buckets.spend(bucket(1), RATE, at(0)) == Spent::Granted {}
        let take = buckets.take(bucket(1), RATE);
        assert_eq!((take.owed, take.wanted()), (1, wanted));
        buckets.settle(&take, given(wanted, 0), at(0)).unwrap();
    }
    assert_eq!(buckets.spend(bucket(1), RATE, at(1)), Spent::Granted);
    assert_eq!(
        buckets.spend(bucket(2), RATE, at(1)),
        Spent::Ask,
        "another's"
    );
    assert_eq!(
        buckets.spend(bucket(1), RATE, at(10)),
        Spent::Ask,
        "10 s later"
    );
}

#[test]
fn an_empty_bucket_refuses_without_asking_until_it_has_another() {
    let mut buckets = Buckets::default();
    buckets.spend(bucket(1), RATE, at(0));
    let take = buckets.take(bucket(1), RATE);
    let refused = buckets.settle(&take, given(0, 5), at(0));
    assert_eq!(refused, Err(Duration::seconds(5)));
    let spent = buckets.spend(bucket(1), RATE, at(2));
    assert_eq!(spent, Spent::Refused(Duration::seconds(3)));
    assert_eq!(buckets.spend(bucket(1), RATE, at(5)), Spent::Ask);
    // What was refused is not owed.
    assert_eq!(buckets.take(bucket(1), RATE).owed, 1);
}

#[test]
fn what_never_asks_is_owed_up_to_the_burst_and_flows_back() {
    let mut buckets = Buckets::default();
    for _ in 0..60 {
        assert_eq!(buckets.spend(bucket(1), RATE, at(0)), Spent::Ask);
    }
    assert_eq!(buckets.take(bucket(1), RATE).owed, 60);
    let spent = buckets.spend(bucket(1), RATE, at(0));
    assert_eq!(spent, Spent::Refused(Duration::seconds(1)));
    assert_eq!(buckets.spend(bucket(1), RATE, at(2)), Spent::Ask);
    // 60, less the two that flowed back, and this one.
    assert_eq!(buckets.take(bucket(1), RATE).owed, 59);
}

#[test]
fn a_bounded_number_of_buckets_is_remembered() {
    let mut buckets = Buckets::default();
    for number in 0..10_000 {
        buckets.spend(bucket(number), RATE, at(0));
    }
    assert!(buckets.0.len() <= REMEMBERED);
}

#[test]
fn an_address_is_one_of_ipv4_or_a_network_of_ipv6() {
    let name = |address| Subject::of_address(Some(address)).to_string();
    assert_eq!(name("192.0.2.1"), "192.0.2.1");
    assert_eq!(name("::ffff:192.0.2.1"), "192.0.2.1");
    assert_eq!(name("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    assert_eq!(name("'; drop table rate_limits; --"), "unknown");
    assert_eq!(Subject::of_address(None).to_string(), "unknown");
}
