//! Log groups: one file each.

use async_trait::async_trait;

use super::{Made, Provider, PutRequest, Record, RunningStage};
use crate::local::{ACCOUNT, REGION, lambda::log_before};

pub(super) struct LogGroup;

#[async_trait]
impl Provider for LogGroup {
    fn properties(&self) -> &'static [&'static str] {
        &["LogGroupClass", "LogGroupName", "RetentionInDays", "Tags"]
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let name = request.name(running, "LogGroupName");
        running.log(&name)?;
        let arn = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*");
        Ok(Made::new(name).with("Arn", arn))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        let path = running.files().log(&record.reference);
        for path in [log_before(&path), path] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(format!(
                        "Its file, {}, cannot be removed: {error}.",
                        path.display()
                    ));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// `/aws/apigateway/x` of `arn:aws:logs:region:account:log-group:/aws/apigateway/x:*`.
pub(super) fn group_of(arn: &str) -> &str {
    let name = arn.split(":log-group:").nth(1).unwrap_or(arn);
    name.strip_suffix(":*").unwrap_or(name)
}
