//! The secrets of the stage for commands: the file that the supervisor writes, and the login of the
//! database's owner from it.

use async_trait::async_trait;
use serde_json::Value;

use super::{
    Local,
    control::{Call, Problems},
    records::Records,
    resources::Record,
    secrets::Secrets,
    unusable,
};
use crate::{Error, database::DatabaseLogin, progress::Progress, target};

#[async_trait(?Send)]
impl target::Secrets for Local {
    async fn secret(&self, name: &str) -> Result<Option<String>, Error> {
        let secrets = Secrets::open(self.files.secrets())
            .map_err(|cause| unusable(&self.files.secrets(), cause))?;
        let value = secrets.value(&self.secret_name(name));
        Ok(value.map(|(_, value)| value))
    }

    async fn put_secret(&self, name: &str, value: &str) -> Result<(), Error> {
        self.send(Call::PutSecret {
            name: self.secret_name(name),
            value: value.to_owned(),
        })
        .await
    }

    /// The distribution is put again, which looks its secret up.
    async fn send_origin_secret(&self, progress: &Progress) -> Result<(), Error> {
        let client = self.supervisor().await?;
        let problems: Problems = client.call(Call::Retry, progress).await?;
        match problems.into_iter().next() {
            None => Ok(()),
            Some((resource, why)) => Err(Error::failed(
                format!("The origin secret was rotated, and {resource} cannot be put again."),
                format!("`cargo xtask deploy --stage {}`", self.stage),
            )
            .because(why)),
        }
    }
}

impl Local {
    /// How to log in to the database as its owner; `None`: it is not deployed.
    pub(super) async fn owners_login(&self) -> Result<Option<DatabaseLogin>, Error> {
        self.supervisor().await?;
        let records = Records::load(&self.files)?.stacks().into_iter();
        let record = records
            .flat_map(|stack| stack.resources)
            .find(|record| record.resource_type == "AWS::RDS::DBInstance");
        let secrets = Secrets::open(self.files.secrets())
            .map_err(|cause| unusable(&self.files.secrets(), cause))?;
        Ok(record.and_then(|record| login(&record, &secrets)))
    }
}

/// The owner's login, as the provider of the database recorded it.
fn login(record: &Record, secrets: &Secrets) -> Option<DatabaseLogin> {
    let attribute = |name: &str| record.attributes.get(name).and_then(Value::as_str);
    let (_, secret) = secrets.value(attribute("MasterUserSecret.SecretArn")?)?;
    let secret: Value = serde_json::from_str(&secret).ok()?;
    Some(DatabaseLogin {
        host: attribute("Endpoint.Address")?.to_owned(),
        port: attribute("Endpoint.Port")?.parse().ok()?,
        database: record.text("DBName").to_owned(),
        user: secret["username"].as_str()?.to_owned(),
        password: secret["password"].as_str()?.to_owned(),
    })
}
