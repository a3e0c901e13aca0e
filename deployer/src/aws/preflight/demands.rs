//! What the templates of a plan ask of the account: concurrency, certificates, hosted zones, names
//! that nobody may have yet. Pure; reads literal values only, since what is computed by CloudFormation
//! is known to nobody before.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::plan::{StackAction, StackPlan};

/// Everything that the templates ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Demands {
    /// The functions that reserve or provision concurrency.
    pub(super) functions: Vec<FunctionDemand>,
    /// The certificates that resources present to browsers.
    pub(super) certificates: Vec<CertificateDemand>,
    /// The records that are made in hosted zones.
    pub(super) records: Vec<RecordDemand>,
    /// The names of the resources of stacks that are created.
    pub(super) names: Vec<Name>,
    /// Whether a CloudFront distribution is created.
    pub(super) creates_distribution: bool,
    /// Names of the secrets that get their value from a person.
    pub(super) secrets_by_hand: Vec<String>,
}

/// A function that reserves or provisions concurrency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FunctionDemand {
    /// Lambda's name of it, or its logical id when the template names none.
    pub(super) name: String,
    /// `ReservedConcurrentExecutions`.
    pub(super) reserved: Option<u64>,
    /// Of its alias, `ProvisionedConcurrentExecutions`; 0: none.
    pub(super) provisioned: u64,
}

/// A certificate that a resource uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CertificateDemand {
    /// `site Distribution`
    pub(super) place: String,
    /// ARN of the certificate.
    pub(super) arn: String,
    /// The region in which it has to be; `None`: the stage's.
    pub(super) region: Option<&'static str>,
    /// The host names that it must cover.
    pub(super) domains: Vec<String>,
}

/// A record in a hosted zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RecordDemand {
    /// `site Record`
    pub(super) place: String,
    /// Id of the zone.
    pub(super) zone: String,
    /// Host name of the record.
    pub(super) name: String,
}

/// A name that a new resource will have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// Short name of the stack.
    pub(super) stack: String,
    /// Logical id.
    pub(super) logical_id: String,
    /// What has the name.
    pub(super) kind: Kind,
    /// The name.
    pub(super) name: String,
}

/// The kinds of resources whose names can be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A secret, also one that waits to be deleted.
    Secret,
    /// A log group.
    LogGroup,
    /// A bucket; its name is unique in the world.
    Bucket,
    /// A function.
    Function,
    /// A database instance.
    Database,
}

impl Kind {
    /// CloudFormation's type and the property with the name.
    const ALL: [(&'static str, &'static str, Kind); 5] = [
        ("AWS::SecretsManager::Secret", "Name", Kind::Secret),
        ("AWS::Logs::LogGroup", "LogGroupName", Kind::LogGroup),
        ("AWS::S3::Bucket", "BucketName", Kind::Bucket),
        ("AWS::Lambda::Function", "FunctionName", Kind::Function),
        (
            "AWS::RDS::DBInstance",
            "DBInstanceIdentifier",
            Kind::Database,
        ),
    ];

    fn of(resource_type: &str) -> Option<(&'static str, Kind)> {
        let mut all = Kind::ALL.into_iter();
        all.find(|(known, ..)| *known == resource_type)
            .map(|(_, property, kind)| (property, kind))
    }

    /// CloudFormation's type.
    pub(super) fn resource_type(self) -> &'static str {
        let mut all = Kind::ALL.into_iter();
        all.find(|(.., kind)| *kind == self)
            .map_or("", |(resource_type, ..)| resource_type)
    }
}

impl Demands {
    /// What the stacks of a plan ask for. Stacks that go away ask for nothing; names are asked for by
    /// stacks that are created, also those whose failed creation is removed first.
    pub(super) fn of(stacks: &[StackPlan]) -> Demands {
        let mut demands = Demands::default();
        let stays = |stack: &&StackPlan| stack.action != StackAction::Delete;
        for stack in stacks.iter().filter(stays) {
            demands.read(stack);
        }
        demands
    }

    fn read(&mut self, stack: &StackPlan) {
        let Some(resources) = stack.template["Resources"].as_object() else {
            return;
        };
        let provisioned = provisioned(resources);
        for (id, resource) in resources {
            let properties = &resource["Properties"];
            let place = format!("{} {id}", stack.name);
            let kind = resource["Type"].as_str().unwrap_or_default();
            match kind {
                "AWS::Lambda::Function" => {
                    let reserved = properties["ReservedConcurrentExecutions"].as_u64();
                    let provisioned = provisioned.get(id.as_str()).copied().unwrap_or(0);
                    if reserved.is_some() || provisioned > 0 {
                        self.functions.push(FunctionDemand {
                            name: text(&properties["FunctionName"]).unwrap_or_else(|| id.clone()),
                            reserved,
                            provisioned,
                        });
                    }
                }
                "AWS::CloudFront::Distribution" => {
                    self.creates_distribution |= is_added(stack, id);
                    self.read_distribution(&place, &properties["DistributionConfig"]);
                }
                "AWS::ApiGatewayV2::DomainName" => self.read_domain(&place, properties),
                "AWS::Route53::RecordSet" => self.records.extend(record(&place, properties)),
                "AWS::SecretsManager::Secret" if is_filled_by_hand(properties) => {
                    self.secrets_by_hand.extend(text(&properties["Name"]));
                }
                _ => (),
            }
            if let Some((property, kind)) = Kind::of(kind)
                && is_added(stack, id)
                && let Some(name) = text(&properties[property])
            {
                self.names.push(Name {
                    stack: stack.name.clone(),
                    logical_id: id.clone(),
                    kind,
                    name,
                });
            }
        }
    }

    /// CloudFront takes certificates from us-east-1 only:
    /// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html>
    fn read_distribution(&mut self, place: &str, config: &Value) {
        let arn = text(&config["ViewerCertificate"]["AcmCertificateArn"]);
        self.certificates.extend(arn.map(|arn| CertificateDemand {
            place: place.to_owned(),
            arn,
            region: Some("us-east-1"),
            domains: texts(&config["Aliases"]),
        }));
    }

    fn read_domain(&mut self, place: &str, properties: &Value) {
        let configurations = properties["DomainNameConfigurations"].as_array();
        let arns = configurations
            .into_iter()
            .flatten()
            .filter_map(|configuration| text(&configuration["CertificateArn"]));
        let demands = arns.map(|arn| CertificateDemand {
            place: place.to_owned(),
            arn,
            region: None,
            domains: text(&properties["DomainName"]).into_iter().collect(),
        });
        self.certificates.extend(demands);
    }
}

/// What the aliases provision, by the logical id of their function.
fn provisioned(resources: &Map<String, Value>) -> BTreeMap<&str, u64> {
    let mut found = BTreeMap::new();
    for alias in resources.values() {
        let properties = &alias["Properties"];
        let count = &properties["ProvisionedConcurrencyConfig"]["ProvisionedConcurrentExecutions"];
        if let (Some(function), Some(count)) =
            (properties["FunctionName"]["Ref"].as_str(), count.as_u64())
        {
            *found.entry(function).or_default() += count;
        }
    }
    found
}

/// Whether the plan creates the resource; in a stack that is created it creates all of them.
fn is_added(stack: &StackPlan, id: &str) -> bool {
    use crate::plan::ResourceAction::Add;
    let is_this = |change: &&crate::plan::ResourceChange| change.logical_id == id;
    stack.action == StackAction::Create
        || stack
            .resources
            .iter()
            .filter(is_this)
            .any(|change| change.action == Add)
}

fn record(place: &str, properties: &Value) -> Option<RecordDemand> {
    Some(RecordDemand {
        place: place.to_owned(),
        zone: text(&properties["HostedZoneId"])?,
        name: text(&properties["Name"])?,
    })
}

/// A secret without a value of its own and without a generator waits for a person, or for the
/// deployer.
fn is_filled_by_hand(properties: &Value) -> bool {
    properties.get("SecretString").is_none() && properties.get("GenerateSecretString").is_none()
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(text)
        .collect()
}

#[cfg(test)]
#[path = "demands_tests.rs"]
mod tests;
