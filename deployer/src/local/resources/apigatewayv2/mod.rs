//! APIs of API Gateway: a port each, on which a gateway answers. What is special for WebSocket APIs is
//! in [`socket`]; a part of an API is of the kind that its API is.

mod api;
mod integration;
mod route;
mod socket;
mod stage;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use super::RunningStage;
use crate::local::gateway::{HttpApi, Throttle};

pub(super) use api::Api;
pub(super) use integration::Integration;
pub(super) use route::Route;
pub(super) use socket::RouteResponse;
pub(super) use stage::Stage;

/// How long requests that run may go on after their API was removed: API Gateway's own limit.
const DRAIN: Duration = Duration::from_secs(30);

/// The HTTP API that a part of it names.
fn api_of(running: &RunningStage, id: &str) -> Result<Arc<HttpApi>, String> {
    running
        .apis
        .get(id)
        .ok_or_else(|| format!("There is no API {id}."))
}

/// The throttle of each route of a stage.
fn throttle(stage: &Value) -> Option<Throttle> {
    let settings = &stage["DefaultRouteSettings"];
    let rate = number(&settings["ThrottlingRateLimit"])?;
    let burst = number(&settings["ThrottlingBurstLimit"])?;
    Some(Throttle::new(rate, burst))
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}
