//! S3 and CloudFront on this machine: the bucket of the site, and the web server in front of it and
//! of the API, with the behaviours, functions and headers of the template.
//!
//! It is not a cache: each request goes to its origin, so that what was deployed a moment ago is
//! what is served. There is no TLS here, and `redirect-to-https` is the one rule of a behaviour
//! that does nothing. Parts are looked up for each request and replaced whole, so a change fails no
//! request that runs.

mod access;
mod admission;
mod bucket;
mod distribution;
mod headers;
mod object;
mod origin;
mod path;
mod refusal;
#[cfg(test)]
mod tests;
mod viewer;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header, request::Parts as Head};
use hyper::body::Incoming;
use serde_json::Value;

pub(in crate::local) use bucket::Bucket;
pub(in crate::local) use distribution::{Distribution, refuse as refuse_distribution};
pub(in crate::local) use headers::{HeadersPolicy, refuse as refuse_headers};
pub(in crate::local) use viewer::ViewerFunction;

use super::{
    http::{CLIENT_PATIENCE, Reply},
    ops::Ops,
};
use access::Access;
use distribution::{Behaviour, Origin};

/// Everybody here calls from this machine.
const VIEWER_IP: &str = "127.0.0.1";
/// Everything that CloudFront and S3 hold of a stage. Cheap to clone.
#[derive(Debug, Clone)]
pub(in crate::local) struct Cdn {
    parts: Arc<RwLock<Parts>>,
    origins: origin::HttpOrigins,
    /// The page of the stage that no distribution has.
    ops: Ops,
    /// How long the body of a request may take.
    body_within: Duration,
}

#[derive(Debug, Default)]
struct Parts {
    /// By ARN.
    functions: BTreeMap<String, ViewerFunction>,
    /// By id.
    policies: BTreeMap<String, Arc<HeadersPolicy>>,
    /// By name.
    buckets: BTreeMap<String, Arc<Bucket>>,
    /// Bucket policies by the bucket's name.
    bucket_policies: BTreeMap<String, Arc<Value>>,
    /// By id.
    distributions: BTreeMap<String, Arc<Served>>,
}

/// A distribution and its port.
#[derive(Debug)]
struct Served {
    distribution: Distribution,
    port: u16,
}

impl Cdn {
    /// Without anything but the operators' page.
    pub(in crate::local) fn new(ops: Ops) -> Cdn {
        Cdn::waiting_for_bodies(ops, CLIENT_PATIENCE)
    }

    /// The same; a body that takes longer is 408.
    fn waiting_for_bodies(ops: Ops, body_within: Duration) -> Cdn {
        Cdn {
            parts: Arc::default(),
            origins: origin::HttpOrigins::keeping(origin::KEPT_FOR),
            ops,
            body_within,
        }
    }

    /// The function of that ARN; `None` removes it.
    pub(in crate::local) fn set_function(&self, arn: &str, function: Option<ViewerFunction>) {
        set(&mut self.write().functions, arn, function);
    }

    /// The response headers policy of that id.
    pub(in crate::local) fn set_policy(&self, id: &str, policy: Option<HeadersPolicy>) {
        set(&mut self.write().policies, id, policy.map(Arc::new));
    }

    /// The bucket of that name.
    pub(in crate::local) fn set_bucket(&self, name: &str, bucket: Option<Bucket>) {
        set(&mut self.write().buckets, name, bucket.map(Arc::new));
    }

    /// The policy document of the bucket of that name.
    pub(in crate::local) fn set_bucket_policy(&self, name: &str, policy: Option<Value>) {
        set(
            &mut self.write().bucket_policies,
            name,
            policy.map(Arc::new),
        );
    }

    /// The distribution of that id, and the port that it listens on.
    pub(in crate::local) fn set_distribution(&self, id: &str, served: Option<(Distribution, u16)>) {
        let served = served.map(|(distribution, port)| Arc::new(Served { distribution, port }));
        set(&mut self.write().distributions, id, served);
    }

    /// The bucket of that name.
    pub(in crate::local) fn bucket(&self, name: &str) -> Option<Arc<Bucket>> {
        self.read().buckets.get(name).cloned()
    }

    /// Answers a request to the distribution of that id.
    pub(in crate::local) async fn serve(&self, id: &str, request: Request<Incoming>) -> Reply {
        let (mut head, body) = request.into_parts();
        let found = self.read().distributions.get(id).cloned();
        let Some(served) = found.filter(|found| admission::is_called_by_name(found, &head)) else {
            return refusal::page(
                StatusCode::FORBIDDEN,
                "Bad request: nothing here has this name.",
            );
        };
        if let Some(refused) = admission::refuse_size(&served, &head) {
            return refused;
        }
        if let Some(reply) = self.ops.serve(&head) {
            return reply;
        }
        let sent = head.uri.path().to_owned();
        let Some((behaviour, origin)) = served.distribution.behaviour(&path::normal(&sent)) else {
            return refusal::page(StatusCode::BAD_REQUEST, "Bad request.");
        };
        let mut reply = match admission::refuse_method(behaviour, &head) {
            Some(refused) => refused,
            None => match admission::read(body, self.body_within).await {
                Err(refused) => refused,
                Ok(body) => {
                    let mut path = sent.clone();
                    if let Some(function) = self.function(behaviour.on_request.as_ref()) {
                        function.request(&mut path, &mut head, VIEWER_IP);
                    }
                    if path == "/" {
                        path.push_str(&served.distribution.root_object);
                    }
                    let mut reply = self.ask(id, (behaviour, origin), &path, &head, body).await;
                    // An error of the origin reaches no function.
                    if reply.status().as_u16() < 400
                        && let Some(function) = self.function(behaviour.on_response.as_ref())
                    {
                        function.response(&sent, &mut reply);
                    }
                    reply
                }
            },
        };
        let policy = behaviour.headers_policy.as_ref();
        let policy = policy.and_then(|id| self.read().policies.get(id).cloned());
        if let Some(policy) = policy {
            policy.apply(reply.headers_mut());
        }
        reply
    }

    fn function(&self, arn: Option<&String>) -> Option<ViewerFunction> {
        self.read().functions.get(arn?).cloned()
    }

    /// Asks the origin.
    async fn ask(
        &self,
        distribution: &str,
        (behaviour, origin): (&Behaviour, &Origin),
        path: &str,
        head: &Head,
        body: Bytes,
    ) -> Reply {
        match origin {
            Origin::Http(origin) => self.origins.send(origin, path, head, body, VIEWER_IP).await,
            Origin::Bucket {
                domain,
                has_access_control,
            } => {
                if head.method == Method::GET && !body.is_empty() {
                    return refusal::page(StatusCode::FORBIDDEN, "A GET request has no body.");
                }
                let name = domain.split(".s3.").next().unwrap_or_default();
                let access = if *has_access_control {
                    self.access(name, distribution)
                } else {
                    Access::default()
                };
                let gzip = behaviour.compresses && takes_gzip(&head.headers);
                match self.bucket(name) {
                    Some(bucket) => file(&bucket, path, access, &head.headers, gzip),
                    None => object::error(
                        StatusCode::NOT_FOUND,
                        "NoSuchBucket",
                        "The specified bucket does not exist",
                    ),
                }
            }
        }
    }

    /// What the bucket's policy lets the distribution do.
    fn access(&self, bucket: &str, distribution: &str) -> Access {
        let policy = self.read().bucket_policies.get(bucket).cloned();
        policy.map_or_else(Access::default, |policy| {
            access::access(
                &policy,
                &bucket_arn(bucket),
                &distribution_arn(distribution),
            )
        })
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Parts> {
        self.parts.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Parts> {
        self.parts.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `arn:aws:s3:::NAME`
pub(in crate::local) fn bucket_arn(name: &str) -> String {
    format!("arn:aws:s3:::{name}")
}

/// The ARN that a bucket policy names the distribution by.
pub(in crate::local) fn distribution_arn(id: &str) -> String {
    format!("arn:aws:cloudfront::{}:distribution/{id}", super::ACCOUNT)
}

/// The file for a path, as S3 gives it to CloudFront.
fn file(bucket: &Bucket, path: &str, access: Access, headers: &HeaderMap, gzip: bool) -> Reply {
    let denied = || object::error(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied");
    let Some(key) = path::key(path) else {
        return object::error(
            StatusCode::BAD_REQUEST,
            "InvalidURI",
            "Couldn't parse the specified URI.",
        );
    };
    if !access.get || key.is_empty() {
        return denied();
    }
    let reply = object::get(bucket, &key, headers, gzip);
    // Who may not list may not know what is there.
    if reply.status() == StatusCode::NOT_FOUND && !access.list {
        return denied();
    }
    reply
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    let mut codings = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    codings.any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let refused = parts.any(|part| {
            let quality = part
                .strip_prefix("q=")
                .and_then(|quality| quality.parse::<f32>().ok());
            quality == Some(0.0)
        });
        named && !refused
    })
}

fn set<T>(map: &mut BTreeMap<String, T>, id: &str, value: Option<T>) {
    match value {
        Some(value) => drop(map.insert(id.to_owned(), value)),
        None => drop(map.remove(id)),
    }
}
