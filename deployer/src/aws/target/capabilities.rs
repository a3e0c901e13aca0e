//! The capabilities that only a stage on AWS has.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;

use crate::{
    Error,
    asset::Asset,
    aws::Aws,
    release::{AliasMove, InService, Rollout},
    target::{BackgroundInvoke, CallStats, Releases, Waited},
};

#[async_trait(?Send)]
impl Releases for Aws {
    async fn in_service(&self) -> Result<BTreeMap<String, InService>, Error> {
        self.read_aliases().await
    }

    async fn put_in_service(&self, moves: &[AliasMove]) -> Result<(), Error> {
        self.move_aliases(moves).await
    }

    async fn put_as_templates_say(&self, functions: &[String]) -> Result<(), Error> {
        self.put_functions_as_templates_say(functions).await
    }

    async fn swap_code(&self, code: &[Asset]) -> Result<(), Error> {
        self.swap_function_code(code).await
    }

    async fn record_rollout(&self, rollout: &Rollout) -> Result<(), Error> {
        self.change_record(|record| record.rollout.clone_from(rollout))
            .await
    }
}

#[async_trait(?Send)]
impl BackgroundInvoke for Aws {
    async fn start(&self, function: &str, payload: &[u8]) -> Result<(), Error> {
        self.begin_call(function, payload).await
    }

    async fn pause(&self, what_for: &str, pause: Duration) {
        self.observer.pause(what_for, pause).await;
    }

    fn silence_limit(&self) -> Duration {
        Duration::from_secs(if self.is_emulated() { 30 } else { 240 })
    }
}

impl CallStats for Aws {
    fn calls(&self) -> BTreeMap<String, usize> {
        self.observer.calls()
    }

    fn waits(&self) -> BTreeMap<String, Waited> {
        self.observer.waits()
    }
}
