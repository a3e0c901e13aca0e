//! Secrets Manager for one test: its secrets can change while functions run.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use miyabi_catalog::FUNCTIONS;
use serde_json::{Value, json};

use crate::{
    Setup, environment,
    scripted::{Reply, Scripted},
};

/// The secrets that a usual [`crate::App`] has, until they are set.
#[derive(Debug)]
pub struct Secrets {
    values: Arc<Mutex<BTreeMap<String, String>>>,
    hangs: Arc<AtomicBool>,
    reads: Arc<AtomicUsize>,
    server: Scripted,
}

impl Secrets {
    /// Starts with the usual ones.
    pub async fn start() -> Secrets {
        let values = Arc::new(Mutex::new(environment::secrets(&Setup::default())));
        let of_server = values.clone();
        let (hangs, reads) = (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default());
        let (hanging, counted) = (hangs.clone(), reads.clone());
        let server = Scripted::start(move |asked| {
            // Lambda, where a function is told that it is here: it accepts what is asynchronous.
            if asked.what.ends_with("/invocations") {
                return Reply::Answer(202, "application/json", Vec::new());
            }
            counted.fetch_add(1, Ordering::SeqCst);
            if hanging.load(Ordering::SeqCst) {
                return Reply::Silence;
            }
            let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
            let id = body["SecretId"].as_str().unwrap_or_default();
            match of_server.lock().unwrap().get(id) {
                Some(text) => Reply::json(
                    &json!({"ARN": id, "Name": id, "SecretString": text, "VersionId": "1"}),
                ),
                None => {
                    let refusal =
                        json!({"__type": "ResourceNotFoundException", "message": "no such secret"});
                    Reply::Answer(
                        400,
                        "application/x-amz-json-1.1",
                        refusal.to_string().into_bytes(),
                    )
                }
            }
        })
        .await;
        Secrets {
            values,
            hangs,
            reads,
            server,
        }
    }

    /// An application whose functions read their secrets here.
    pub fn setup(&self) -> Setup {
        let variable = "AWS_ENDPOINT_URL_SECRETS_MANAGER";
        let environment = FUNCTIONS
            .iter()
            .map(|function| (function.name, variable, self.server.origin()));
        Setup {
            environment: environment.collect(),
            ..Setup::default()
        }
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        self.server.origin()
    }

    /// ARN of the signing keys.
    pub fn signing_keys_arn(&self) -> String {
        environment::secret_arn("jwt-keys")
    }

    /// Replaces the signing keys.
    pub fn set_signing_keys(&self, keys: &Value) {
        self.values
            .lock()
            .unwrap()
            .insert(self.signing_keys_arn(), keys.to_string());
    }

    /// Replaces the signing keys by any text.
    pub fn set_signing_keys_to_text(&self, text: &str) {
        let arn = self.signing_keys_arn();
        self.values.lock().unwrap().insert(arn, text.to_owned());
    }

    /// From now on takes requests and responds to none; or responds again.
    pub fn hang(&self, hangs: bool) {
        self.hangs.store(hangs, Ordering::SeqCst);
    }

    /// How many requests came so far.
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// Takes a secret's value away: `github`.
    pub fn remove(&self, name: &str) {
        self.values
            .lock()
            .unwrap()
            .remove(&environment::secret_arn(name));
    }

    /// The signing keys as a usual application has them: `kid` and `key`.
    pub fn usual_signing_keys() -> (String, String) {
        let secrets = environment::secrets(&Setup::default());
        let keys: Value =
            serde_json::from_str(&secrets[&environment::secret_arn("jwt-keys")]).unwrap();
        let text = |name: &str| keys[name].as_str().unwrap().to_owned();
        (text("kid"), text("key"))
    }
}
