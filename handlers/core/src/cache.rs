//! The connection to Valkey, where the stage has one.
//!
//! ElastiCache Serverless answers by TLS alone and in cluster mode alone: the keys of one command
//! must be in one slot, or the response is CROSSSLOT. All keys of a stage carry one hash tag,
//! [`Cache::key`], so that they are (<https://valkey.io/topics/cluster-spec/#hash-tags>). Its one
//! endpoint answers for every slot, so that a map of the slots would be a round trip for nothing.
//!
//! What a cache holds may be evicted, lost or older than what was written (a failover promotes a
//! replica that is behind), without any sign of it. Nothing here vouches for completeness; use it
//! only for facts whose absence is harmless.

use std::{
    fs,
    sync::{Mutex as StdMutex, PoisonError},
    time::{Duration, Instant},
};

use redis::{Client, TlsCertificates, aio::MultiplexedConnection};
use tokio::sync::Mutex;

/// Longest to wait for a connection: TCP and TLS.
const CONNECT_WITHIN: Duration = Duration::from_millis(500);
/// Longest to wait for a response: a cache responds within a millisecond or is down.
const RESPOND_WITHIN: Duration = Duration::from_millis(100);
/// How long a cache that failed is left alone. Each request would wait for it otherwise.
const REST: Duration = Duration::from_secs(1);

/// How to reach the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CacheConfig {
    /// `rediss://HOST:PORT` by TLS, `redis://HOST:PORT` without.
    pub(crate) url: String,
    /// A PEM file of roots to trust instead of those that browsers trust.
    pub(crate) ca_file: Option<String>,
}

/// A connection to the cache of the stage, made when it is first needed.
pub(crate) struct Cache {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
    failed_at: StdMutex<Option<Instant>>,
    prefix: String,
}

/// Why the cache gave nothing: a sentence for the log.
#[derive(Debug, thiserror::Error)]
#[error("The cache does not respond: {0}.")]
pub(crate) struct CacheError(String);

impl Cache {
    /// A client for that address. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// A sentence that names the variable that is wrong.
    pub(crate) fn new(config: &CacheConfig, stage: &str) -> Result<Cache, String> {
        let url = config.url.as_str();
        let client = match &config.ca_file {
            None => Client::open(url),
            Some(path) => {
                let root_cert = fs::read(path)
                    .map_err(|error| format!("VALKEY_CA_FILE {path} cannot be read: {error}."))?;
                let certificates = TlsCertificates {
                    client_tls: None,
                    root_cert: Some(root_cert),
                };
                Client::build_with_tls(url, certificates)
            }
        };
        let client = client
            .map_err(|error| format!("VALKEY_URL or VALKEY_CA_FILE cannot be used: {error}."))?;
        Ok(Cache {
            client,
            connection: Mutex::default(),
            failed_at: StdMutex::default(),
            prefix: prefix(stage),
        })
    }

    /// The key of that name. All keys of a stage are in one slot.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Runs a pipeline of commands on keys of [`Cache::key`].
    ///
    /// # Errors
    ///
    /// When the cache does not respond, or did not a moment ago.
    pub(crate) async fn run<T: redis::FromRedisValue>(
        &self,
        pipeline: &redis::Pipeline,
    ) -> Result<T, CacheError> {
        let mut slot = self.connection.lock().await;
        if let Some(since) = self.failed_since()
            && since < REST
        {
            return Err(CacheError("it failed less than a second ago".to_owned()));
        }
        let asked = async {
            let mut connection = match slot.take() {
                Some(connection) => connection,
                None => {
                    within(
                        CONNECT_WITHIN,
                        self.client.get_multiplexed_async_connection(),
                    )
                    .await?
                }
            };
            let value = within(RESPOND_WITHIN, pipeline.query_async(&mut connection)).await?;
            *slot = Some(connection);
            Ok(value)
        };
        let result: Result<T, CacheError> = asked.await;
        *self.lock() = result.is_err().then(Instant::now);
        result
    }

    fn failed_since(&self) -> Option<Duration> {
        self.lock().map(|at| at.elapsed())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.failed_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// `{miyabi:dev}:`, with literal braces: what is between the first pair decides the slot.
fn prefix(stage: &str) -> String {
    format!("{{miyabi:{stage}}}:")
}

async fn within<T>(
    limit: Duration,
    response: impl Future<Output = redis::RedisResult<T>>,
) -> Result<T, CacheError> {
    match tokio::time::timeout(limit, response).await {
        Ok(result) => result.map_err(|error| CacheError(error.to_string())),
        Err(_) => Err(CacheError(format!(
            "no response within {} ms",
            limit.as_millis()
        ))),
    }
}
