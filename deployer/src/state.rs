//! What is deployed: per stack the template, parameters and outputs. On AWS CloudFormation keeps
//! it; on `local` it is a file. It never holds a secret: templates, parameters and outputs have
//! none.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Error,
    release::Rollout,
    source::{FailedDeploy, Source},
};

/// Everything that is deployed of one stage.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployed {
    /// By the stack's short name (`data`).
    pub stacks: BTreeMap<String, DeployedStack>,
    /// The migrations that ran, version -> SHA-256 of the file in lowercase hex.
    #[serde(default)]
    pub migrations: BTreeMap<i64, String>,
    /// SHA-256 over what was last put into the site's bucket, with its `config.json`.
    #[serde(default)]
    pub site: Option<String>,
    /// Which versions of the functions answered, and which stand aside.
    #[serde(default)]
    pub rollout: Rollout,
    /// What the last deploy that ended well was made of.
    #[serde(default)]
    pub source: Option<Source>,
    /// The last deploy, when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_deploy: Option<FailedDeploy>,
}

/// A deployed stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeployedStack {
    /// The template, as JSON.
    pub template: Value,
    /// Name -> value.
    pub parameters: BTreeMap<String, String>,
    /// Name -> value.
    pub outputs: BTreeMap<String, String>,
    /// False while an update is under way or after one failed: what is there may be neither the
    /// old nor the new template, so the next plan updates the stack in any case.
    pub complete: bool,
}

/// The outputs that people see: the addresses. The others are what stacks take from each other.
pub(crate) const PUBLIC_OUTPUTS: [&str; 3] = ["apiUrl", "siteUrl", "webSocketUrl"];

/// The outputs of deployed stacks that people see.
pub fn public_outputs(stacks: &BTreeMap<String, DeployedStack>) -> BTreeMap<String, String> {
    stacks
        .values()
        .flat_map(|stack| &stack.outputs)
        .filter(|(name, _)| PUBLIC_OUTPUTS.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// A file with what is deployed: `.miyabi/{stage}/state.json`, readable by its owner only.
#[derive(Debug, Clone)]
pub struct StateFile {
    path: PathBuf,
}

/// What the file says about its own form.
#[derive(Serialize, Deserialize)]
struct Envelope {
    format: u32,
    deployed: Deployed,
}

const FORMAT: u32 = 1;

impl StateFile {
    /// The file at that path, which need not exist.
    pub fn new(path: impl Into<PathBuf>) -> StateFile {
        StateFile { path: path.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it holds; nothing when there is no file.
    pub fn load(&self) -> Result<Deployed, Error> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Deployed::default()),
            Err(error) => return Err(self.unreadable(error)),
        };
        let envelope: Envelope =
            serde_json::from_slice(&bytes).map_err(|error| self.unreadable(error))?;
        if envelope.format != FORMAT {
            return Err(self.unreadable(format!(
                "it has format {}, this version reads format {FORMAT}",
                envelope.format
            )));
        }
        Ok(envelope.deployed)
    }

    /// Writes it: the old content stays whole until the new one is.
    pub fn save(&self, deployed: &Deployed) -> Result<(), Error> {
        let envelope = Envelope {
            format: FORMAT,
            deployed: deployed.clone(),
        };
        let bytes = serde_json::to_vec_pretty(&envelope).map_err(|error| self.unwritable(error))?;
        write_private(&self.path, &bytes).map_err(|error| self.unwritable(error))
    }

    fn unreadable(&self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::failed(
            format!("The record of the deployed stage, {}, cannot be read.", self.path.display()),
            "Put the file back from a copy; or start over: `cargo xtask destroy --stage local`, then deploy again.",
        )
        .because(cause)
    }

    fn unwritable(&self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::failed(
            format!("The record of the deployed stage, {}, cannot be written.", self.path.display()),
            "Make room on the disk and check the permissions of the folder, then run the same command again.",
        )
        .because(cause)
    }
}

/// Writes a file that only its owner may read, whole or not at all: a temporary file in the same
/// folder, synced, then renamed.
pub fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let temporary = path.with_extension(format!("tmp{}", std::process::id()));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    file.set_permissions(fs::Permissions::from_mode(0o600))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_file_is_private_and_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::new(folder.path().join("local/state.json"));
        assert_eq!(file.load().unwrap(), Deployed::default());
        let stack = DeployedStack {
            template: serde_json::json!({"Resources": {}}),
            parameters: BTreeMap::from([("AssetBucket".into(), "assets".into())]),
            outputs: BTreeMap::new(),
            complete: true,
        };
        let deployed = Deployed {
            stacks: BTreeMap::from([("data".into(), stack)]),
            migrations: BTreeMap::from([(1, "ab".into())]),
            ..Deployed::default()
        };
        file.save(&deployed).unwrap();
        assert_eq!(file.load().unwrap(), deployed);
        let mode = fs::metadata(file.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(
            fs::read_dir(folder.path().join("local")).unwrap().count(),
            1
        );
    }

    #[test]
    fn a_broken_state_file_is_refused_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.json");
        fs::write(&path, "{").unwrap();
        let error = StateFile::new(&path).load().unwrap_err();
        assert!(error.message().contains("state.json"), "{error}");
        fs::write(&path, r#"{"format": 9, "deployed": {"stacks": {}}}"#).unwrap();
        let error = StateFile::new(&path).load().unwrap_err();
        assert_eq!(
            error.causes(),
            ["it has format 9, this version reads format 1"]
        );
    }
}
