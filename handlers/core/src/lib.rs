//! What every function of Miyabi shares.
//!
//! One request, from a function's side:
//!
//! ```no_run
//! # use miyabi_core::{ApiError, App, Audit, Caller, Db, Event, Path, permission::tasks};
//! # use axum::extract::State;
//! async fn delete(caller: Caller<tasks::Delete>, State(db): State<Db>, Path(id): Path<uuid::Uuid>) -> Result<(), ApiError> {
//!     let mut tx = db.write(&caller).await?; // organization, role and withdrawn tokens: one round trip
//!     let delete = "update tasks set deleted_at = now(), version = version + 1 where id = $1 returning version";
//!     let version: Option<i64> = sqlx::query_scalar(delete).bind(id).fetch_optional(&mut *tx).await?;
//!     let version = version.ok_or(ApiError::NotFound)?; // another organization's, too
//!     tx.audit(Audit::new("task.delete", "task", id)).await?;
//!     tx.emit(Event::TaskChanged { id, version });
//!     tx.commit().await // with the audit row and the event, or not at all
//! }
//! ```
//!
//! and its whole `main.rs`: `fn main() -> ExitCode { miyabi_core::serve("tasks", miyabi_tasks::router()) }`.
//!
//! What always holds:
//!
//! - Only [`Db`] reaches the connection, and it only gives out transactions that already carry the
//!   caller's organization, role and permissions as they are now.
//! - Every error is an [`ApiError`]: `application/problem+json` with a code and the request's id.
//! - What a client sends is refused before it reaches the database when the database could not
//!   hold it: [`Json`], [`Line`], [`Text`], [`Timestamp`].
//! - A response is complete before its transaction is committed: [`Tx::commit_with`].

mod allow;
mod answer;
mod api_token;
mod app;
mod audit;
mod aws;
mod begin;
mod bounded_connection;
mod cache;
mod cached_secret;
mod caller;
mod certificates;
mod clock;
mod compression;
mod config;
mod connection;
mod credential;
mod database_error;
mod day;
mod db;
mod error;
mod etag;
mod event;
mod http_client;
mod idempotency;
mod invocation;
mod json;
mod keys;
mod layer;
mod limits;
mod log;
mod metadata;
mod metrics;
mod ndjson;
mod nudge;
mod opaque;
mod origin;
mod origin_secret;
mod outbox;
mod page;
mod params;
pub mod permission;
mod raw_json;
mod request;
mod revocation;
mod routes;
mod serve;
mod task_ref;
mod text;
mod timestamp;
pub mod token;
mod tx;

pub use api_token::ApiTokenSecret;
pub use app::App;
pub use audit::Audit;
pub use aws::{Connections, InvokeError, Posted, database_token};
pub use bounded_connection::BoundedConnection;
pub use cached_secret::CachedSecret;
pub use caller::Caller;
pub use clock::Clock;
pub use compression::takes_gzip;
pub use config::ConfigError;
pub use day::Day;
pub use db::Db;
pub use error::{About, ApiError, ClosedCause, FieldError, OnConstraint, Problem};
pub use etag::{ETag, IfMatch, OptionalIfMatch};
pub use event::request_of_event;
pub use http_client::{Answer, HttpClient, HttpError, Limits};
pub use idempotency::{Idempotency, IdempotencyKey};
pub use json::Json;
pub use keys::{KeySet, Keys};
pub use layer::wrap;
pub use metadata::Metadata;
pub use miyabi_catalog::{Limit as RateLimit, Permission};
pub use ndjson::NdjsonPart;
pub use opaque::{Opaque, sha256};
pub use origin::Origin;
pub use outbox::Event;
pub use page::{Limit, Page, PageQuery, fits};
pub use params::{Path, Query};
pub use raw_json::RawJson;
pub use request::id as request_id;
pub use revocation::Withdrawal;
pub use serve::{refuse_to_start, serve, serve_fallible_invocations, serve_invocations};
pub use task_ref::{TaskRef, parse_task_number};
pub use text::{Line, Text, fold, is_blank};
pub use timestamp::Timestamp;
pub use tx::Tx;
