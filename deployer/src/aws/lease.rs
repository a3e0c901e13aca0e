//! One deploy of a stage at a time: the lease is an object in the asset bucket.
//!
//! Whoever wins a conditional write (`If-Match` on the ETag just read) holds the stage. The holder
//! renews the lease every few seconds; a killed process stops renewing, and the stage is free when the
//! lease has not been renewed for its [`ttl`]. A process that was only paused finds, before its next
//! change, that the fencing token has moved on, and changes nothing more. Ages are measured by the
//! server's clock alone.

mod object;

use std::{
    sync::{Arc, Mutex as StdMutex},
    time::{Duration, Instant, SystemTime},
};

use async_trait::async_trait;
use tokio::{sync::Mutex, task::JoinHandle};

use super::{
    aws_error::AwsError,
    bucket::{Bucket, When},
    clients::CallObserver,
};
use crate::{
    Error, ErrorKind,
    lease::{Lease, LeaseHolder, busy},
    mutex::lock,
};

use object::{LeaseObject, lives, machine, ours, put, ttl};

pub(super) use object::KEY;

/// One attempt of a request about the lease, and all attempts of it together. While one hangs, no
/// other renewal is sent, so all of them must have failed long before the lease ends.
const ATTEMPT_WITHIN: Duration = Duration::from_secs(5);
const WHOLE_WITHIN: Duration = Duration::from_secs(12);
/// Between two tries to renew of which the first failed.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How often it is renewed: more than three times while it lives.
fn renew_every() -> Duration {
    ttl() * 4 / 15
}

/// Proof that this process holds the stage.
#[derive(Debug)]
pub(super) struct BucketLease {
    bucket: Bucket,
    held: Arc<Mutex<Held>>,
    heartbeat: JoinHandle<()>,
    /// Where the target looks before each change.
    fence: Arc<StdMutex<Option<Fence>>>,
    released: bool,
}

#[async_trait(?Send)]
impl Lease for BucketLease {
    async fn release(mut self: Box<Self>) -> Result<(), Error> {
        self.stop();
        release(&self.bucket, &self.held).await
    }
}

impl BucketLease {
    /// Ends the renewals and the right to change anything.
    fn stop(&mut self) {
        self.released = true;
        self.heartbeat.abort();
        *lock(&self.fence) = None;
    }
}

impl Drop for BucketLease {
    /// A dropped lease is released in the background while the runtime lives; without one it expires.
    fn drop(&mut self) {
        if self.released {
            return;
        }
        self.stop();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (bucket, held) = (self.bucket.clone(), self.held.clone());
            // Nobody is left to report a failure to; the lease then expires.
            runtime.spawn(async move { drop(release(&bucket, &held).await) });
        }
    }
}

/// Marks the lease as released, unless somebody else holds the stage by now.
async fn release(bucket: &Bucket, held: &Mutex<Held>) -> Result<(), Error> {
    let held = held.lock().await;
    let released = LeaseObject {
        released: true,
        ..held.written.clone()
    };
    let mut written = put(bucket, &released, When::Is(&held.etag)).await;
    // A renewal that was cut off may have been the last write.
    if written.as_ref().is_err_and(AwsError::is_condition)
        && let Some(etag) = ours(bucket, &held.written).await?
    {
        written = put(bucket, &released, When::Is(&etag)).await;
    }
    match written {
        Err(refused) if !refused.is_condition() => Err(bucket.refused(refused)),
        _ => Ok(()),
    }
}

#[derive(Debug)]
struct Held {
    written: LeaseObject,
    etag: String,
    /// When it was last renewed, by two clocks: one stands still while the machine sleeps, the other
    /// can be set.
    renewed: (Instant, SystemTime),
    lost: bool,
}

impl Held {
    fn age(&self) -> Duration {
        let (instant, time) = self.renewed;
        instant.elapsed().max(time.elapsed().unwrap_or_default())
    }

    fn renewed(&mut self, etag: String) {
        self.etag = etag;
        self.renewed = (Instant::now(), SystemTime::now());
        self.lost = false;
    }
}

impl BucketLease {
    /// Takes the stage and sets `fence`, or fails at once with the name of the holder.
    pub(super) async fn take(
        bucket: &Bucket,
        observer: &CallObserver,
        holder: &LeaseHolder,
        fence: &Arc<StdMutex<Option<Fence>>>,
    ) -> Result<BucketLease, Error> {
        let bucket = &bucket.within(ATTEMPT_WITHIN, WHOLE_WITHIN);
        let there = bucket.get(KEY).await?;
        let before: Option<LeaseObject> = there
            .as_ref()
            .and_then(|object| serde_json::from_slice(&object.bytes).ok());
        if let (Some(object), Some(before)) = (&there, &before)
            && let Some(left) = lives(observer, object, before)
        {
            return Err(taken(bucket, before, left));
        }
        let written = LeaseObject {
            fencing_token: before.map_or(0, |before| before.fencing_token) + 1,
            holder: holder.clone(),
            machine: machine(),
            released: false,
            seconds: ttl().as_secs(),
        };
        let when = there
            .as_ref()
            .map_or(When::Absent, |object| When::Is(&object.etag));
        let etag = match put(bucket, &written, when).await {
            Ok(etag) => etag,
            // Somebody else was quicker by a moment, or it is our own request, whose answer was lost.
            Err(refused) if refused.is_condition() => match ours(bucket, &written).await? {
                Some(etag) => etag,
                None => return Err(lost_race(bucket).await?),
            },
            Err(refused) => return Err(bucket.refused(refused)),
        };
        let held = Held {
            written,
            etag,
            renewed: (Instant::now(), SystemTime::now()),
            lost: false,
        };
        let held = Arc::new(Mutex::new(held));
        let heartbeat = tokio::spawn(beat(bucket.clone(), held.clone()));
        *lock(fence) = Some(Fence {
            bucket: bucket.clone(),
            held: held.clone(),
        });
        Ok(BucketLease {
            bucket: bucket.clone(),
            held,
            heartbeat,
            fence: fence.clone(),
            released: false,
        })
    }
}

/// Looked at before each change.
#[derive(Debug, Clone)]
pub(super) struct Fence {
    bucket: Bucket,
    held: Arc<Mutex<Held>>,
}

impl Fence {
    /// Refuses when this process may no longer change the stage. A lease that could not be renewed
    /// for a while is renewed first, for as long as it lives.
    pub(super) async fn check(&self) -> Result<(), Error> {
        let mut held = self.held.lock().await;
        if !held.lost && held.age() < renew_every() * 2 {
            return Ok(());
        }
        let began = Instant::now();
        let mut renewed = renew(&self.bucket, &mut held).await;
        while renewed.as_ref().is_err_and(AwsError::is_passing) && began.elapsed() < ttl() {
            tokio::time::sleep(TRY_AGAIN_AFTER).await;
            renewed = renew(&self.bucket, &mut held).await;
        }
        match renewed {
            Ok(()) => Ok(()),
            Err(refused) if held.lost => Err(Error::new(
                ErrorKind::Busy,
                format!(
                    "This process was held up for so long that its lease of the stage `{}` ended and somebody else took it. Nothing more was changed.",
                    self.bucket.stage
                ),
                "See what the other operation does, then run the same command again.",
            )
            .because(refused)),
            Err(refused) => Err(self.bucket.refused(refused)),
        }
    }
}

async fn renew(bucket: &Bucket, held: &mut Held) -> Result<(), AwsError> {
    match put(bucket, &held.written, When::Is(&held.etag)).await {
        Ok(etag) => {
            held.renewed(etag);
            Ok(())
        }
        Err(refused) if refused.is_condition() => match ours(bucket, &held.written).await {
            // The answer to our own renewal was lost.
            Ok(Some(etag)) => {
                held.renewed(etag);
                Ok(())
            }
            Ok(None) => {
                held.lost = true;
                Err(refused)
            }
            Err(_) => Err(refused),
        },
        Err(refused) => Err(refused),
    }
}

async fn lost_race(bucket: &Bucket) -> Result<Error, Error> {
    let there = bucket.get(KEY).await?;
    let other: Option<LeaseObject> =
        there.and_then(|object| serde_json::from_slice(&object.bytes).ok());
    Ok(match other {
        Some(other) => taken(bucket, &other, ttl()),
        None => busy(&bucket.stage, None),
    })
}

fn taken(bucket: &Bucket, by: &LeaseObject, left: Duration) -> Error {
    let message = busy(&bucket.stage, Some(&by.holder)).message().to_owned();
    let hint = format!(
        "Wait until it has ended, then run the same command again. Should it have been killed, the stage is free in {} s.",
        left.as_secs() + 1
    );
    Error::new(ErrorKind::Busy, message, hint)
}

/// Renews until it is aborted, or the lease is lost for good.
async fn beat(bucket: Bucket, held: Arc<Mutex<Held>>) {
    let mut pause = renew_every();
    loop {
        tokio::time::sleep(pause).await;
        let mut held = held.lock().await;
        pause = match renew(&bucket, &mut held).await {
            Ok(()) => renew_every(),
            Err(_) if held.lost => return,
            // Two that hang, a whole beat apart, would be most of the lease's life.
            Err(_) => TRY_AGAIN_AFTER.min(renew_every()),
        };
    }
}
