//! What each resource type costs: a rule that reads its properties, free of charge with the reason,
//! or named as unknown. A type that is not listed is unknown, too; the tests refuse it for the
//! project's own templates.

mod api;
mod cloudfront;
mod cloudwatch;
mod lambda;
mod managed;
mod network;

use super::{
    bill::{Bill, Context},
    inventory::Resource,
};

/// How a type is priced.
#[derive(Clone, Copy)]
pub(super) enum Rule {
    /// By its properties and the traffic.
    Priced(for<'a> fn(&Resource<'a>, &Context<'a>, &mut Bill)),
    /// AWS charges nothing for it, for this reason.
    Free(&'static str),
    /// It may cost something, and nothing here can say how much.
    Unknown(&'static str),
}

const CONFIGURATION: &str = "configuration of another resource";
const PERMISSIONS: &str = "IAM is free of charge";
const NETWORK: &str = "parts of a VPC are free of charge";

/// The rule of a type; `None` when there is none.
pub(super) fn rule(kind: &str) -> Option<Rule> {
    use Rule::{Free, Priced, Unknown};
    let service = kind.strip_prefix("AWS::")?;
    Some(match service {
        "Lambda::Function" => Priced(lambda::function),
        "Lambda::Alias" => Priced(lambda::alias),
        "Lambda::EventInvokeConfig" | "Lambda::Permission" | "Lambda::Url" => Free(CONFIGURATION),
        "Lambda::EventSourceMapping" => Unknown("the service that it polls bills the requests"),
        "Lambda::Version" => Free("AWS counts invocations, not versions"),

        "ApiGatewayV2::Api" => Priced(api::api),
        "ApiGatewayV2::Stage" => Priced(api::stage),
        "ApiGatewayV2::ApiMapping"
        | "ApiGatewayV2::Authorizer"
        | "ApiGatewayV2::Deployment"
        | "ApiGatewayV2::DomainName"
        | "ApiGatewayV2::Integration"
        | "ApiGatewayV2::IntegrationResponse"
        | "ApiGatewayV2::Route"
        | "ApiGatewayV2::RouteResponse" => Free(CONFIGURATION),

        "CloudFront::Distribution" => Priced(cloudfront::distribution),
        "CloudFront::Function" => Free("its invocations are counted at the distribution"),
        "CloudFront::CachePolicy"
        | "CloudFront::OriginAccessControl"
        | "CloudFront::OriginRequestPolicy"
        | "CloudFront::ResponseHeadersPolicy" => Free(CONFIGURATION),
        "S3::Bucket" => Priced(cloudfront::bucket),
        "S3::BucketPolicy" => Free(CONFIGURATION),

        "CloudWatch::Alarm" => Priced(cloudwatch::alarm),
        "CloudWatch::CompositeAlarm" => Unknown("the price table has no composite alarms"),
        "CloudWatch::Dashboard" => Priced(cloudwatch::dashboard),
        "Logs::LogGroup" => Priced(cloudwatch::log_group),
        "Logs::MetricFilter" => Priced(cloudwatch::metric_filter),
        "Logs::QueryDefinition" => Free("a saved query costs nothing until somebody runs it"),
        "Logs::ResourcePolicy" => Free(CONFIGURATION),
        "Logs::SubscriptionFilter" => Unknown("the receiver of the log is billed"),
        "Grafana::Workspace" => Priced(cloudwatch::grafana),
        "Synthetics::Canary" => Unknown("the price table has no canaries"),

        "RDS::DBInstance" => Priced(managed::database),
        "RDS::DBParameterGroup" | "RDS::DBSubnetGroup" | "RDS::DBProxyTargetGroup" => {
            Free(CONFIGURATION)
        }
        "RDS::DBProxy" => Priced(managed::database_proxy),
        "ElastiCache::ServerlessCache" => Priced(managed::cache),
        "SecretsManager::Secret" => Priced(managed::secret),
        "SecretsManager::RotationSchedule" | "SecretsManager::SecretTargetAttachment" => {
            Free(CONFIGURATION)
        }
        "KMS::Key" => Priced(managed::key),
        "KMS::Alias" => Free(CONFIGURATION),
        "SSM::Parameter" => Priced(managed::parameter),
        "Budgets::Budget" => Priced(managed::budget),

        "Scheduler::Schedule" | "Events::Rule" => Priced(managed::schedule),
        "Scheduler::ScheduleGroup" => Free(CONFIGURATION),
        "SQS::Queue" => Priced(managed::queue),
        "SNS::Topic" => Priced(managed::topic),
        "SQS::QueuePolicy" | "SNS::Subscription" | "SNS::TopicPolicy" => Free(CONFIGURATION),

        "EC2::NatGateway" => Priced(network::nat_gateway),
        "EC2::EIP" => Priced(network::address),
        "EC2::VPCEndpoint" => Priced(network::endpoint),
        "EC2::VPC" => Priced(network::vpc),
        "EC2::FlowLog" => Unknown("how much the VPC logs depends on its traffic"),
        "EC2::EgressOnlyInternetGateway" => Priced(network::egress_only_gateway),
        "EC2::InternetGateway"
        | "EC2::Route"
        | "EC2::RouteTable"
        | "EC2::SecurityGroup"
        | "EC2::SecurityGroupEgress"
        | "EC2::SecurityGroupIngress"
        | "EC2::Subnet"
        | "EC2::SubnetRouteTableAssociation"
        | "EC2::VPCCidrBlock"
        | "EC2::VPCGatewayAttachment" => Free(NETWORK),

        "CertificateManager::Certificate" => Priced(network::certificate),
        "Route53::RecordSet" => Free(
            "the zone and its queries are billed; those for an alias of CloudFront or API Gateway are free",
        ),
        "CodeDeploy::Application" | "CodeDeploy::DeploymentGroup" => {
            Free("CodeDeploy is free of charge for Lambda")
        }
        "IAM::ManagedPolicy" | "IAM::OIDCProvider" | "IAM::Policy" | "IAM::Role" => {
            Free(PERMISSIONS)
        }
        "ApplicationAutoScaling::ScalableTarget" | "ApplicationAutoScaling::ScalingPolicy" => {
            Free("scaling is free of charge; what it starts is billed")
        }
        _ => return None,
    })
}
