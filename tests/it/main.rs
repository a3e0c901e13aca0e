//! The tests that need functions, database and local target together. A module a subject; titles
//! are sentences. How to write one: the documentation of the crate `miyabi-tests`.

// A test's way to fail is to panic.
#![allow(clippy::unwrap_used)]

mod activity;
mod alarms;
mod arm64;
mod attacks;
mod auth;
mod commands;
mod dashboard;
mod database;
#[cfg(feature = "aws")]
mod database_token;
mod deployed;
mod docs;
#[cfg(feature = "aws")]
mod faults;
mod grafana;
mod inbox;
mod invocations;
mod lambda_emulator;
mod live;
mod live_stage;
mod local_cache;
mod local_faults;
mod local_stage;
mod logs;
mod metrics;
mod migrations;
mod odd_events;
mod openapi;
mod orgs;
mod plan;
#[cfg(feature = "aws")]
mod sandbox;
mod scanners;
mod schema;
mod secrets;
mod site;
mod spending;
#[cfg(feature = "aws")]
mod stages;
mod tasks;
mod templates;
mod tenancy;
mod valkey;
mod workflows;
