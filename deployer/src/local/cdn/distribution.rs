//! A distribution, read from the properties of the template: which paths go where, and how.

use std::{collections::BTreeMap, time::Duration};

use http::{HeaderName, HeaderValue, Method};
use serde_json::Value;

use super::{origin::HttpOrigin, path::Pattern};

/// AWS's managed policies
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html>).
const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
const ALL_VIEWER_EXCEPT_HOST: &str = "b689b0a8-53d0-40ab-baf2-68738e2966ac";

/// What a distribution can have here. What only AWS has a use for (price class, TLS, HTTP versions)
/// is known and does nothing.
const KNOWN: &[&str] = &[
    "Aliases",
    "CacheBehaviors",
    "Comment",
    "DefaultCacheBehavior",
    "DefaultRootObject",
    "Enabled",
    "HttpVersion",
    "IPV6Enabled",
    "Origins",
    "PriceClass",
    "ViewerCertificate",
];
const KNOWN_IN_BEHAVIOUR: &[&str] = &[
    "AllowedMethods",
    "CachePolicyId",
    "CachedMethods",
    "Compress",
    "FunctionAssociations",
    "OriginRequestPolicyId",
    "PathPattern",
    "ResponseHeadersPolicyId",
    "TargetOriginId",
    "ViewerProtocolPolicy",
];
const KNOWN_IN_ORIGIN: &[&str] = &[
    "ConnectionAttempts",
    "ConnectionTimeout",
    "CustomOriginConfig",
    "DomainName",
    "Id",
    "OriginAccessControlId",
    "OriginCustomHeaders",
    "S3OriginConfig",
];

/// A distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::local) struct Distribution {
    /// Names besides 127.0.0.1 and localhost.
    pub(super) aliases: Vec<String>,
    /// `index.html` for a request of `/`.
    pub(super) root_object: String,
    /// In the order in which they are tried; the last one takes everything.
    behaviours: Vec<Behaviour>,
    origins: BTreeMap<String, Origin>,
}

/// Where requests go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::local) enum Origin {
    /// A bucket by its domain name. Without an access control, CloudFront asks as anybody would.
    Bucket {
        domain: String,
        has_access_control: bool,
    },
    /// An HTTP API.
    Http(HttpOrigin),
}

/// What happens to the requests of a path pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::local) struct Behaviour {
    pattern: Pattern,
    pub(super) methods: Vec<Method>,
    pub(super) origin: String,
    /// ARN of the function for the event `viewer-request`.
    pub(super) on_request: Option<String>,
    /// ARN of the function for the event `viewer-response`.
    pub(super) on_response: Option<String>,
    /// Id of the response headers policy.
    pub(super) headers_policy: Option<String>,
    /// Whether what can be compressed is.
    pub(super) compresses: bool,
}

impl Distribution {
    /// Reads a `DistributionConfig` whose intrinsics are computed.
    pub(in crate::local) fn parse(config: &Value) -> Result<Distribution, String> {
        let list = |value: &Value| -> Vec<String> {
            let items = value.as_array().into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let mut behaviours = Vec::new();
        for behaviour in config["CacheBehaviors"].as_array().into_iter().flatten() {
            behaviours.push(Behaviour::parse(
                behaviour,
                text(&behaviour["PathPattern"]),
            )?);
        }
        behaviours.push(Behaviour::parse(&config["DefaultCacheBehavior"], "*")?);
        let mut origins = BTreeMap::new();
        for origin in config["Origins"].as_array().into_iter().flatten() {
            origins.insert(text(&origin["Id"]).to_owned(), Origin::parse(origin)?);
        }
        if let Some(lost) = behaviours
            .iter()
            .find(|behaviour| !origins.contains_key(&behaviour.origin))
        {
            return Err(format!(
                "A behaviour leads to the origin `{}`, which there is not.",
                lost.origin
            ));
        }
        Ok(Distribution {
            aliases: list(&config["Aliases"]),
            root_object: text(&config["DefaultRootObject"]).to_owned(),
            behaviours,
            origins,
        })
    }

    /// The behaviour for a path as [`super::path::normal`] gives it, and its origin.
    pub(super) fn behaviour(&self, path: &str) -> Option<(&Behaviour, &Origin)> {
        let behaviour = self
            .behaviours
            .iter()
            .find(|behaviour| behaviour.pattern.fits(path))?;
        Some((behaviour, self.origins.get(&behaviour.origin)?))
    }
}

impl Behaviour {
    fn parse(behaviour: &Value, pattern: &str) -> Result<Behaviour, String> {
        let methods = behaviour["AllowedMethods"].as_array();
        let methods: Result<Vec<Method>, String> = match methods {
            None => Ok(vec![Method::GET, Method::HEAD]),
            Some(methods) => methods
                .iter()
                .map(|method| {
                    text(method)
                        .parse()
                        .map_err(|_| format!("{method} is not a method."))
                })
                .collect(),
        };
        let id = |name: &str| behaviour[name].as_str().map(str::to_owned);
        let functions = behaviour["FunctionAssociations"].as_array();
        let function = |event: &str| {
            let mut functions = functions.into_iter().flatten();
            let function = functions.find(|function| function["EventType"] == event)?;
            Some(text(&function["FunctionARN"]).to_owned())
        };
        Ok(Behaviour {
            pattern: Pattern::new(pattern),
            methods: methods?,
            origin: text(&behaviour["TargetOriginId"]).to_owned(),
            on_request: function("viewer-request"),
            on_response: function("viewer-response"),
            headers_policy: id("ResponseHeadersPolicyId"),
            // Only a policy that keeps encodings apart lets CloudFront compress.
            compresses: behaviour["Compress"] == true
                && behaviour["CachePolicyId"] == CACHING_OPTIMIZED,
        })
    }
}

impl Origin {
    fn parse(origin: &Value) -> Result<Origin, String> {
        let domain = text(&origin["DomainName"]).to_owned();
        let Some(custom) = origin["CustomOriginConfig"].as_object() else {
            let control = origin["OriginAccessControlId"].as_str();
            return Ok(Origin::Bucket {
                domain,
                has_access_control: control.is_some_and(|id| !id.is_empty()),
            });
        };
        let mut headers = Vec::new();
        for header in origin["OriginCustomHeaders"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let name = text(&header["HeaderName"]);
            let parsed = HeaderName::try_from(name)
                .ok()
                .zip(text(&header["HeaderValue"]).parse::<HeaderValue>().ok());
            // The value may be a secret.
            headers.push(
                parsed.ok_or_else(|| format!("The origin's header `{name}` cannot be sent."))?,
            );
        }
        for (_, value) in &mut headers {
            value.set_sensitive(true);
        }
        let seconds = custom
            .get("OriginReadTimeout")
            .and_then(Value::as_u64)
            .unwrap_or(30);
        let domain = domain
            .trim_start_matches("http://")
            .trim_start_matches("https://")
            .to_owned();
        Ok(Origin::Http(HttpOrigin {
            domain,
            headers,
            read_timeout: Duration::from_secs(seconds),
        }))
    }
}

/// What a `DistributionConfig` has that cannot be done here, each a sentence. The intrinsics in it
/// need not be computed.
pub(in crate::local) fn refuse(config: &Value) -> Vec<String> {
    let mut refused = unknown(config, "DistributionConfig", KNOWN);
    if config["Enabled"] == false {
        refused.push(
            "`DistributionConfig.Enabled` is false, and a distribution is always enabled here."
                .to_owned(),
        );
    }
    let default = (
        "DefaultCacheBehavior".to_owned(),
        &config["DefaultCacheBehavior"],
    );
    let more = config["CacheBehaviors"].as_array().into_iter().flatten();
    let more = more
        .enumerate()
        .map(|(index, behaviour)| (format!("CacheBehaviors[{index}]"), behaviour));
    for (name, behaviour) in more.chain([default]) {
        refused.extend(refuse_behaviour(&name, behaviour));
    }
    for origin in config["Origins"].as_array().into_iter().flatten() {
        refused.extend(unknown(
            origin,
            &format!("Origins[{}]", text(&origin["Id"])),
            KNOWN_IN_ORIGIN,
        ));
    }
    refused
}

fn refuse_behaviour(name: &str, behaviour: &Value) -> Vec<String> {
    let mut refused = unknown(behaviour, name, KNOWN_IN_BEHAVIOUR);
    let cache = &behaviour["CachePolicyId"];
    if cache != CACHING_OPTIMIZED && cache != CACHING_DISABLED {
        refused.push(format!(
            "`{name}.CachePolicyId` is neither AWS's CachingOptimized ({CACHING_OPTIMIZED}) nor CachingDisabled ({CACHING_DISABLED})."
        ));
    }
    let request = &behaviour["OriginRequestPolicyId"];
    if !request.is_null() && request != ALL_VIEWER_EXCEPT_HOST {
        refused.push(format!(
            "`{name}.OriginRequestPolicyId` is not AWS's AllViewerExceptHostHeader ({ALL_VIEWER_EXCEPT_HOST})."
        ));
    }
    let functions = behaviour["FunctionAssociations"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let of_event = |event: &str| {
        let functions = functions.iter();
        functions
            .filter(|function| function["EventType"] == event)
            .count()
    };
    let (request, response) = (of_event("viewer-request"), of_event("viewer-response"));
    if request > 1 || response > 1 || request + response < functions.len() {
        refused.push(format!(
            "`{name}.FunctionAssociations` has something other than one function for each of the events viewer-request and viewer-response."
        ));
    }
    refused
}

fn unknown(value: &Value, name: &str, known: &[&str]) -> Vec<String> {
    let keys = value
        .as_object()
        .into_iter()
        .flat_map(|object| object.keys());
    keys.filter(|key| !known.contains(&key.as_str()))
        .map(|key| format!("`{name}.{key}` is not known here."))
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
