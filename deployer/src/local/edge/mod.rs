//! S3 and CloudFront on this machine: the bucket of the site, and the web server in front of it and
//! of the API, with the behaviours, functions and headers of the template.
//!
//! It is not a cache: each request goes to its origin, so that what was deployed a moment ago is
//! what is served. There is no TLS here, and `redirect-to-https` is the one rule of a behaviour
//! that does nothing. Parts are looked up anew for each request and replaced whole, so a change
//! fails no request that runs.

mod access;
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
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header, request::Parts as Head};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::Value;

pub(in crate::local) use bucket::Bucket;
pub(in crate::local) use distribution::{Distribution, refuse as refuse_distribution};
pub(in crate::local) use headers::{HeadersPolicy, refuse as refuse_headers};
pub(in crate::local) use viewer::ViewerFunction;

use super::http::{CLIENT_PATIENCE, Reply};
use access::Access;
use distribution::{Behaviour, Origin};

/// Everybody here calls from this machine.
const VIEWER_IP: &str = "127.0.0.1";
/// What API Gateway takes at most is 10 MB; what is larger need not reach it.
const BODY_LIMIT: usize = 11 << 20;
/// The longest URL
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html>).
const URL_LIMIT: usize = 8192;

/// Everything that CloudFront and S3 hold of a stage. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(in crate::local) struct Edge {
    parts: Arc<RwLock<Parts>>,
    origins: origin::HttpOrigins,
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

impl Edge {
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
        let Some(served) = found.filter(|found| is_called_by_name(found, &head)) else {
            return refusal::page(
                StatusCode::FORBIDDEN,
                "Bad request: nothing here has this name.",
            );
        };
        if url_length(&served, &head) > URL_LIMIT {
            return refusal::page(StatusCode::URI_TOO_LONG, "The URL is too long.");
        }
        let mut path = head.uri.path().to_owned();
        let Some((behaviour, origin)) = served.distribution.behaviour(&path::normal(&path)) else {
            return refusal::page(StatusCode::BAD_REQUEST, "Bad request.");
        };
        let mut reply = match refusal(behaviour, &head) {
            Some(refused) => refused,
            None => match read(body).await {
                Err(refused) => refused,
                Ok(body) => {
                    self.run_function(behaviour, &mut path, &mut head);
                    if path == "/" {
                        path.push_str(&served.distribution.root_object);
                    }
                    self.ask(id, (behaviour, origin), &path, &head, body).await
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

    fn run_function(&self, behaviour: &Behaviour, path: &mut String, head: &mut Head) {
        let function = behaviour.function.as_ref();
        let function = function.and_then(|arn| self.read().functions.get(arn).copied());
        if let Some(function) = function {
            function.run(path, head, VIEWER_IP);
        }
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

/// The whole body, or why it is not read.
async fn read(body: Incoming) -> Result<Bytes, Reply> {
    let body = Limited::new(body, BODY_LIMIT).collect();
    match tokio::time::timeout(CLIENT_PATIENCE, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(_)) => Err(refusal::page(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The body is too large.",
        )),
        Err(_) => Err(refusal::page(
            StatusCode::REQUEST_TIMEOUT,
            "The body did not arrive in time.",
        )),
    }
}

/// Bytes of the URL that the viewer asked for.
fn url_length(served: &Served, head: &Head) -> usize {
    let host = head.headers.get(header::HOST);
    let host = host.map_or_else(|| served.port.to_string().len(), |host| host.len());
    let path = head.uri.path_and_query();
    "https://".len() + host + path.map_or(0, |path| path.as_str().len())
}

/// What CloudFront refuses without asking the origin.
fn refusal(behaviour: &Behaviour, head: &Head) -> Option<Reply> {
    (!behaviour.methods.contains(&head.method)).then(|| {
        refusal::page(
            StatusCode::FORBIDDEN,
            "This distribution is not configured to allow the HTTP request method that was used for this request.",
        )
    })
}

/// A name that somebody else points here is not ours, whatever it leads to.
fn is_called_by_name(served: &Served, head: &Head) -> bool {
    let mut hosts = head.headers.get_all(header::HOST).iter();
    let (Some(host), None) = (
        hosts.next().and_then(|host| host.to_str().ok()),
        hosts.next(),
    ) else {
        return false;
    };
    let (name, given) = host.rsplit_once(':').unwrap_or((host, "80"));
    let own = name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost");
    let alias = served
        .distribution
        .aliases
        .iter()
        .any(|alias| alias.eq_ignore_ascii_case(name));
    given.parse() == Ok(served.port) && (own || alias)
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
