//! Secrets at AWS: responses in the shapes of Secrets Manager's service model
//! (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/>) to the real SDK client, over
//! loopback. They were never recorded from AWS.

#![cfg(feature = "aws")]

use std::sync::{Arc, Mutex};

use deployer::{
    ErrorKind,
    aws::{Aws, Endpoint},
    progress::Progress,
    stage::Stage,
    target::Secrets,
};
use miyabi_tests::{Asked, Reply, Scripted, Value, json};

const ACCOUNT: &str = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
<Arn>arn:aws:iam::000000000000:root</Arn><UserId>1</UserId><Account>000000000000</Account>\
</GetCallerIdentityResult></GetCallerIdentityResponse>";

#[tokio::test]
async fn a_secret_is_read_and_set_by_its_name_and_no_error_holds_its_value() {
    let bodies: Arc<Mutex<Vec<Value>>> = Arc::default();
    let seen = bodies.clone();
    let server = Scripted::start(move |request: &Asked| {
        let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
            return Reply::Answer(200, "text/xml", ACCOUNT.into());
        };
        let name = body["SecretId"].as_str().unwrap().to_owned();
        let arn = format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-AbCdEf");
        seen.lock().unwrap().push(body.clone());
        let refusal = |kind: &str, message: &str| {
            let body = json!({"__type": kind, "message": message}).to_string();
            Reply::Answer(400, "application/x-amz-json-1.1", body.into_bytes())
        };
        match (name.as_str(), body.get("SecretString")) {
            ("miyabi-sandbox-jwt-keys", None) => Reply::json(&json!({
                "ARN": arn, "Name": name, "SecretString": "value", "VersionId": "v1",
                "VersionStages": ["AWSCURRENT"], "CreatedDate": 1_795_756_400.0,
            })),
            ("miyabi-sandbox-jwt-keys", Some(_)) => Reply::json(
                &json!({"ARN": arn, "Name": name, "VersionId": "v2", "VersionStages": ["AWSCURRENT"]}),
            ),
            ("miyabi-sandbox-denied", _) => {
                refusal("AccessDeniedException", "User is not authorized")
            }
            _ => refusal(
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
            ),
        }
    })
    .await;
    let stage = Stage::new(stacks::Stage::built_in("sandbox").unwrap());
    let endpoint = Endpoint::parse(&server.origin()).unwrap();
    let aws = Aws::open(&stage, Some(endpoint), None, &Progress::silent())
        .await
        .unwrap();

    assert_eq!(
        aws.secret("jwt-keys").await.unwrap().as_deref(),
        Some("value")
    );
    assert_eq!(aws.secret("origin").await.unwrap(), None);
    aws.put_secret("jwt-keys", "canary").await.unwrap();
    let put = bodies.lock().unwrap().last().cloned().unwrap();
    assert_eq!(put["SecretString"], "canary");
    let missing = aws.put_secret("github", "canary").await.unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Usage, "{missing}");
    let denied = aws.put_secret("denied", "canary").await.unwrap_err();
    assert!(
        format!("{denied:?}").contains("secretsmanager:PutSecretValue"),
        "{denied:?}"
    );
    for error in [missing, denied] {
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}
