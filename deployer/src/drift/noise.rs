//! What CloudFormation's drift detection is known to report although nobody changed anything.
//!
//! It is reported, with its source, and needs no approval: a stage on which `--allow-drift` is always
//! needed is one on which it says nothing. An entry is as narrow as its source, and says what real
//! change it cannot be told from. An issue that AWS has fixed has no entry.

use serde_json::Value;

use super::{Difference, DifferenceKind};

/// A false report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownNoise {
    /// `AWS::RDS::DBInstance`
    pub resource_type: &'static str,
    /// Path of the property: `DistributionConfig.Origins`.
    pub property: &'static str,
    /// How it is reported.
    pub form: NoiseForm,
    /// The change by hand that looks the same, or why there is none.
    pub hides: &'static str,
    /// Where it was reported.
    pub source: &'static str,
}

/// How a false report looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoiseForm {
    /// CloudFormation does not read the property, so that all of it seems to be removed.
    Unread,
    /// The service returns the list in an order of its own.
    Order,
}

/// Every false report that is known of the types in the templates.
pub const KNOWN_NOISE: &[KnownNoise] = &[
    KnownNoise {
        resource_type: "AWS::CloudFront::Distribution",
        property: "Tags",
        form: NoiseForm::Unread,
        hides: "All tags taken off by hand.",
        source: "https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/901",
    },
    KnownNoise {
        resource_type: "AWS::CloudFront::Distribution",
        property: "DistributionConfig.Origins",
        form: NoiseForm::Order,
        hides: "Nothing: the same origins in any order are the same distribution.",
        source: "https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1369",
    },
    KnownNoise {
        resource_type: "AWS::RDS::DBParameterGroup",
        property: "Parameters",
        form: NoiseForm::Unread,
        hides: "All parameters of the group reset by hand; one alone is reported as drift.",
        source: "https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2032",
    },
];

/// The entry for a difference, given the properties of the template and those of the resource, as
/// CloudFormation compared them; `None`: the difference is drift.
pub fn known(
    resource_type: &str,
    difference: &Difference,
    expected: &Value,
    actual: &Value,
) -> Option<&'static KnownNoise> {
    let of_type = KNOWN_NOISE
        .iter()
        .filter(|noise| noise.resource_type == resource_type);
    of_type.into_iter().find(|noise| {
        let pointer = format!("/{}", noise.property.replace('.', "/"));
        let (expected, actual) = (expected.pointer(&pointer), actual.pointer(&pointer));
        match noise.form {
            NoiseForm::Unread => {
                difference.property == noise.property
                    && difference.kind == DifferenceKind::Removed
                    && actual.is_none_or(Value::is_null)
            }
            NoiseForm::Order => {
                let rest = difference.property.strip_prefix(noise.property);
                let is_in_it = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
                is_in_it && is_reordered(expected, actual)
            }
        }
    })
}

/// Whether two lists have the same entries.
fn is_reordered(expected: Option<&Value>, actual: Option<&Value>) -> bool {
    let sorted = |list: Option<&Value>| -> Option<Vec<String>> {
        let mut entries: Vec<String> = list?.as_array()?.iter().map(Value::to_string).collect();
        entries.sort_unstable();
        Some(entries)
    };
    matches!((sorted(expected), sorted(actual)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn difference(property: &str, kind: DifferenceKind) -> Difference {
        Difference {
            property: property.to_owned(),
            kind,
        }
    }

    /// An entry for what is in no template any more says nothing, and people find each in the docs.
    #[test]
    fn every_entry_is_about_a_property_of_the_templates_and_documented() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .unwrap();
        let docs = std::fs::read_to_string(root.join("docs/deploying.md")).unwrap();
        let stage = stacks::Stage::built_in("prod").unwrap();
        let app = stacks::synth(&stage, &stacks::Assets::placeholder()).unwrap();
        for noise in KNOWN_NOISE {
            let is_there = app.stacks().iter().any(|stack| {
                let template = stack.template();
                let resources = template["Resources"].as_object().unwrap().clone();
                let mut of_type = resources
                    .values()
                    .filter(|resource| resource["Type"] == noise.resource_type);
                let pointer = format!("/Properties/{}", noise.property.replace('.', "/"));
                // Tags come from the stack.
                of_type.any(|one| noise.property == "Tags" || one.pointer(&pointer).is_some())
            });
            assert!(is_there, "{noise:?}");
            assert!(docs.contains(noise.source), "{noise:?}");
        }
    }

    #[test]
    fn origins_in_another_order_are_noise_and_another_origin_is_drift() {
        let with = |origins: Value| json!({"DistributionConfig": {"Origins": origins}});
        let (site, api) = (json!({"Id": "site"}), json!({"Id": "api"}));
        let expected = with(json!([site, api]));
        let changed = difference("DistributionConfig.Origins.0.Id", DifferenceKind::Changed);
        let is_noise = |actual: Value, difference: &Difference| {
            known(
                "AWS::CloudFront::Distribution",
                difference,
                &expected,
                &actual,
            )
            .is_some()
        };
        assert!(is_noise(with(json!([api, site])), &changed));
        let evil = json!({"Id": "site", "DomainName": "evil.example"});
        assert!(!is_noise(with(json!([api, evil])), &changed));
        assert!(!is_noise(with(json!([api, site, evil])), &changed));
        assert!(!is_noise(with(Value::Null), &changed));
        let other = difference("DistributionConfig.OriginsX", DifferenceKind::Changed);
        assert!(!is_noise(with(json!([api, site])), &other));
    }

    #[test]
    fn a_property_that_is_not_read_is_noise_and_one_that_is_read_is_drift() {
        let group = "AWS::RDS::DBParameterGroup";
        let expected = json!({"Parameters": {"rds.force_ssl": "1"}});
        let removed = difference("Parameters", DifferenceKind::Removed);
        assert!(known(group, &removed, &expected, &json!({})).is_some());
        let one = difference("Parameters.rds.force_ssl", DifferenceKind::Removed);
        assert!(known(group, &one, &expected, &json!({"Parameters": {}})).is_none());
        let changed = difference("Parameters", DifferenceKind::Changed);
        assert!(known(group, &changed, &expected, &json!({"Parameters": {}})).is_none());
        assert!(known("AWS::RDS::DBInstance", &removed, &expected, &json!({})).is_none());
    }
}
