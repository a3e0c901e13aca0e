//! A permission of an API to invoke an alias.

use async_trait::async_trait;

use crate::local::resources::{Made, Provider, Record, Wish, World};

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

    async fn put(&self, world: &World, wish: &Wish) -> Result<Made, String> {
        let id = wish.id(world, "permission-");
        // Others than an API ask with their own events, and need no more than the name.
        if wish.text("SourceArn").contains(":execute-api:") {
            let api = api_of(wish.text("SourceArn"));
            let alias = Some(wish.text("FunctionName").to_owned());
            match (world.apis.get(api), world.sockets.get(api)) {
                (Some(api), _) => api.set_permission(&id, alias),
                (_, Some(api)) => api.set_permission(&id, alias),
                (None, None) => return Err(format!("There is no API {api}.")),
            }
        }
        Ok(Made::new(&id).with("Id", id.as_str()))
    }

    async fn delete(&self, world: &World, record: &Record) -> Result<(), String> {
        let api = api_of(record.text("SourceArn"));
        if let Some(api) = world.apis.get(api) {
            api.set_permission(&record.reference, None);
        }
        if let Some(api) = world.sockets.get(api) {
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
