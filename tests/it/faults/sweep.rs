//! Faults by dice: what a run says of itself is true, whatever went wrong on the way, and the next
//! run without faults makes everything as it should be.
//!
//! The seed of a failure is in its message; `MIYABI_FAULT_SEEDS=7..8` runs that one alone.

use std::ops::Range;

use deployer::{plan::StackAction, target::Records};
use miyabi_tests::{Dice, Emulator, Faults, Value, json};

use super::{Place, failing, good, text};

/// Each run of the tests; all twenty take minutes.
const SEEDS: Range<u64> = 0..4;

/// What is called while stacks are made and changed.
const OPERATIONS: [(&str, &str); 13] = [
    ("sts", "GetCallerIdentity"),
    ("s3", "GetObject"),
    ("s3", "PutObject"),
    ("s3", "HeadBucket"),
    ("cloudformation", "DescribeStacks"),
    ("cloudformation", "DescribeEvents"),
    ("cloudformation", "DescribeStackEvents"),
    ("cloudformation", "CreateStack"),
    ("cloudformation", "GetTemplate"),
    ("cloudformation", "UpdateStack"),
    ("cloudformation", "CreateChangeSet"),
    ("cloudformation", "DescribeChangeSet"),
    ("cloudformation", "ExecuteChangeSet"),
];

/// A fault or none for each operation; a request that AWS itself would take is refused three times at
/// most, so that no run has a reason to give up.
fn rules(dice: &mut Dice) -> Value {
    let mut rules = Vec::new();
    for (service, operation) in OPERATIONS {
        let fault = match dice.throw(8) {
            0 | 1 => {
                let (code, status) = match service {
                    "s3" => ("SlowDown", 503),
                    _ => ("Throttling", 400),
                };
                json!({"error": {"code": code, "status": status}, "times": 1 + dice.throw(3)})
            }
            2 => {
                json!({"error": {"code": "InternalFailure", "status": 500}, "times": 1 + dice.throw(2)})
            }
            3 => json!({"latency": 100 + dice.throw(900), "times": 2}),
            // The request is carried out, and its answer is lost.
            4 => json!({"response": {"abort_bytes": 0}, "times": 1}),
            _ => continue,
        };
        let mut rule = json!({"service": service, "operation": operation});
        for (name, value) in fault.as_object().unwrap() {
            rule[name] = value.clone();
        }
        rules.push(rule);
    }
    json!(rules)
}

/// Three stacks, each with what the one before gives, and one with a bucket, which holds data.
fn stacks(number: u32, third: Value) -> [(&'static str, Value); 4] {
    let after = |mut template: Value, before: &str| {
        template["Parameters"] = json!({format!("{before}Id"): {"Type": "String"}});
        template
    };
    let mut bucket = json!({"Type": "AWS::S3::Bucket", "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"});
    bucket["Properties"] = json!({"Tags": [{"Key": "number", "Value": number.to_string()}]});
    [
        ("network", good(number)),
        ("data", after(good(number), "Network")),
        ("files", json!({"Resources": {"Files": bucket}})),
        ("api", after(third, "Data")),
    ]
}

/// Deploys through faults. What it claims is compared with what the emulator has.
async fn deploy(
    place: &Place,
    faults: &Faults,
    dice: &mut Dice,
    stacks: &[(&str, Value)],
    must_fail: bool,
) {
    let rules = rules(dice);
    faults.clear().await;
    faults.add(rules.clone()).await;
    let result = place.through(faults.url()).deploy(stacks).await;
    faults.clear().await;
    let there = place.open().await.unwrap().deployed().await.unwrap().stacks;
    let as_wanted = |(name, template): &(&str, Value)| {
        let stack = there.get(*name);
        stack.is_some_and(|stack| stack.complete && stack.template == *template)
    };
    let all = stacks.iter().all(as_wanted);
    match result {
        Ok(_) => assert!(all && !must_fail, "false success with {rules}: {there:?}"),
        Err(error) => {
            let told = text(&error);
            assert!(must_fail, "false failure with {rules}: {told}");
            assert!(!all && told.contains("WaitCondition"), "{rules}: {told}");
        }
    }
}

/// `MIYABI_FAULT_SEEDS=0..20`
fn seeds() -> Range<u64> {
    let Ok(named) = std::env::var("MIYABI_FAULT_SEEDS") else {
        return SEEDS;
    };
    let (from, to) = named.split_once("..").expect("MIYABI_FAULT_SEEDS is 0..20");
    from.parse().unwrap()..to.parse().unwrap()
}

#[tokio::test]
async fn with_faults_by_dice_no_success_and_no_failure_is_false_and_the_next_run_heals() {
    let faults = Faults::before(Emulator::shared().await).await;
    for seed in seeds() {
        let mut dice = Dice::new(seed);
        let place = Place::new(u32::try_from(300 + seed).unwrap()).await;
        let said = format!("seed {seed}");
        println!("{said}");
        deploy(&place, &faults, &mut dice, &stacks(1, good(1)), false).await;
        let breaks = dice.throw(2) == 0;
        let third = if breaks { failing(1) } else { good(2) };
        deploy(&place, &faults, &mut dice, &stacks(2, third), breaks).await;

        let aws = place.open().await.unwrap();
        let wanted = stacks(2, good(2));
        place.deploy_with(&aws, &wanted).await.unwrap();
        let (plan, _) = place.deploy_with(&aws, &wanted).await.unwrap();
        let settled = plan
            .stacks
            .iter()
            .all(|stack| stack.action == StackAction::None);
        assert!(settled, "{said}: one rerun was not enough: {plan:?}");
    }
}
