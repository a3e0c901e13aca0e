//! CloudFormation's own limits.

use super::{Findings, Template};

/// Section, and how many entries it may have.
const SECTIONS: &[(&str, usize)] = &[("Resources", 500), ("Parameters", 200), ("Outputs", 200)];
/// Bytes of a template that is passed by URL.
const BYTES: usize = 1_000_000;
const DESCRIPTION: usize = 1_024;
const PARAMETER_DESCRIPTION: usize = 4_000;
const LOGICAL_ID: usize = 255;

pub(super) fn limits(template: &Template<'_>, findings: &mut Findings) {
    for (section, most) in SECTIONS {
        let count = template.object(section).map_or(0, serde_json::Map::len);
        if count > *most {
            findings.add(
                section,
                "",
                format!("There are {count}; CloudFormation takes {most} at most."),
            );
        }
        for (id, entry) in template.section(section) {
            name(section, id, findings);
            let description = entry["Description"].as_str().unwrap_or_default();
            let most = if *section == "Outputs" {
                DESCRIPTION
            } else {
                PARAMETER_DESCRIPTION
            };
            if *section != "Resources" && description.len() > most {
                findings.add(
                    section,
                    id,
                    format!(
                        "Its description has {} bytes; CloudFormation takes {most} at most.",
                        description.len()
                    ),
                );
            }
        }
    }
    if template.section("Resources").next().is_none() {
        findings.add("Resources", "", "A template needs at least one resource.");
    }
    let description = template.json["Description"].as_str().unwrap_or_default();
    if description.len() > DESCRIPTION {
        findings.add(
            "",
            "Description",
            format!(
                "It has {} bytes; CloudFormation takes {DESCRIPTION} at most.",
                description.len()
            ),
        );
    }
    let size = template.json.to_string().len();
    if size > BYTES {
        findings.add(
            "",
            "",
            format!("The template has {size} bytes; CloudFormation takes {BYTES} at most."),
        );
    }
}

fn name(section: &str, id: &str, findings: &mut Findings) {
    let letters = id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if id.is_empty() || id.len() > LOGICAL_ID || !letters {
        let (resource, path) = if section == "Resources" {
            (id, "")
        } else {
            (section, id)
        };
        findings.add(
            resource,
            path,
            format!("A logical id is 1 to {LOGICAL_ID} letters and digits."),
        );
    }
}
