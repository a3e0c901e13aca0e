//! Each value of each template is given to the program that must take it: every function of every
//! stage starts with exactly the environment of its template, whatever cluster, certificate or
//! address it names. What the templates refer to has the form that AWS gives it.

use std::collections::BTreeMap;

use miyabi_tests::{Value, json, start_alone};
use stacks::{Assets, Stage};

const STAGES: [&str; 5] = ["local", "sandbox", "dev", "staging", "prod"];

/// A function may start without these: each has a default or says nothing about the start.
const OPTIONAL: [&str; 5] = [
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "ORIGIN_SECRET",
    "ORIGIN_SECRET_REQUIRED",
    "VALKEY_URL",
];

/// Values that a program must refuse before it serves anything.
const WRONG: [(&str, &str); 6] = [
    ("DATABASE_AUTH", "trust"),
    ("DATABASE_PORT", "many"),
    ("DATABASE_TLS", "prefer"),
    ("ORIGIN_SECRET_REQUIRED", "perhaps"),
    ("VALKEY_URL", "https://cache.amazonaws.com:6379"),
    ("VALKEY_URL", "rediss://cache.amazonaws.com:many"),
];

/// The templates of a stage, by the short names of its stacks.
struct Templates(BTreeMap<String, Value>);

/// A function as a template has it.
struct Declared {
    /// In the catalogue.
    name: String,
    variables: BTreeMap<String, String>,
}

impl Templates {
    fn of(stage: &str) -> Templates {
        let stage = Stage::built_in(stage).unwrap();
        let app = stacks::synth(&stage, &Assets::placeholder()).unwrap();
        let stacks = app.stacks().iter();
        Templates(
            stacks
                .map(|stack| (stack.name().to_owned(), stack.template().clone()))
                .collect(),
        )
    }

    /// Every function with its resolved environment.
    fn functions(&self, stage: &str) -> Vec<Declared> {
        let mut functions = Vec::new();
        for (stack, template) in &self.0 {
            for resource in template["Resources"].as_object().unwrap().values() {
                if resource["Type"] != "AWS::Lambda::Function" {
                    continue;
                }
                let properties = &resource["Properties"];
                let name = properties["FunctionName"].as_str().unwrap();
                let variables = properties["Environment"]["Variables"].as_object();
                functions.push(Declared {
                    name: name
                        .trim_start_matches(&format!("miyabi-{stage}-"))
                        .to_owned(),
                    variables: variables
                        .into_iter()
                        .flatten()
                        .map(|(name, value)| (name.clone(), self.value(stack, value)))
                        .collect(),
                });
            }
        }
        functions
    }

    /// A value of a template as CloudFormation computes it.
    fn value(&self, stack: &str, value: &Value) -> String {
        if let Some(text) = value.as_str() {
            return text.to_owned();
        }
        let (call, argument) = value.as_object().unwrap().iter().next().unwrap();
        match call.as_str() {
            "Ref" => self.reference(stack, argument.as_str().unwrap()),
            "Fn::GetAtt" => {
                let part = |index: usize| argument[index].as_str().unwrap();
                self.attribute(stack, part(0), part(1))
            }
            "Fn::Join" => {
                let parts = argument[1].as_array().unwrap().iter();
                let parts: Vec<String> = parts.map(|part| self.value(stack, part)).collect();
                parts.join(argument[0].as_str().unwrap())
            }
            // The only list is a split text.
            "Fn::Select" => {
                let index: usize = argument[0].as_u64().unwrap().try_into().unwrap();
                let split = &argument[1]["Fn::Split"];
                let text = self.value(stack, &split[1]);
                let mut parts = text.split(split[0].as_str().unwrap());
                parts.nth(index).unwrap().to_owned()
            }
            "Fn::Sub" => {
                let text = argument.as_str().or_else(|| argument[0].as_str()).unwrap();
                self.substituted(stack, text, &argument[1])
            }
            other => panic!("{stack}: {other}"),
        }
    }

    fn substituted(&self, stack: &str, text: &str, own: &Value) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, tail) = after.split_once('}').unwrap();
            out += before;
            out += &match (own.get(name), name.split_once('.')) {
                (Some(value), _) => self.value(stack, value),
                (None, Some((resource, attribute))) => self.attribute(stack, resource, attribute),
                (None, None) => self.reference(stack, name),
            };
            rest = tail;
        }
        out + rest
    }

    fn reference(&self, stack: &str, name: &str) -> String {
        let known = match name {
            "AWS::Region" => Some("us-east-1"),
            "AWS::AccountId" => Some("000000000000"),
            "AWS::Partition" => Some("aws"),
            "GithubOrigin" => Some("https://github.com"),
            "GithubApiOrigin" => Some("https://api.github.com"),
            "DatabaseHost" => Some("127.0.0.1"),
            "DatabasePort" => Some("5432"),
            "EndpointUrl" => Some("http://127.0.0.1:4570"),
            _ => None,
        };
        if let Some(known) = known {
            return known.to_owned();
        }
        let resource = &self.0[stack]["Resources"][name];
        match resource["Type"].as_str() {
            Some("AWS::SecretsManager::Secret") => secret_arn(name),
            Some("AWS::Lambda::Alias") => {
                format!("arn:aws:lambda:us-east-1:000000000000:function:{name}:live")
            }
            Some("AWS::ApiGatewayV2::Api") => "abcdefghij".to_owned(),
            Some(other) => panic!("{stack}: a reference to {name}, {other}"),
            None => self.output(stack, name),
        }
    }

    /// A parameter that the output of another stack fills: `DataValkeyUrl` is `valkeyUrl` of `data`.
    fn output(&self, stack: &str, parameter: &str) -> String {
        for (other, template) in &self.0 {
            for (name, output) in template["Outputs"].as_object().into_iter().flatten() {
                if parameter == format!("{}{}", capital(other), capital(name)) {
                    return self.value(other, &output["Value"]);
                }
            }
        }
        panic!("{stack}: no output fills {parameter}");
    }

    fn attribute(&self, stack: &str, name: &str, attribute: &str) -> String {
        let resource = self.0[stack]["Resources"][name]["Type"].as_str().unwrap();
        let value = match (resource, attribute) {
            ("AWS::RDS::DBInstance", "Endpoint.Address") => {
                "miyabi.abcdefghijkl.us-east-1.rds.amazonaws.com"
            }
            ("AWS::RDS::DBProxy", "Endpoint") => {
                "miyabi.proxy-abcdefghijkl.us-east-1.rds.amazonaws.com"
            }
            ("AWS::RDS::DBInstance", "Endpoint.Port") => "5432",
            ("AWS::RDS::DBInstance", "MasterUserSecret.SecretArn") => return secret_arn("master"),
            ("AWS::ElastiCache::ServerlessCache", "Endpoint.Address") => {
                "miyabi-abcdef.serverless.use1.cache.amazonaws.com"
            }
            ("AWS::ElastiCache::ServerlessCache", "Endpoint.Port") => "6379",
            ("AWS::ApiGatewayV2::Api", "ApiEndpoint") => {
                "wss://abcdefghij.execute-api.us-east-1.amazonaws.com"
            }
            (_, "Arn") => return format!("arn:aws:lambda:us-east-1:000000000000:function:{name}"),
            _ => panic!("{stack}: {attribute} of {name}, {resource}"),
        };
        value.to_owned()
    }
}

fn capital(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_uppercase() + rest
}

fn secret_arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-AbCdEf")
}

/// What is in the secrets that the variables name.
fn secrets(variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let text = |name: &str| match name {
        "JWT_KEYS_SECRET" => Some(json!({"kid": "1", "key": "k".repeat(64)})),
        "ORIGIN_SECRET" => Some(json!({"value": "o".repeat(64)})),
        "GITHUB_SECRET" => Some(json!({"client_id": "id", "client_secret": "secret"})),
        "DATABASE_SECRET" => Some(json!({"username": "miyabi", "password": "password"})),
        _ => None,
    };
    let named = variables
        .iter()
        .filter_map(|(name, arn)| Some((arn.clone(), text(name)?.to_string())));
    named.collect()
}

#[tokio::test]
async fn every_function_starts_with_the_environment_of_every_stage() {
    let mut started = 0;
    for stage in STAGES {
        let templates = Templates::of(stage);
        let functions = templates.functions(stage);
        assert!(functions.len() >= 5, "{stage}: {}", functions.len());
        for function in functions {
            let secrets = secrets(&function.variables);
            let result = start_alone(&function.name, &function.variables, &secrets).await;
            let name = &function.name;
            result
                .unwrap_or_else(|why| panic!("{name} of {stage}: {why}\n{:?}", function.variables));
            started += 1;
        }
    }
    assert!(started >= 25, "{started}");
    let has_cache = |stage| {
        let functions = Templates::of(stage).functions(stage);
        functions.iter().any(|function| {
            let url = function.variables.get("VALKEY_URL");
            url.is_some_and(|url| url.starts_with("rediss://"))
        })
    };
    assert!(has_cache("prod"), "a stage with a cache is among them");
}

#[tokio::test]
async fn a_wrong_or_missing_value_ends_a_function_at_its_start() {
    let functions = Templates::of("prod").functions("prod");
    let mut tried = 0;
    for function in &functions {
        let refused = async |name: &str, value: Option<&str>| {
            let mut variables = function.variables.clone();
            match value {
                Some(value) => variables.insert(name.to_owned(), value.to_owned()),
                None => variables.remove(name),
            };
            let started = start_alone(&function.name, &variables, &secrets(&variables)).await;
            let why = started.expect_err(&format!("{} started, {name}: {value:?}", function.name));
            assert!(why.contains(name), "{}, {name}: {why}", function.name);
        };
        let required = function.variables.keys();
        for name in required.filter(|name| !OPTIONAL.contains(&name.as_str())) {
            refused(name, None).await;
            tried += 1;
        }
        for (name, value) in WRONG {
            if function.variables.contains_key(name) {
                refused(name, Some(value)).await;
                tried += 1;
            }
        }
    }
    assert!(tried > 30, "{tried}");
}
