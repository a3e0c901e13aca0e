//! Sizes of IAM policies.

use super::{Findings, Template, length::document};

const INLINE: usize = 10_240;
const MANAGED: usize = 6_144;
const TRUST: usize = 2_048;

pub(super) fn inline(template: &Template<'_>, findings: &mut Findings) {
    for (id, properties) in template.of_type("AWS::IAM::Role") {
        let policies = properties["Policies"].as_array().into_iter().flatten();
        let size = policies
            .map(|policy| document(&policy["PolicyDocument"]))
            .sum();
        report(id, "Properties.Policies", size, INLINE, findings);
    }
}

pub(super) fn managed(template: &Template<'_>, findings: &mut Findings) {
    for (id, properties) in template.of_type("AWS::IAM::ManagedPolicy") {
        let size = document(&properties["PolicyDocument"]);
        report(id, "Properties.PolicyDocument", size, MANAGED, findings);
    }
}

pub(super) fn trust(template: &Template<'_>, findings: &mut Findings) {
    for (id, properties) in template.of_type("AWS::IAM::Role") {
        let path = "AssumeRolePolicyDocument";
        let size = document(&properties[path]);
        report(id, &format!("Properties.{path}"), size, TRUST, findings);
    }
}

fn report(id: &str, path: &str, size: usize, most: usize, findings: &mut Findings) {
    if size > most {
        findings.add(
            id,
            path,
            format!("About {size} characters; IAM takes {most} at most."),
        );
    }
}
