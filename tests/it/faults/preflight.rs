//! What the account would refuse, reported before anything is written.

use miyabi_tests::{Emulator, ScriptedStacks, Value, json};

use super::{Place, good, plan, text, writes};

const SMALL_QUOTA: &str = r#"{"AccountLimit": {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}, "AccountUsage": {}}"#;
const CERTIFICATE: &str = "arn:aws:acm:us-east-1:000000000137:certificate/none";

/// A stack that needs more than the account of row 37 has: concurrency, a certificate, a free name.
fn demanding() -> Value {
    json!({"Resources": {
        "Function": {"Type": "AWS::Lambda::Function", "Properties": {
            "FunctionName": "miyabi-sandbox-tasks", "ReservedConcurrentExecutions": 30,
            "Code": {"S3Bucket": "none", "S3Key": "none"}, "Role": "arn:aws:iam::000000000137:role/none"}},
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/aws/lambda/miyabi-sandbox-tasks"}},
        "Distribution": {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": {
            "Aliases": ["tasks.example.com"], "ViewerCertificate": {"AcmCertificateArn": CERTIFICATE}}}}
    }})
}

#[tokio::test]
async fn fault_37_a_quota_that_is_too_small_and_all_else_in_the_account_is_refused_before_any_write()
 {
    let place = Place::new(137).await;
    let emulator = Emulator::shared().await;
    let group = json!({"logGroupName": "/aws/lambda/miyabi-sandbox-tasks"});
    let target = "Logs_20140328.CreateLogGroup";
    emulator
        .call(&place.account, "logs", target, group)
        .await
        .expect(200);
    let scripted = ScriptedStacks::before(emulator, |_, _| None).await;
    scripted.answer(|request| {
        (request == "GET /2016-08-19/account-settings").then(|| (200, SMALL_QUOTA.to_owned()))
    });

    let through = place.through(scripted.url());
    let aws = through.open().await.unwrap();
    let error = through
        .deploy_with(&aws, &[("api", demanding())])
        .await
        .unwrap_err();
    let told = text(&error);
    assert!(
        told.contains("because of 3 things in the account. Nothing was changed."),
        "{told}"
    );
    let missing = "--service-code lambda --quota-code L-B99A9384 --desired-value 1000";
    assert!(
        told.contains(missing),
        "the request that raises the quota: {told}"
    );
    assert!(
        told.contains(&format!("`{CERTIFICATE}`, which does not exist")),
        "{told}"
    );
    assert!(
        told.contains("aws logs delete-log-group --region us-east-1 --log-group-name /aws/lambda/miyabi-sandbox-tasks"),
        "{told}"
    );
    assert_eq!(writes(&aws), Vec::<String>::new());
    let wrote = |request: &String| request.starts_with("PUT") && !request.contains("lease.json");
    assert!(
        !scripted.requests().iter().any(wrote),
        "{:?}",
        scripted.requests()
    );
}

/// The control: with the emulator's quota of 1,000 the same account lacks only the other two.
#[tokio::test]
async fn fault_37_a_quota_that_is_large_enough_is_no_finding() {
    let place = Place::new(138).await;
    let error = place.deploy(&[("api", demanding())]).await.unwrap_err();
    let told = text(&error);
    assert!(told.contains("because of 1 thing in the account"), "{told}");
    assert!(!told.contains("service-quotas"), "{told}");
}

#[tokio::test]
async fn a_name_that_another_stack_of_the_stage_holds_is_reported_with_that_stack() {
    let place = Place::new(139).await;
    let named = |name: &str| json!({"Resources": {"Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name}}}});
    place
        .deploy(&[("data", named("/fault/139"))])
        .await
        .unwrap();
    let both = [
        ("data", named("/fault/139")),
        ("migrate", named("/fault/139")),
    ];
    let error = place.deploy(&both).await.unwrap_err();
    let told = text(&error);
    assert!(
        told.contains("which a resource of the stack `data` has"),
        "{told}"
    );
    // Deployed already, it is in nobody's way.
    place
        .deploy(&[("data", named("/fault/139"))])
        .await
        .unwrap();
}

#[tokio::test]
async fn a_bootstrap_stack_that_is_older_than_the_deployer_needs_is_refused() {
    let place = Place::new(140).await;
    let name = "miyabi-sandbox-bootstrap";
    let emulator = Emulator::shared().await;
    let template = emulator
        .cloudformation(
            &place.account,
            &[("Action", "GetTemplate"), ("StackName", name)],
        )
        .await
        .text();
    let body = template.split("<TemplateBody>").nth(1).unwrap();
    let body = body
        .split("</TemplateBody>")
        .next()
        .unwrap()
        .replace("&quot;", "\"");
    let mut old: Value = serde_json::from_str(&body).unwrap();
    assert!(old["Outputs"].get("bootstrapVersion").is_some(), "{old}");
    old["Outputs"]
        .as_object_mut()
        .unwrap()
        .remove("bootstrapVersion");
    let parameters = [
        ("Action", "UpdateStack"),
        ("StackName", name),
        ("TemplateBody", &old.to_string()),
        ("Capabilities.member.1", "CAPABILITY_NAMED_IAM"),
    ];
    emulator.cloudformation(&place.account, &parameters).await;

    let aws = place.open().await.unwrap();
    let plan = plan(&aws, &[("data", good(1))]).await.unwrap();
    let error = place.apply(&aws, &plan).await.unwrap_err();
    let told = text(&error);
    assert!(told.contains("The bootstrap stack has version 0"), "{told}");
    assert!(
        told.contains("`cargo xtask bootstrap --stage sandbox`"),
        "{told}"
    );
    assert_eq!(writes(&aws), Vec::<String>::new());
}
