//! Each finding alone, and all of them at once.

use std::collections::BTreeMap;

use super::*;
use crate::aws::preflight::{
    demands::FunctionDemand,
    facts::{Certificate, Concurrency},
};

const CERTIFICATE: &str = "arn:aws:acm:us-east-1:333333333333:certificate/1";

fn facts() -> Facts {
    Facts {
        stage: "prod".to_owned(),
        region: "eu-central-1".to_owned(),
        account: "333333333333".to_owned(),
        bootstrap: Some(2),
        bootstrap_needed: 2,
        ..Facts::default()
    }
}

fn told(demands: &Demands, facts: &Facts) -> String {
    let lines: Vec<String> = findings(demands, facts)
        .iter()
        .map(|finding| {
            let word = if finding.is_refusal {
                "refused"
            } else {
                "warned"
            };
            format!("{word}: {finding}")
        })
        .collect();
    lines.join("\n")
}

fn function(name: &str, reserved: Option<u64>, provisioned: u64) -> FunctionDemand {
    FunctionDemand {
        name: name.to_owned(),
        reserved,
        provisioned,
    }
}

fn lambda(quota: u64, unreserved: u64, now: &[(&str, u64)]) -> Option<Concurrency> {
    let now = now.iter().map(|(name, count)| ((*name).to_owned(), *count));
    Some(Concurrency {
        quota,
        unreserved,
        reserved_now: now.collect(),
    })
}

fn site(domain: &str) -> CertificateDemand {
    CertificateDemand {
        place: "site Distribution".to_owned(),
        arn: CERTIFICATE.to_owned(),
        region: Some("us-east-1"),
        domains: vec![domain.to_owned()],
    }
}

fn issued(names: &[&str], status: &str) -> BTreeMap<String, Option<Certificate>> {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    let status = status.to_owned();
    BTreeMap::from([(CERTIFICATE.to_owned(), Some(Certificate { status, names }))])
}

fn name(kind: Kind, text: &str) -> Name {
    Name {
        stack: "api".to_owned(),
        logical_id: "Thing".to_owned(),
        kind,
        name: text.to_owned(),
    }
}

#[test]
fn an_account_that_fits_has_no_findings() {
    let demands = Demands {
        functions: vec![function("tasks", Some(50), 2)],
        certificates: vec![site("tasks.example.com")],
        creates_distribution: true,
        ..Demands::default()
    };
    let facts = Facts {
        concurrency: lambda(1000, 1000, &[]),
        certificates: issued(&["*.example.com"], "ISSUED"),
        has_distributions: Some(true),
        ..facts()
    };
    assert_eq!(findings(&demands, &facts), []);
}

#[test]
fn a_new_account_with_a_quota_of_ten_cannot_reserve_anything() {
    let demands = Demands {
        functions: vec![function("tasks", Some(147), 0)],
        ..Demands::default()
    };
    let facts = Facts {
        concurrency: lambda(10, 10, &[]),
        ..facts()
    };
    let told = told(&demands, &facts);
    assert!(told.contains("237 are missing"), "{told}");
    assert!(
        told.contains("request-service-quota-increase --region eu-central-1 --service-code lambda --quota-code L-B99A9384 --desired-value 1000"),
        "{told}"
    );
}

#[test]
fn what_the_stage_reserves_already_is_not_counted_twice() {
    let demands = Demands {
        functions: vec![
            function("tasks", Some(50), 0),
            function("auth", Some(30), 0),
        ],
        ..Demands::default()
    };
    let at = |unreserved, now: &[(&str, u64)]| {
        let concurrency = lambda(200, unreserved, now);
        findings(
            &demands,
            &Facts {
                concurrency,
                ..facts()
            },
        )
        .len()
    };
    assert_eq!(at(100, &[("tasks", 50), ("auth", 30)]), 0, "as it is");
    assert_eq!(at(130, &[("tasks", 50)]), 0, "30 more, 100 stay");
    assert_eq!(at(129, &[("tasks", 50)]), 1, "30 more, 99 stay");
}

#[test]
fn what_a_new_function_keeps_started_counts_unless_it_reserves() {
    let at = |demand| {
        let demands = Demands {
            functions: vec![demand],
            ..Demands::default()
        };
        let concurrency = lambda(104, 104, &[("old", 0)]);
        findings(
            &demands,
            &Facts {
                concurrency,
                ..facts()
            },
        )
        .len()
    };
    assert_eq!(at(function("new", None, 4)), 0);
    assert_eq!(at(function("new", None, 5)), 1);
    assert_eq!(at(function("old", None, 5)), 0, "it has its share already");
    assert_eq!(at(function("new", Some(4), 4)), 0);
    assert_eq!(at(function("new", Some(4), 5)), 1, "more than it reserves");
}

#[test]
fn a_certificate_must_exist_be_issued_cover_the_domain_and_be_in_its_region() {
    let at = |domain: &str, certificates| {
        let demands = Demands {
            certificates: vec![site(domain)],
            ..Demands::default()
        };
        told(
            &demands,
            &Facts {
                certificates,
                ..facts()
            },
        )
    };
    let absent = BTreeMap::from([(CERTIFICATE.to_owned(), None)]);
    assert!(at("a.example.com", absent).contains("does not exist"));
    let pending = issued(&["a.example.com"], "PENDING_VALIDATION");
    assert!(at("a.example.com", pending).contains("not issued: PENDING_VALIDATION"));
    let wildcard = || issued(&["*.example.com"], "ISSUED");
    assert_eq!(at("a.example.com", wildcard()), "");
    for outside in ["example.com", "a.b.example.com", "a.example.org"] {
        let told = at(outside, wildcard());
        assert!(
            told.contains("its certificate is only for *.example.com"),
            "{told}"
        );
        assert!(told.contains(&format!("request-certificate --region us-east-1 --validation-method DNS --domain-name {outside}")), "{told}");
    }
    let of_the_api = CertificateDemand {
        region: None,
        ..site("api.example.com")
    };
    let demands = Demands {
        certificates: vec![of_the_api],
        ..Demands::default()
    };
    let told = told(&demands, &facts());
    assert!(
        told.contains("needs a certificate of eu-central-1"),
        "{told}"
    );
}

#[test]
fn a_record_needs_a_hosted_zone_that_its_name_is_in() {
    let at = |host: &str, zone: Option<&str>| {
        let demands = Demands {
            records: vec![RecordDemand {
                place: "site Record".to_owned(),
                zone: "Z1".to_owned(),
                name: host.to_owned(),
            }],
            ..Demands::default()
        };
        let zones = BTreeMap::from([("Z1".to_owned(), zone.map(str::to_owned))]);
        told(&demands, &Facts { zones, ..facts() })
    };
    assert_eq!(at("tasks.example.com", Some("example.com.")), "");
    assert_eq!(at("example.com", Some("example.com.")), "");
    assert!(at("tasks.example.com", None).contains("does not exist in the account 333333333333"));
    let told = at("tasks.myexample.com", Some("example.com."));
    assert!(told.contains("which is the one of `example.com`"), "{told}");
}

#[test]
fn a_name_that_an_earlier_stack_left_behind_is_deleted_by_a_command_of_its_kind() {
    let at = |kind, held_by: Option<&str>, is_foreign| {
        let taken = vec![Taken {
            name: name(kind, "miyabi-prod-x"),
            held_by: held_by.map(str::to_owned),
            is_foreign,
        }];
        told(&Demands::default(), &Facts { taken, ..facts() })
    };
    let expected = [
        (
            Kind::Secret,
            "delete-secret --force-delete-without-recovery --region eu-central-1 --secret-id miyabi-prod-x",
        ),
        (
            Kind::LogGroup,
            "delete-log-group --region eu-central-1 --log-group-name miyabi-prod-x",
        ),
        (
            Kind::Bucket,
            "s3 rb --force --region eu-central-1 s3://miyabi-prod-x",
        ),
        (
            Kind::Function,
            "delete-function --region eu-central-1 --function-name miyabi-prod-x",
        ),
        (
            Kind::Database,
            "--final-db-snapshot-identifier miyabi-prod-x-final",
        ),
    ];
    for (kind, command) in expected {
        let told = at(kind, None, false);
        assert!(told.contains(command), "{told}");
        assert!(told.starts_with("refused: api Thing (AWS::"), "{told}");
    }
    assert!(at(Kind::Bucket, None, true).contains("belongs to another account"));
    assert!(at(Kind::Function, Some("data"), false).contains("--only data"));
    assert!(at(Kind::Function, Some("api"), false).contains("Keep the logical id"));
}

#[test]
fn an_old_bootstrap_stack_is_refused_and_a_newer_one_is_not() {
    let at = |bootstrap| {
        told(
            &Demands::default(),
            &Facts {
                bootstrap,
                ..facts()
            },
        )
    };
    let old = at(Some(1));
    assert!(
        old.contains("has version 1, and this deployer needs version 2"),
        "{old}"
    );
    assert!(
        old.contains("`cargo xtask bootstrap --stage prod`"),
        "{old}"
    );
    assert_eq!(at(Some(3)), "");
}

#[test]
fn what_may_go_wrong_or_was_not_checked_is_a_warning() {
    let demands = Demands {
        creates_distribution: true,
        ..Demands::default()
    };
    let facts = Facts {
        has_distributions: Some(false),
        empty_secrets: ["miyabi-prod-github", "miyabi-prod-x"]
            .map(str::to_owned)
            .into(),
        unreadable: vec!["acm:DescribeCertificate", "acm:DescribeCertificate"],
        ..facts()
    };
    let found = findings(&demands, &facts);
    assert!(found.iter().all(|finding| !finding.is_refusal));
    let told = told(&demands, &facts);
    assert!(told.contains("first CloudFront distribution"), "{told}");
    assert!(
        told.contains("`cargo xtask secrets set github --stage prod`"),
        "{told}"
    );
    assert!(
        told.contains("put-secret-value --region eu-central-1 --secret-id miyabi-prod-x"),
        "{told}"
    );
    assert!(
        told.contains("may not do acm:DescribeCertificate."),
        "each once: {told}"
    );
}

#[test]
fn everything_that_is_wrong_is_reported_at_once() {
    let demands = Demands {
        functions: vec![function("tasks", Some(50), 0)],
        certificates: vec![site("tasks.example.com")],
        ..Demands::default()
    };
    let facts = Facts {
        bootstrap: Some(0),
        concurrency: lambda(10, 10, &[]),
        certificates: BTreeMap::from([(CERTIFICATE.to_owned(), None)]),
        taken: vec![Taken {
            name: name(Kind::Secret, "miyabi-prod-jwt"),
            held_by: None,
            is_foreign: false,
        }],
        ..facts()
    };
    let found = findings(&demands, &facts);
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().all(|finding| finding.is_refusal));
}
