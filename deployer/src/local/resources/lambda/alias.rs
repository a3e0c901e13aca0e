//! An alias: the name of a function's version that serves requests.

use futures_util::future::{BoxFuture, FutureExt};

use super::{function_arn, function_name};
use crate::{
    local::resources::{Made, Provider, Record, Wish, World},
    mutex::lock,
    target::Health,
};

pub(in crate::local::resources) struct Alias;

impl Provider for Alias {
    fn properties(&self) -> &'static [&'static str] {
        &["Description", "FunctionName", "FunctionVersion", "Name"]
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
            let function = function_arn(function_name(wish.text("FunctionName")));
            let number = wish.text("FunctionVersion");
            let version = lock(&world.lambda.versions)
                .get(&format!("{function}:{number}"))
                .cloned();
            let version =
                version.ok_or_else(|| format!("There is no version {number} of {function}."))?;
            let arn = format!("{function}:{}", wish.text("Name"));
            world.functions.point(&arn, Some(version));
            Ok(Made::new(&arn).with("AliasArn", arn.as_str()))
        }
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), String>> {
        world.functions.point(&record.reference, None);
        async { Ok(()) }.boxed()
    }

    fn health<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, (Health, String)> {
        let health = match world.functions.by_arn(&record.reference) {
            Some(version) => (Health::Ok, format!("version {}", version.number())),
            None => (Health::Missing, String::new()),
        };
        async move { health }.boxed()
    }
}
