//! The AWS CLI: what somebody else's program says about what the deployer made.

use std::process::Stdio;

use serde_json::Value;

use crate::emulator::{Emulator, program};

impl Emulator {
    /// What `aws ARGUMENTS` answers, asked with an account's credentials and none of the person's own
    /// settings. Panics when the command fails.
    pub async fn aws_cli(&self, account: &str, arguments: &[&str]) -> Value {
        let output = tokio::process::Command::new(program("aws", "AWS_CLI"))
            .args(arguments)
            .args(["--endpoint-url", &self.url(), "--output", "json"])
            .env_clear()
            .envs([
                ("AWS_ACCESS_KEY_ID", account),
                ("AWS_SECRET_ACCESS_KEY", "none"),
                ("AWS_DEFAULT_REGION", "us-east-1"),
                ("AWS_CONFIG_FILE", "/dev/null"),
                ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
                ("AWS_EC2_METADATA_DISABLED", "true"),
                ("AWS_PAGER", ""),
            ])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "aws {arguments:?}: {said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}
