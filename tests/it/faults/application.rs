//! An application as small as can be, for tests of what is in service: a health check, a request
//! that is refused, and a `migrate` that says what a test has it say. Its functions are scripts, so
//! that a test can have as many versions of them as it likes.

use std::{io::Write, path::Path, time::Duration};

use deployer::{
    Error,
    asset::Asset,
    aws::Aws,
    deployment::Applied,
    plan::{DesiredStack, DesiredState, Parameter, Plan},
    planning,
    project::Project,
    release::AliasMove,
    smoke::SmokeTest,
    stage::Stage,
    target::Records,
};
use miyabi_tests::{Emulator, Method, Response, Value, json};
use ring::digest::{SHA256, digest};

use super::{Place, approved};

/// What speaks with the Runtime API; `answer` of the event is what the test says.
const LOOP: &str = r#"
def answer_next():
    base = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
    with urllib.request.urlopen(base + "next") as next:
        request, event = next.headers["Lambda-Runtime-Aws-Request-Id"], json.load(next)
    body = json.dumps(answer(event)).encode()
    urllib.request.urlopen(urllib.request.Request(base + request + "/response", data=body, method="POST"))

while True:
    answer_next()
"#;

/// The code of a function.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) asset: Asset,
}

impl Code {
    /// A function with that body of `answer(event)` in Python.
    pub(crate) fn python(folder: &Path, function: &str, body: &str) -> Code {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default()
            .last_modified_time(zip::DateTime::default())
            .unix_permissions(0o755);
        zip.start_file("bootstrap", options).unwrap();
        let script = format!(
            "#!/usr/bin/env python3\nimport json, os, urllib.request\n\ndef answer(event):\n    {body}\n{LOOP}"
        );
        zip.write_all(script.as_bytes()).unwrap();
        let bytes = zip.finish().unwrap().into_inner();
        let sha256: String = digest(&SHA256, &bytes)
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let path = folder.join(format!("{sha256}.zip"));
        std::fs::write(&path, &bytes).unwrap();
        Code {
            asset: Asset {
                function: function.to_owned(),
                key: format!("functions/{function}/{sha256}.zip"),
                sha256,
                path,
                size: bytes.len() as u64,
            },
        }
    }

    /// A function that answers with that status and body.
    pub(crate) fn answering(
        folder: &Path,
        function: &str,
        status: u16,
        kind: &str,
        body: &str,
    ) -> Code {
        let answer = json!({"statusCode": status, "headers": {"content-type": kind}, "body": body});
        Code::python(folder, function, &format!("return json.loads(r'{answer}')"))
    }
}

/// The application with certain code.
pub(crate) struct Application {
    pub(crate) docs: Code,
    pub(crate) tasks: Code,
    pub(crate) migrate: Option<Code>,
    /// Put into the template of `api` as it is.
    pub(crate) more: Value,
    /// A checkout with `migrations/`.
    pub(crate) project: Project,
}

impl Application {
    /// One whose health check says `version`, and which answers as it should.
    pub(crate) fn good(folder: &Path, version: &str) -> Application {
        let health = json!({"version": version}).to_string();
        let problem = json!({"code": "unauthenticated"}).to_string();
        std::fs::create_dir_all(folder.join("migrations")).unwrap();
        let docs = Code::answering(folder, "docs", 200, "application/json", &health);
        let tasks = Code::answering(folder, "tasks", 401, "application/problem+json", &problem);
        Application {
            docs,
            tasks,
            migrate: None,
            more: json!({}),
            project: Project::new(folder),
        }
    }

    /// The same, but its health check fails.
    pub(crate) fn broken(folder: &Path) -> Application {
        let docs = Code::answering(folder, "docs", 500, "application/json", "{}");
        Application {
            docs,
            ..Application::good(folder, "")
        }
    }

    fn templates(&self) -> Vec<(&'static str, Value)> {
        let mut api = json!({
            "Parameters": {"AssetBucket": {"Type": "String"}},
            "Resources": {
                "HttpApi": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "small", "ProtocolType": "HTTP"}},
                "Stage": {"Type": "AWS::ApiGatewayV2::Stage",
                    "Properties": {"ApiId": {"Ref": "HttpApi"}, "StageName": "$default", "AutoDeploy": true}},
            },
            "Outputs": {"apiUrl": {"Value": {"Fn::GetAtt": ["HttpApi", "ApiEndpoint"]}}},
        });
        let resources = api["Resources"].as_object_mut().unwrap();
        for (id, code, path) in [
            ("Docs", &self.docs, "/api/health"),
            ("Tasks", &self.tasks, "/api/tasks"),
        ] {
            resources.extend(function(id, code));
            resources.extend(route(id, path));
        }
        resources.extend(self.more.as_object().unwrap().clone());
        let mut templates = vec![("api", api)];
        if let Some(migrate) = &self.migrate {
            let resources: Value = function("Migrate", migrate).into_iter().collect();
            let data = json!({"Parameters": {"AssetBucket": {"Type": "String"}}, "Resources": resources,
                "Outputs": {"id": {"Value": "1"}}});
            templates[0].1["Parameters"]["DataId"] = json!({"Type": "String"});
            templates.insert(0, ("data", data));
        }
        templates
    }

    /// What a deploy of it would do.
    pub(crate) async fn plan(&self, place: &Place, aws: &Aws) -> Result<Plan, Error> {
        let stacks = self.templates().into_iter().map(|(name, template)| {
            let mut parameters = std::collections::BTreeMap::from([(
                "AssetBucket".to_owned(),
                Parameter::Value(place.bucket()),
            )]);
            if template["Parameters"].get("DataId").is_some() {
                let from = Parameter::Output {
                    stack: "data".to_owned(),
                    output: "id".to_owned(),
                };
                parameters.insert("DataId".to_owned(), from);
            }
            DesiredStack {
                name: name.to_owned(),
                template,
                parameters,
            }
        });
        let codes = [&self.docs, &self.tasks].into_iter().chain(&self.migrate);
        let desired = DesiredState {
            stage: "sandbox".to_owned(),
            stacks: stacks.collect(),
            assets: codes.map(|code| code.asset.clone()).collect(),
            migrations: deployer::migrations::files(&self.project)?,
            site: Vec::new(),
        };
        planning::plan_for(aws, desired, &[]).await
    }

    /// One run of the deployer: the lease, the plan, the stacks, the smoke test.
    pub(crate) async fn deploy(&self, place: &Place) -> Result<(Plan, Applied), Error> {
        let aws = place.open().await?;
        self.deploy_with(place, &aws).await
    }

    /// One run that swaps the code of functions without their stacks.
    pub(crate) async fn hotswap(&self, place: &Place, aws: &Aws) -> Result<Vec<AliasMove>, Error> {
        let stage = place.stage();
        place
            .change(aws, async |deployment| {
                let plan = self.plan(place, aws).await?;
                let (plan, smoke_test) = (approved(&plan), smoke_test(&stage));
                Ok(deployment.hotswap(&plan, &smoke_test).await?.1)
            })
            .await
    }

    pub(crate) async fn deploy_with(
        &self,
        place: &Place,
        aws: &Aws,
    ) -> Result<(Plan, Applied), Error> {
        let stage = place.stage();
        place
            .change(aws, async |deployment| {
                let plan = self.plan(place, aws).await?;
                let (approved, smoke_test) = (approved(&plan), smoke_test(&stage));
                let applied = deployment.deploy(&approved, &smoke_test).await?;
                Ok((plan, applied))
            })
            .await
    }
}

/// Puts the previous release into service, as the command does.
pub(crate) async fn roll_back(place: &Place) -> Result<Vec<AliasMove>, Error> {
    let aws = place.open().await?;
    let stage = place.stage();
    place
        .change(&aws, async |deployment| {
            deployment.roll_back(&smoke_test(&stage)).await
        })
        .await
}

/// An emulator only starts functions: what is wrong stays so.
pub(crate) fn smoke_test(stage: &Stage) -> SmokeTest<'_> {
    SmokeTest {
        stage,
        emulated: true,
        settles_within: Duration::from_secs(2),
    }
}

/// The version that its health check says now.
pub(crate) async fn version(emulator: &Emulator, place: &Place) -> String {
    let answer = health(emulator, place).await.expect(200);
    answer["version"].as_str().unwrap().to_owned()
}

async fn health(emulator: &Emulator, place: &Place) -> Response {
    let aws = place.open().await.unwrap();
    let stacks = aws.deployed().await.unwrap().stacks;
    let url = stacks["api"].outputs["apiUrl"].clone();
    let host = url.trim_start_matches("http://").to_owned();
    let client = emulator.client();
    let request = client
        .request(Method::GET, "/api/health")
        .header("host", host);
    client.send(request).await
}

fn function(id: &str, code: &Code) -> Vec<(String, Value)> {
    let name = &code.asset.function;
    let (function, version) = (
        format!("{id}Function"),
        format!("{id}Version{}", &code.asset.sha256[..12]),
    );
    let of_it = json!({"Ref": function});
    vec![
        (
            function.clone(),
            json!({"Type": "AWS::Lambda::Function", "Properties": {
                "FunctionName": format!("miyabi-sandbox-{name}"), "Runtime": "provided.al2023", "Handler": "bootstrap",
                "Role": "arn:aws:iam::000000000000:role/small", "Timeout": 30,
                "Code": {"S3Bucket": {"Ref": "AssetBucket"}, "S3Key": code.asset.key}}}),
        ),
        (
            version.clone(),
            json!({"Type": "AWS::Lambda::Version", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain",
                "Properties": {"FunctionName": of_it}}),
        ),
        (
            format!("{id}Alias"),
            json!({"Type": "AWS::Lambda::Alias", "Properties": {
                "FunctionName": of_it, "FunctionVersion": {"Fn::GetAtt": [version, "Version"]}, "Name": "live"}}),
        ),
    ]
}

fn route(id: &str, path: &str) -> Vec<(String, Value)> {
    let alias = json!({"Ref": format!("{id}Alias")});
    vec![
        (
            format!("{id}Integration"),
            json!({"Type": "AWS::ApiGatewayV2::Integration", "Properties": {
                "ApiId": {"Ref": "HttpApi"}, "IntegrationType": "AWS_PROXY", "IntegrationUri": alias, "PayloadFormatVersion": "2.0"}}),
        ),
        (
            format!("{id}Permission"),
            json!({"Type": "AWS::Lambda::Permission", "Properties": {
                "Action": "lambda:InvokeFunction", "FunctionName": alias, "Principal": "apigateway.amazonaws.com"}}),
        ),
        (
            format!("{id}Route"),
            json!({"Type": "AWS::ApiGatewayV2::Route", "Properties": {
                "ApiId": {"Ref": "HttpApi"}, "RouteKey": format!("GET {path}"),
                "Target": {"Fn::Sub": format!("integrations/${{{id}Integration}}")}}}),
        ),
    ]
}
