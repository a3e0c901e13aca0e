//! A permission of an API to invoke an alias.

use async_trait::async_trait;

use crate::local::resources::{Made, Provider, PutRequest, Record, RunningStage};

pub(in crate::local::resources) struct Permission;

#[async_trait]
impl Provider for Permission {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "Action",
            "FunctionName",
            "Principal",
            "SourceAccount",
            "SourceArn",
        ]
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let id = request.id(running, "permission-");
        // Others than an API ask with their own events, and need no more than the name.
        if request.text("SourceArn").contains(":execute-api:") {
            let api = api_of(request.text("SourceArn"));
            let alias = Some(request.text("FunctionName").to_owned());
            match (running.apis.get(api), running.sockets.get(api)) {
                (Some(api), _) => api.set_permission(&id, alias),
                (_, Some(api)) => api.set_permission(&id, alias),
                (None, None) => return Err(format!("There is no API {api}.")),
            }
        }
        Ok(Made::new(&id).with("Id", id.as_str()))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        let api = api_of(record.text("SourceArn"));
        if let Some(api) = running.apis.get(api) {
            api.set_permission(&record.reference, None);
        }
        if let Some(api) = running.sockets.get(api) {
            api.set_permission(&record.reference, None);
        }
        Ok(())
    }
}

/// `a1b2` of `arn:aws:execute-api:region:account:a1b2/*`.
fn api_of(source_arn: &str) -> &str {
    let last = source_arn.rsplit(':').next().unwrap_or_default();
    last.split('/').next().unwrap_or_default()
}
