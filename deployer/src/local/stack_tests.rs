//! Tests of [`super`] with real programs as functions behind a real gateway.

#[path = "stack_socket_tests.rs"]
mod socket;
#[path = "stack_throttling_tests.rs"]
mod throttling;

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::json;

use super::*;
use crate::{
    http_client::get,
    local::{
        files::Files,
        lambda::tests::{bootstrap, program},
    },
    mutex::lock,
    state::StateFile,
};

struct Stage {
    running: RunningStage,
    records: Records,
    files: Files,
    folder: tempfile::TempDir,
}

/// Longer than anything here takes, on a busy machine.
const LONG: Duration = Duration::from_secs(60);

impl Stage {
    async fn new() -> Stage {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path().join("local"));
        let running = RunningStage::new("local", files.clone(), folder.path())
            .await
            .unwrap();
        let records = Records::load(&files).unwrap();
        Stage {
            running,
            records,
            files,
            folder,
        }
    }

    /// The same stage under the next supervisor.
    async fn again(self) -> Stage {
        self.running.stop(LONG).await;
        let running = RunningStage::new("local", self.files.clone(), self.folder.path())
            .await
            .unwrap();
        let records = Records::load(&self.files).unwrap();
        let stage = Stage {
            running,
            records,
            ..self
        };
        for record in stage.records.of("api") {
            let request = PutRequest {
                stack: "api".to_owned(),
                logical_id: record.logical_id.clone(),
                properties: record.properties.clone(),
                before: Some(record.clone()),
            };
            provider(&record.resource_type)
                .unwrap()
                .put(&stage.running, &request)
                .await
                .unwrap();
        }
        stage
    }

    /// Applies the stack with the code of that version.
    async fn deploy(&self, code: &str) -> Result<DeployedStack, Error> {
        self.apply(&template(code)).await
    }

    async fn apply(&self, template: &Value) -> Result<DeployedStack, Error> {
        let (progress, parameters) = (Progress::silent(), BTreeMap::new());
        let update = Update {
            running: &self.running,
            records: &self.records,
            progress: &progress,
            stack: "api",
        };
        update.apply(template, &parameters).await
    }

    /// Puts code into the bucket that answers with its own name.
    fn build(&self, code: &str) {
        bootstrap(
            &self.bucket(),
            &format!("functions/played/{code}.zip"),
            code,
        );
    }

    fn bucket(&self) -> std::path::PathBuf {
        self.files.bucket("assets")
    }

    async fn answer(&self, deployed: &DeployedStack) -> String {
        get(&deployed.outputs["apiUrl"], LONG)
            .await
            .unwrap()
            .text(100)
    }

    fn is_complete(&self) -> bool {
        StateFile::new(self.files.state()).load().unwrap().stacks["api"].complete
    }
}

fn template(code: &str) -> Value {
    json!({
        "Resources": {
            "Alias": {"Type": "AWS::Lambda::Alias", "Properties": {
                "FunctionName": {"Ref": "Function"},
                "FunctionVersion": {"Fn::GetAtt": [format!("Version{code}"), "Version"]},
                "Name": "live",
            }},
            "Function": {"Type": "AWS::Lambda::Function", "Properties": {
                "FunctionName": "played",
                "Runtime": "provided.al2023",
                "Code": {"S3Bucket": "assets", "S3Key": format!("functions/played/{code}.zip")},
                "Timeout": 60,
            }},
            format!("Version{code}"): {"Type": "AWS::Lambda::Version", "DeletionPolicy": "Retain", "Properties": {
                "FunctionName": {"Ref": "Function"},
            }},
            "Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "x", "ProtocolType": "HTTP"}},
            "Integration": {"Type": "AWS::ApiGatewayV2::Integration", "Properties": {
                "ApiId": {"Ref": "Api"}, "IntegrationType": "AWS_PROXY",
                "IntegrationUri": {"Ref": "Alias"}, "PayloadFormatVersion": "2.0",
            }},
            "Permission": {"Type": "AWS::Lambda::Permission", "Properties": {
                "Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "Alias"},
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": {"Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"},
            }},
            "Route": {"Type": "AWS::ApiGatewayV2::Route", "Properties": {
                "ApiId": {"Ref": "Api"}, "RouteKey": "GET /",
                "Target": {"Fn::Sub": "integrations/${Integration}"},
            }},
        },
        "Outputs": {"apiUrl": {"Value": {"Fn::Join": ["", [{"Fn::GetAtt": ["Api", "ApiEndpoint"]}, "/"]]}}},
    })
}

#[tokio::test]
async fn a_version_that_does_not_start_leaves_the_one_before_in_service() {
    let stage = Stage::new().await;
    stage.build("One");
    let deployed = stage.deploy("One").await.unwrap();
    assert_eq!(stage.answer(&deployed).await, "One");
    program(
        &stage.bucket(),
        "functions/played/Two.zip",
        "#!/bin/sh\necho no keys\nexit 1\n",
    );
    let error = stage.deploy("Two").await.unwrap_err();
    assert_eq!(
        error.message(),
        "VersionTwo (AWS::Lambda::Version) of the stack `api` failed."
    );
    assert!(
        error.causes()[0].contains("no keys"),
        "{:?}",
        error.causes()
    );
    assert_eq!(stage.answer(&deployed).await, "One");
    assert!(!stage.is_complete());
    // The supervisor ends before anybody repairs it: what is recorded is the version in service.
    let stage = stage.again().await;
    assert_eq!(stage.answer(&deployed).await, "One");
    stage.build("Three");
    stage.deploy("Three").await.unwrap();
    assert_eq!(stage.answer(&deployed).await, "Three");
    assert!(stage.is_complete());
    // Version two was never in service, and is not there.
    let versions: Vec<String> = lock(&stage.running.lambda.versions)
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        versions,
        ["arn:aws:lambda:us-east-1:000000000000:function:played:3"]
    );
}

#[tokio::test]
async fn a_version_with_another_description_is_another_one_and_knows_the_environment_of_now() {
    let stage = Stage::new().await;
    stage.build("One");
    stage.deploy("One").await.unwrap();
    let mut moved = template("One");
    let resources = &mut moved["Resources"];
    resources["Function"]["Properties"]["Environment"] =
        json!({"Variables": {"DATABASE_HOST": "elsewhere"}});
    resources["VersionOne"]["Properties"]["Description"] = json!("elsewhere");
    let deployed = stage.apply(&moved).await.unwrap();
    assert_eq!(stage.answer(&deployed).await, "One");
    let numbers = |stage: &Stage| -> Vec<String> {
        let live = stage.running.functions.all();
        live.iter()
            .map(|(_, version)| version.number().to_owned())
            .collect()
    };
    assert_eq!(numbers(&stage), ["2"]);
    let kept = &stage.records.of("api");
    let version = kept.iter().find(|record| record.logical_id == "VersionOne");
    let frozen = &version.unwrap().kept["configuration"]["Environment"]["Variables"];
    assert_eq!(frozen["DATABASE_HOST"], "elsewhere");
    let stage = stage.again().await;
    assert_eq!(numbers(&stage), ["2"], "the next supervisor makes no other");
    assert_eq!(stage.answer(&deployed).await, "One");
}

#[tokio::test]
async fn a_redeploy_under_load_loses_no_request() {
    let stage = Stage::new().await;
    let names: Vec<String> = (0..6).map(|number| format!("V{number}")).collect();
    stage.build(&names[0]);
    let deployed = stage.deploy(&names[0]).await.unwrap();
    let (done, answered) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let load: Vec<_> = (0..4)
        .map(|_| {
            let (done, answered) = (done.clone(), answered.clone());
            let url = deployed.outputs["apiUrl"].clone();
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    let answer = get(&url, LONG).await.unwrap();
                    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text(200));
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for name in &names[1..] {
        let before = answered.load(Ordering::Relaxed);
        stage.build(name);
        stage.deploy(name).await.unwrap();
        let begun = Instant::now();
        while answered.load(Ordering::Relaxed) < before + 20 {
            assert!(begun.elapsed() < LONG, "nothing is answered");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    done.store(true, Ordering::Relaxed);
    for one in load {
        one.await.unwrap();
    }
    assert_eq!(stage.answer(&deployed).await, "V5");
    until_gone(&stage.bucket(), "V4.zip").await;
}

/// Waits until no process runs this program: environments of old versions have ended.
async fn until_gone(bucket: &Path, program: &str) {
    let begun = Instant::now();
    let runs = || {
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        processes.into_iter().any(|process| {
            let environment = fs::read(process.path().join("environ")).unwrap_or_default();
            let environment = String::from_utf8_lossy(&environment).into_owned();
            environment.contains(&format!("LAMBDA_TASK_ROOT={}", bucket.display()))
                && environment.contains(&format!("ANSWER={}", program.trim_end_matches(".zip")))
        })
    };
    while runs() {
        assert!(begun.elapsed() < LONG, "{program} still runs");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn nothing_is_put_again_that_is_as_it_should_be() {
    let stage = Stage::new().await;
    stage.build("One");
    stage.deploy("One").await.unwrap();
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let telling = told.clone();
    let progress = Progress::new(move |event| {
        if let Event::Resource {
            logical_id, state, ..
        } = event
        {
            lock(&telling).push(format!("{logical_id} {}", state.as_str()));
        }
    });
    let update = Update {
        running: &stage.running,
        records: &stage.records,
        progress: &progress,
        stack: "api",
    };
    update
        .apply(&template("One"), &BTreeMap::new())
        .await
        .unwrap();
    assert_eq!(*lock(&told), Vec::<String>::new());
    stage.build("Two");
    update
        .apply(&template("Two"), &BTreeMap::new())
        .await
        .unwrap();
    insta::assert_snapshot!(lock(&told).join("\n"), @r"
    Function updating
    Function updated
    VersionTwo creating
    VersionTwo created
    Alias updating
    Alias updated
    VersionOne deleting
    VersionOne deleted
    ");
    update.delete().await.unwrap();
    assert!(stage.running.functions.all().is_empty());
    assert!(
        StateFile::new(stage.files.state())
            .load()
            .unwrap()
            .stacks
            .is_empty()
    );
}
