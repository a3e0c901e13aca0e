//! The values of the stage's secrets: one file that only its owner can read, and no log, template
//! or state beside it.

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

use super::{ACCOUNT, REGION, files};

/// The largest value, in bytes
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html>).
const VALUE_LIMIT: usize = 65_536;
/// The longest password that Secrets Manager makes
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html>).
const PASSWORD_LIMIT: u64 = 4_096;

/// Values by ARN.
#[derive(Debug)]
pub struct Secrets {
    path: PathBuf,
    values: Mutex<BTreeMap<String, String>>,
}

impl Secrets {
    /// The secrets in that file, which need not exist.
    pub fn open(path: PathBuf) -> io::Result<Secrets> {
        let values = files::read(&path)?.unwrap_or_default();
        Ok(Secrets {
            path,
            values: Mutex::new(values),
        })
    }

    /// The ARN of the secret of that name. AWS adds six characters of its own choice; here they are
    /// always the same.
    pub(super) fn arn(name: &str) -> String {
        format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}-local0")
    }

    /// ARN and value, by ARN or name.
    pub(super) fn value(&self, id: &str) -> Option<(String, String)> {
        let values = self.lock();
        let arn = if id.starts_with("arn:") {
            id.to_owned()
        } else {
            Self::arn(id)
        };
        values.get(&arn).map(|value| (arn, value.clone()))
    }

    /// The value under that ARN, or the one that `make` gives, from now on.
    pub(super) fn get_or_make(
        &self,
        arn: &str,
        make: impl FnOnce() -> String,
    ) -> io::Result<String> {
        let mut values = self.lock();
        if let Some(value) = values.get(arn) {
            return Ok(value.clone());
        }
        let value = make();
        check_size(&value)?;
        values.insert(arn.to_owned(), value.clone());
        files::write(&self.path, &*values)?;
        Ok(value)
    }

    /// Sets a value.
    pub fn put(&self, arn: &str, value: &str) -> io::Result<()> {
        check_size(value)?;
        let mut values = self.lock();
        if values.get(arn).is_some_and(|present| present == value) {
            return Ok(());
        }
        values.insert(arn.to_owned(), value.to_owned());
        files::write(&self.path, &*values)
    }

    /// Forgets a secret.
    pub(super) fn remove(&self, arn: &str) -> io::Result<()> {
        let mut values = self.lock();
        match values.remove(arn) {
            Some(_) => files::write(&self.path, &*values),
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_size(value: &str) -> io::Result<()> {
    if value.len() <= VALUE_LIMIT {
        return Ok(());
    }
    let size = value.len();
    let why = format!("it has {size} bytes, and Secrets Manager takes {VALUE_LIMIT}");
    Err(io::Error::new(io::ErrorKind::InvalidInput, why))
}

/// What Secrets Manager refuses in the properties of a secret, a sentence each.
pub(super) fn refuse(properties: &Value) -> Vec<String> {
    let length = properties["GenerateSecretString"]["PasswordLength"].as_u64();
    match length {
        Some(length) if !(1..=PASSWORD_LIMIT).contains(&length) => vec![format!(
            "`GenerateSecretString.PasswordLength` is not between 1 and {PASSWORD_LIMIT}."
        )],
        _ => Vec::new(),
    }
}

/// What `GenerateSecretString` of the template makes.
pub(super) fn generate(properties: &Value) -> Option<String> {
    let generate = properties.get("GenerateSecretString")?;
    let length = generate["PasswordLength"].as_u64().unwrap_or(32);
    let password = random(usize::try_from(length).unwrap_or(32));
    let Some(key) = generate["GenerateStringKey"].as_str() else {
        return Some(password);
    };
    let template = generate["SecretStringTemplate"].as_str().unwrap_or("{}");
    let mut value: Value = serde_json::from_str(template).ok()?;
    value[key] = Value::String(password);
    Some(value.to_string())
}

/// Random letters and digits.
pub(crate) fn random(length: usize) -> String {
    // Each UUID has 122 random bits from the system, written in 32 digits.
    let mut text = String::new();
    while text.len() < length {
        text.push_str(&uuid::Uuid::new_v4().simple().to_string());
    }
    text.truncate(length);
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_has_65_536_bytes_at_most_and_a_password_4_096() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(dir.path().join("secrets.json")).unwrap();
        secrets.put("a", &"x".repeat(65_536)).unwrap();
        let error = secrets.put("b", &"x".repeat(65_537)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "it has 65537 bytes, and Secrets Manager takes 65536"
        );
        let error = secrets.get_or_make("c", || "x".repeat(65_537));
        assert!(error.is_err());
        assert_eq!(secrets.lock().keys().collect::<Vec<_>>(), ["a"]);
        let of_length = |length: u64| json!({"GenerateSecretString": {"PasswordLength": length}});
        for (length, refused) in [(0, 1), (1, 0), (4_096, 0), (4_097, 1)] {
            assert_eq!(refuse(&of_length(length)).len(), refused, "{length}");
        }
    }
}
