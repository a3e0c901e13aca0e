//! The object that is the lease: what it says, how it is read and written, and how long it lives.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    Error,
    aws::{
        aws_error::AwsError,
        bucket::{Bucket, Object, When},
        clients::CallObserver,
    },
    lease::LeaseHolder,
};

pub(in crate::aws) const KEY: &str = "lease.json";
/// How long a lease lives that is not renewed.
const TTL: Duration = Duration::from_secs(45);
/// Seconds that a lease lives instead; it can only be made shorter. For tests.
const TTL_VARIABLE: &str = "MIYABI_LEASE_SECONDS";

/// How long a lease that this process writes lives without being renewed.
pub(super) fn ttl() -> Duration {
    std::env::var(TTL_VARIABLE)
        .ok()
        .and_then(|seconds| seconds.parse().ok())
        .map_or(TTL, |seconds| Duration::from_secs(seconds).min(TTL))
}

/// What the object says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LeaseObject {
    /// Goes up with every new holder, so that two of them can be told apart in any log.
    pub(super) fencing_token: u64,
    pub(super) holder: LeaseHolder,
    /// Which machine and which processes `holder.pid` is a number of.
    pub(super) machine: String,
    /// The holder gave the stage back.
    pub(super) released: bool,
    /// Seconds that it lives without being renewed.
    pub(super) seconds: u64,
}

/// The ETag of the lease when it is the one that this process wrote.
pub(super) async fn ours(bucket: &Bucket, written: &LeaseObject) -> Result<Option<String>, Error> {
    let there = bucket.get(KEY).await?;
    Ok(there.and_then(|object| {
        let found: LeaseObject = serde_json::from_slice(&object.bytes).ok()?;
        let ours = found.fencing_token == written.fencing_token
            && found.machine == written.machine
            && found.holder == written.holder
            && !found.released;
        ours.then_some(object.etag)
    }))
}

pub(super) async fn put(
    bucket: &Bucket,
    written: &LeaseObject,
    when: When<'_>,
) -> Result<String, AwsError> {
    let bytes = serde_json::to_vec(written).unwrap_or_default();
    bucket.put_when(KEY, bytes, when).await
}

/// How long the lease lives on without being renewed; `None`: it does not live.
pub(super) fn lives(
    observer: &CallObserver,
    object: &Object,
    written: &LeaseObject,
) -> Option<Duration> {
    if written.released || (written.machine == machine() && !runs(written.holder.pid)) {
        return None;
    }
    let age = Duration::try_from(observer.now() - object.modified).unwrap_or_default();
    Duration::from_secs(written.seconds).checked_sub(age)
}

/// Tells machines and containers apart, so that a number of a process is only ever looked up where it
/// was given.
pub(super) fn machine() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let processes = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    match boot.trim() {
        "" => String::new(),
        boot => format!("{boot} {}", processes.display()),
    }
}

/// Whether that process of this machine runs. Where it cannot be told, it does.
fn runs(pid: u32) -> bool {
    if machine().is_empty() {
        return true;
    }
    let pid = i32::try_from(pid)
        .ok()
        .and_then(rustix::process::Pid::from_raw);
    pid.is_none_or(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}
