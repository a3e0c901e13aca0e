//! Log groups: one file each.

use futures_util::future::{BoxFuture, FutureExt};

use super::{Made, Provider, Record, Wish, World};
use crate::local::{ACCOUNT, REGION, lambda::log_before};

pub(super) struct LogGroup;

impl Provider for LogGroup {
    fn properties(&self) -> &'static [&'static str] {
        &["LogGroupClass", "LogGroupName", "RetentionInDays", "Tags"]
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
            let name = wish.name(world, "LogGroupName");
            world.log(&name)?;
            let arn = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*");
            Ok(Made::new(name).with("Arn", arn))
        }
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), String>> {
        let path = world.files().log(&record.reference);
        async move {
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
        .boxed()
    }
}

/// `/aws/apigateway/x` of `arn:aws:logs:region:account:log-group:/aws/apigateway/x:*`.
pub(super) fn group_of(arn: &str) -> &str {
    let name = arn.split(":log-group:").nth(1).unwrap_or(arn);
    name.strip_suffix(":*").unwrap_or(name)
}
