//! `cost --actual`: what AWS has charged, next to the estimate. Responses in the shapes of Cost Explorer's
//! service model (`GetCostAndUsage`, `GetCostForecast`, `ListCostAllocationTags`,
//! <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html>) over
//! loopback. They were never recorded from AWS.

#![cfg(feature = "aws")]

use miyabi_tests::{Asked, Checkout, Ran, Reply, Scripted, Value, json};
use time::{Date, Duration, OffsetDateTime};

const ACCOUNT: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
<Arn>arn:aws:iam::000000000000:root</Arn><UserId>1</UserId><Account>000000000000</Account>\
</GetCallerIdentityResult></GetCallerIdentityResponse>";

/// What is asked of Cost Explorer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Tags,
    Usage,
    Forecast,
}

fn today() -> Date {
    OffsetDateTime::now_utc().date()
}

fn operation(body: &Value) -> Operation {
    match body {
        body if body["TagKeys"].is_array() => Operation::Tags,
        body if body["GroupBy"].is_array() => Operation::Usage,
        _ => Operation::Forecast,
    }
}

/// `cost --actual` of the stage `sandbox`, with Cost Explorer as `answer` has it.
async fn cost(
    more: &[&str],
    answer: impl Fn(Operation, &Value) -> Reply + Send + Sync + 'static,
) -> Ran {
    let server = Scripted::start(move |request: &Asked| {
        match serde_json::from_slice::<Value>(&request.body) {
            Ok(body) => answer(operation(&body), &body),
            Err(_) => Reply::Answer(200, "text/xml", ACCOUNT.into()),
        }
    })
    .await;
    let url = server.origin();
    let start = [
        "--endpoint-url",
        &url,
        "cost",
        "--stage",
        "sandbox",
        "--actual",
    ];
    Checkout::new().xtask(&[&start[..], more].concat()).await
}

fn refused(code: &str, message: &str) -> Reply {
    let body = json!({"__type": code, "message": message});
    Reply::Answer(400, "application/x-amz-json-1.1", body.to_string().into())
}

fn tags(status: &str) -> Reply {
    Reply::json(&json!({"CostAllocationTags": [
        {"TagKey": "miyabi:stage", "Type": "UserDefined", "Status": status},
    ]}))
}

fn day(date: Date, groups: &[(&str, &str, &str)]) -> Value {
    let group = |(service, stage, usd): &(&str, &str, &str)| {
        json!({"Keys": [service, format!("miyabi:stage${stage}")],
            "Metrics": {"UnblendedCost": {"Amount": usd, "Unit": "USD"}}})
    };
    json!({
        "TimePeriod": {"Start": date.to_string(), "End": (date + Duration::DAY).to_string()},
        "Estimated": true,
        "Groups": groups.iter().map(group).collect::<Vec<_>>(),
    })
}

/// Two pages: yesterday and today.
fn usage(body: &Value) -> Reply {
    assert_eq!(body["Granularity"], "DAILY");
    assert_eq!(
        body["TimePeriod"]["End"],
        (today() + Duration::DAY).to_string(),
        "the last day is not included by Cost Explorer"
    );
    assert_eq!(
        body["GroupBy"],
        json!([{"Type": "DIMENSION", "Key": "SERVICE"}, {"Type": "TAG", "Key": "miyabi:stage"}])
    );
    match body["NextPageToken"].as_str() {
        None => {
            let yesterday = day(
                today() - Duration::DAY,
                &[
                    ("AWS Lambda", "sandbox", "0.1000000001"),
                    ("Amazon Relational Database Service", "dev", "2"),
                    ("Tax", "", "1.5"),
                ],
            );
            Reply::json(&json!({"ResultsByTime": [yesterday], "NextPageToken": "2"}))
        }
        Some(_) => {
            let today = day(
                today(),
                &[
                    ("AWS Lambda", "sandbox", "0.02"),
                    ("AmazonCloudWatch", "sandbox", "0.5"),
                    ("Amazon Simple Storage Service", "sandbox", "0"),
                ],
            );
            Reply::json(&json!({ "ResultsByTime": [today] }))
        }
    }
}

fn forecast(body: &Value) -> Reply {
    assert_eq!(body["TimePeriod"]["Start"], today().to_string());
    assert_eq!(
        body["Filter"],
        json!({"Tags": {"Key": "miyabi:stage", "Values": ["sandbox"]}})
    );
    Reply::json(&json!({"Total": {"Amount": "3.25", "Unit": "USD"}}))
}

#[tokio::test]
async fn what_was_charged_is_next_to_the_estimate_of_each_service() {
    let answer = |operation, body: &Value| match operation {
        Operation::Tags => tags("Active"),
        Operation::Usage => usage(body),
        Operation::Forecast => forecast(body),
    };
    let shown = cost(&["--json"], answer).await.expect(0).json();
    assert_eq!(shown["charged"], "0.6200000001");
    // Yesterday's 0.1000000001, and what is expected from today on.
    assert_eq!(shown["forecast"], "3.3500000001");
    let services = shown["services"].as_array().unwrap();
    assert_eq!(services[0]["service"], "AmazonCloudWatch");
    assert_eq!(services[0]["spent"], "0.5");
    assert!(services[0]["estimated"].is_string(), "{shown}");
    let storage = services
        .iter()
        .find(|service| service["service"] == "Amazon Simple Storage Service");
    assert_eq!(storage.unwrap()["spent"], Value::Null);
    assert_eq!(
        shown["others"],
        json!([{"stage": "dev", "spent": "2"}, {"stage": "", "spent": "1.5"}])
    );

    let text = cost(&[], answer).await.expect(0).stdout;
    for line in [
        "forecast of AWS for the month: 3.35",
        "of the stage `dev`: 2.00",
        "not of any stage, in the same account: 1.50",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[tokio::test]
async fn too_little_data_for_a_forecast_is_an_unknown_forecast() {
    let shown = cost(&["--json"], |operation, body| match operation {
        Operation::Tags => tags("Active"),
        Operation::Usage => usage(body),
        Operation::Forecast => refused(
            "DataUnavailableException",
            "Insufficient amount of historical data to generate forecast.",
        ),
    })
    .await
    .expect(0)
    .json();
    assert_eq!(shown["forecast"], Value::Null);
}

#[tokio::test]
async fn each_reason_for_no_costs_has_an_error_of_its_own() {
    let error = async |answer: fn(Operation, &Value) -> Reply| {
        let ran = cost(&["--json"], answer).await.expect(1).json();
        let part = |name: &str| ran["error"][name].as_str().unwrap_or_default().to_owned();
        (part("message"), part("hint"))
    };
    let (message, hint) = error(|_, _| {
        refused(
            "AccessDeniedException",
            "User not enabled for cost explorer access",
        )
    })
    .await;
    assert!(message.contains("not enabled"), "{message}");
    assert!(hint.contains("Launch"), "{hint}");

    let (message, hint) = error(|operation, _| match operation {
        Operation::Tags => tags("Active"),
        _ => refused("DataUnavailableException", "Data is not available."),
    })
    .await;
    assert!(message.contains("no data for this month yet"), "{message}");
    assert!(hint.contains("24 hours"), "{hint}");

    // An account of an organization may not read the tags; that alone is no reason to stop.
    let (message, hint) = error(|_, _| {
        refused(
            "AccessDeniedException",
            "User: arn:aws:iam::1:user/a is not authorized to perform: ce:GetCostAndUsage",
        )
    })
    .await;
    assert!(message.contains("cannot be read"), "{message}");
    assert!(hint.contains("`ce:GetCostAndUsage`"), "{hint}");

    let (message, hint) = error(|_, _| tags("Inactive")).await;
    assert!(message.contains("not activated"), "{message}");
    assert!(
        hint.contains("update-cost-allocation-tags-status"),
        "{hint}"
    );

    let (message, _) = error(|_, _| Reply::json(&json!({"CostAllocationTags": []}))).await;
    assert!(message.contains("does not know the tag"), "{message}");

    let (message, _) = error(|operation, _| match operation {
        Operation::Tags => tags("Active"),
        _ => Reply::json(&json!({"ResultsByTime": [day(today(), &[("Tax", "", "1.5")])]})),
    })
    .await;
    assert!(message.contains("charged nothing"), "{message}");
    assert!(message.contains("1.50 USD"), "{message}");
}

#[tokio::test]
async fn this_machine_costs_nothing() {
    let ran = Checkout::new()
        .xtask(&["cost", "--stage", "local", "--actual", "--json"])
        .await;
    assert_eq!(ran.expect(0).json()["actual"], Value::Null);
}

#[tokio::test]
async fn without_credentials_the_error_is_about_them() {
    let checkout = Checkout::new();
    let mut command = checkout.command(&["cost", "--stage", "prod", "--actual"]);
    command
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    let refused = Ran::from(command.output().await.unwrap()).expect(1);
    let error = &refused.stderr;
    assert!(
        error.contains("There are no credentials of AWS for the stage `prod`."),
        "{error}"
    );
    assert!(error.contains("hint: Sign in to AWS: "), "{error}");
}
