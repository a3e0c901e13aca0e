//! What the local target makes of each resource type: one file a type, one [`Provider`] each.
//!
//! What always holds: putting the same resource again changes nothing, and every physical id
//! follows from stage, stack and logical id. So a supervisor that was killed at any point is
//! replaced by one that puts again what is recorded, and a deploy that was cut is done again.

mod apigatewayv2;
mod cloudfront;
mod cloudwatch;
mod ec2;
pub(super) mod elasticache;
mod iam;
mod lambda;
mod lambda_events;
mod lambda_limits;
mod logs;
mod rds;
mod s3;
mod scheduler;
mod secretsmanager;
mod sqs;

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::running_stage::RunningStage;
use crate::target::Health;

/// What the local target can do with one resource type.
#[async_trait]
pub(super) trait Provider: Sync {
    /// The properties that it understands; the deployer refuses all others.
    fn properties(&self) -> &'static [&'static str];

    /// What it cannot do although it knows the property, each a sentence. Looks at the properties
    /// as the template has them, before any intrinsic is computed.
    fn refuse(&self, properties: &Value) -> Vec<String> {
        let _ = properties;
        Vec::new()
    }

    /// Makes the resource as it is requested, whether it exists or not. Also called with the recorded
    /// properties when the supervisor starts. An error is a sentence for people.
    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String>;

    /// Deletes it with everything that it holds. A missing resource is not an error.
    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        let _ = (running, record);
        Ok(())
    }

    /// How it is, and a few words for people.
    async fn health(&self, running: &RunningStage, record: &Record) -> (Health, String) {
        let _ = (running, record);
        (Health::Ok, String::new())
    }

    /// Whether the template's `DeletionPolicy: Retain` keeps it when it leaves the template.
    fn holds_data(&self) -> bool {
        false
    }
}

/// What a resource is to be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PutRequest {
    /// Short name of the stack: `data`.
    pub(super) stack: String,
    /// Logical id.
    pub(super) logical_id: String,
    /// The properties, with every intrinsic computed. `{{resolve:secretsmanager:..}}` is left as it
    /// is: [`RunningStage::resolve_secrets`] gives the text with the value.
    pub(super) properties: Value,
    /// What is recorded of it; `None`: it is not there, or a killed deploy did not come to record
    /// it.
    pub(super) before: Option<Record>,
}

impl PutRequest {
    /// A property as text; empty when it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.properties[name].as_str().unwrap_or_default()
    }

    /// The name in that property, or one made of stage, stack and logical id.
    pub(super) fn name(&self, running: &RunningStage, property: &str) -> String {
        match self.text(property) {
            "" => format!(
                "miyabi-{}-{}-{}",
                running.stage(),
                self.stack,
                self.logical_id.to_lowercase()
            ),
            name => name.to_owned(),
        }
    }

    /// An id as AWS makes them, `{prefix}{17 hex digits}`, always the same for this resource.
    pub(super) fn id(&self, running: &RunningStage, prefix: &str) -> String {
        use sha2::{Digest, Sha256};
        let digest = Sha256::new()
            .chain_update(running.stage())
            .chain_update("/")
            .chain_update(&self.stack)
            .chain_update("/")
            .chain_update(&self.logical_id)
            .finalize();
        let hex = crate::build::hex(&digest);
        format!("{prefix}{}", &hex[..17])
    }
}

/// What came of putting a resource.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Made {
    /// What `Ref` gives.
    pub(super) reference: String,
    /// What `Fn::GetAtt` gives, by name.
    pub(super) attributes: BTreeMap<String, Value>,
    /// What the provider itself wants to find in [`Record::kept`] later. No secret.
    pub(super) kept: Value,
}

impl Made {
    /// A resource with that physical id.
    pub(super) fn new(reference: impl Into<String>) -> Made {
        Made {
            reference: reference.into(),
            ..Made::default()
        }
    }

    /// With an attribute.
    #[must_use]
    pub(super) fn with(mut self, attribute: &str, value: impl Into<Value>) -> Made {
        self.attributes.insert(attribute.to_owned(), value.into());
        self
    }

    /// With something to remember.
    #[must_use]
    pub(super) fn keeping(mut self, kept: Value) -> Made {
        self.kept = kept;
        self
    }
}

/// What is recorded of a resource that is there. It has no secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Logical id.
    pub(super) logical_id: String,
    /// `AWS::RDS::DBInstance`
    pub(super) resource_type: String,
    /// The properties that it was put with.
    pub(super) properties: Value,
    /// What `Ref` gives.
    pub(super) reference: String,
    /// What `Fn::GetAtt` gives, by name.
    pub(super) attributes: BTreeMap<String, Value>,
    /// The provider's own notes.
    #[serde(default)]
    pub(super) kept: Value,
    /// Whether what it holds stays when it leaves the template (`DeletionPolicy: Retain`).
    pub(super) retain: bool,
    /// False while it is being changed: the next deploy then puts it in any case.
    pub(super) settled: bool,
}

impl Record {
    /// A property as text; empty when it is not there.
    pub(super) fn text(&self, name: &str) -> &str {
        self.properties[name].as_str().unwrap_or_default()
    }
}

/// The provider for a type; `None`: the local target does not have it.
pub(super) fn provider(resource_type: &str) -> Option<&'static dyn Provider> {
    Some(match resource_type {
        "AWS::ApiGatewayV2::Api" => &apigatewayv2::Api,
        "AWS::ApiGatewayV2::Integration" => &apigatewayv2::Integration,
        "AWS::ApiGatewayV2::Route" => &apigatewayv2::Route,
        "AWS::ApiGatewayV2::RouteResponse" => &apigatewayv2::RouteResponse,
        "AWS::ApiGatewayV2::Stage" => &apigatewayv2::Stage,
        "AWS::CloudFront::Distribution" => &cloudfront::Distribution,
        "AWS::CloudFront::Function" => &cloudfront::Function,
        "AWS::CloudFront::OriginAccessControl" => &cloudfront::OriginAccessControl,
        "AWS::CloudFront::ResponseHeadersPolicy" => &cloudfront::ResponseHeadersPolicy,
        "AWS::CloudWatch::Alarm" => &cloudwatch::Alarm,
        "AWS::CloudWatch::Dashboard" => &cloudwatch::Dashboard,
        "AWS::EC2::EgressOnlyInternetGateway" => &ec2::EGRESS_ONLY_INTERNET_GATEWAY,
        "AWS::EC2::Route" => &ec2::ROUTE,
        "AWS::EC2::RouteTable" => &ec2::ROUTE_TABLE,
        "AWS::EC2::SecurityGroup" => &ec2::SECURITY_GROUP,
        "AWS::EC2::Subnet" => &ec2::SUBNET,
        "AWS::EC2::SubnetRouteTableAssociation" => &ec2::SUBNET_ROUTE_TABLE_ASSOCIATION,
        "AWS::EC2::VPC" => &ec2::VPC,
        "AWS::EC2::VPCCidrBlock" => &ec2::VPC_CIDR_BLOCK,
        "AWS::ElastiCache::ServerlessCache" => &elasticache::ServerlessCache,
        "AWS::IAM::Role" => &iam::Role,
        "AWS::Lambda::Alias" => &lambda::Alias,
        "AWS::Lambda::EventInvokeConfig" => &lambda_events::EventInvokeConfig,
        "AWS::Lambda::Function" => &lambda::Function,
        "AWS::Lambda::Permission" => &lambda::Permission,
        "AWS::Lambda::Version" => &lambda::Version,
        "AWS::Logs::LogGroup" => &logs::LogGroup,
        "AWS::RDS::DBInstance" => &rds::DbInstance,
        "AWS::RDS::DBParameterGroup" => &rds::DbParameterGroup,
        "AWS::RDS::DBSubnetGroup" => &rds::DbSubnetGroup,
        "AWS::S3::Bucket" => &s3::Bucket,
        "AWS::S3::BucketPolicy" => &s3::BucketPolicy,
        "AWS::SQS::Queue" => &sqs::Queue,
        "AWS::Scheduler::Schedule" => &scheduler::Schedule,
        "AWS::SecretsManager::Secret" => &secretsmanager::Secret,
        _ => return None,
    })
}
