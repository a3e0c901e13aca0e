//! The tests that need functions, database and local target together. A module a subject; titles
//! are sentences. How to write one: the documentation of the crate `miyabi-tests`.

// A test's way to fail is to panic.
#![allow(clippy::unwrap_used)]

mod activity;
mod attacks;
mod auth;
mod database;
mod docs;
mod invocations;
mod local_faults;
mod local_stage;
mod migrations;
mod schema;
mod site;
mod tasks;
mod tenancy;
mod valkey;
