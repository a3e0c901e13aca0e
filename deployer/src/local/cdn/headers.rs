//! A response headers policy: what is put on every answer of a behaviour, errors included.

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// A policy, ready to be applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::local) struct HeadersPolicy(Vec<Rule>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    name: HeaderName,
    value: HeaderValue,
    /// Whether it replaces what the origin says.
    replaces: bool,
}

/// Parts of a policy that there are here.
const KNOWN: &[&str] = &[
    "Name",
    "Comment",
    "SecurityHeadersConfig",
    "CustomHeadersConfig",
];

/// What a `ResponseHeadersPolicyConfig` has that cannot be done here, each a sentence.
pub(in crate::local) fn refuse(config: &Value) -> Vec<String> {
    let names = config
        .as_object()
        .into_iter()
        .flat_map(|config| config.keys());
    names
        .filter(|name| !KNOWN.contains(&name.as_str()))
        .map(|name| {
            format!(
                "`ResponseHeadersPolicyConfig.{name}` is not supported for a policy here: {}.",
                KNOWN.join(", ")
            )
        })
        .collect()
}

impl HeadersPolicy {
    /// Reads a `ResponseHeadersPolicyConfig` whose intrinsics are computed.
    pub(in crate::local) fn parse(config: &Value) -> Result<HeadersPolicy, String> {
        let mut rules = Vec::new();
        let security = &config["SecurityHeadersConfig"];
        let mut add = |name: &str, part: &str, value: &dyn Fn(&Value) -> String| {
            let part = &security[part];
            if part.is_null() {
                return Ok(());
            }
            rules.push(rule(name, &value(part), truth(&part["Override"]))?);
            Ok::<_, String>(())
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        add(
            "content-security-policy",
            "ContentSecurityPolicy",
            &|part| text(&part["ContentSecurityPolicy"]),
        )?;
        add("x-content-type-options", "ContentTypeOptions", &|_| {
            "nosniff".to_owned()
        })?;
        add("x-frame-options", "FrameOptions", &|part| {
            text(&part["FrameOption"])
        })?;
        add("referrer-policy", "ReferrerPolicy", &|part| {
            text(&part["ReferrerPolicy"])
        })?;
        add(
            "strict-transport-security",
            "StrictTransportSecurity",
            &transport_security,
        )?;
        add("x-xss-protection", "XSSProtection", &xss_protection)?;
        let custom = config["CustomHeadersConfig"]["Items"].as_array();
        for item in custom.into_iter().flatten() {
            let name = text(&item["Header"]).to_lowercase();
            rules.push(rule(
                &name,
                &text(&item["Value"]),
                truth(&item["Override"]),
            )?);
        }
        Ok(HeadersPolicy(rules))
    }

    /// Puts its headers on an answer.
    pub(super) fn apply(&self, headers: &mut HeaderMap) {
        for rule in &self.0 {
            if rule.replaces || !headers.contains_key(&rule.name) {
                headers.insert(rule.name.clone(), rule.value.clone());
            }
        }
    }
}

fn rule(name: &str, value: &str, replaces: bool) -> Result<Rule, String> {
    let parsed = HeaderName::try_from(name)
        .ok()
        .zip(HeaderValue::from_str(value).ok());
    let (name, value) =
        parsed.ok_or_else(|| format!("`{name}: {value}` is not a header that can be sent."))?;
    Ok(Rule {
        name,
        value,
        replaces,
    })
}

fn transport_security(part: &Value) -> String {
    let mut value = format!("max-age={}", number(&part["AccessControlMaxAgeSec"]));
    if truth(&part["IncludeSubdomains"]) {
        value += "; includeSubDomains";
    }
    if truth(&part["Preload"]) {
        value += "; preload";
    }
    value
}

fn xss_protection(part: &Value) -> String {
    match (
        truth(&part["Protection"]),
        truth(&part["ModeBlock"]),
        part["ReportUri"].as_str(),
    ) {
        (false, ..) => "0".to_owned(),
        (true, true, _) => "1; mode=block".to_owned(),
        (true, false, Some(uri)) => format!("1; report={uri}"),
        (true, false, None) => "1".to_owned(),
    }
}

fn truth(value: &Value) -> bool {
    value.as_bool().unwrap_or(value == "true")
}

fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .or_else(|| value.as_str()?.parse().ok())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_policy_adds_what_is_missing_and_replaces_what_it_overrides() {
        let policy = HeadersPolicy::parse(&json!({
            "Name": "x",
            "SecurityHeadersConfig": {
                "ContentSecurityPolicy": {"ContentSecurityPolicy": "default-src 'none'", "Override": false},
                "ContentTypeOptions": {"Override": true},
                "FrameOptions": {"FrameOption": "DENY", "Override": true},
                "StrictTransportSecurity": {"AccessControlMaxAgeSec": 5, "IncludeSubdomains": true, "Override": "true"},
                "XSSProtection": {"Protection": true, "ModeBlock": true, "Override": false},
            },
            "CustomHeadersConfig": {"Items": [{"Header": "X-Own", "Value": "1", "Override": false}]},
        }))
        .unwrap();
        let mut headers = HeaderMap::new();
        for name in ["content-security-policy", "x-frame-options", "x-own"] {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static("of the origin"),
            );
        }
        policy.apply(&mut headers);
        let mut lines: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        insta::assert_snapshot!(lines.join("\n"), @r"
        content-security-policy: of the origin
        strict-transport-security: max-age=5; includeSubDomains
        x-content-type-options: nosniff
        x-frame-options: DENY
        x-own: of the origin
        x-xss-protection: 1; mode=block
        ");
    }

    #[test]
    fn what_a_policy_cannot_do_here_is_named() {
        assert_eq!(
            refuse(&json!({"Name": "x", "CorsConfig": {}})),
            [
                "`ResponseHeadersPolicyConfig.CorsConfig` is not supported for a policy here: Name, Comment, SecurityHeadersConfig, CustomHeadersConfig."
            ]
        );
        let broken = json!({"CustomHeadersConfig": {"Items": [{"Header": "a b", "Value": "1"}]}});
        assert_eq!(
            HeadersPolicy::parse(&broken),
            Err("`a b: 1` is not a header that can be sent.".to_owned())
        );
    }
}
