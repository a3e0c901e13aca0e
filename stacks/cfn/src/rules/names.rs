//! Lengths and letters of names, where the schemas say less than the services do.

use super::{Findings, Template, length::longest};

/// A property that holds a name.
struct Name {
    resource_type: &'static str,
    property: &'static str,
    /// Characters, least and most.
    length: (usize, usize),
    /// Letters beside ASCII letters and digits.
    others: &'static str,
    source: &'static str,
}

const fn name(
    resource_type: &'static str,
    property: &'static str,
    length: (usize, usize),
    others: &'static str,
    source: &'static str,
) -> Name {
    Name {
        resource_type,
        property,
        length,
        others,
        source,
    }
}

const IAM: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html";
const RDS: &str = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html";
const GATEWAY: &str = "https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html";
const CLOUDFRONT: &str =
    "https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_OriginAccessControlConfig.html";

const NAMES: &[Name] = &[
    name("AWS::ApiGatewayV2::Api", "Name", (1, 128), "\0", GATEWAY),
    name(
        "AWS::ApiGatewayV2::Stage",
        "StageName",
        (1, 128),
        "-_$",
        GATEWAY,
    ),
    name(
        "AWS::CloudFront::Function",
        "Name",
        (1, 64),
        "-_",
        CLOUDFRONT,
    ),
    name(
        "AWS::CloudFront::OriginAccessControl",
        "OriginAccessControlConfig.Name",
        (1, 64),
        "\0",
        CLOUDFRONT,
    ),
    name(
        "AWS::CloudFront::ResponseHeadersPolicy",
        "ResponseHeadersPolicyConfig.Name",
        (1, 128),
        "-_.",
        CLOUDFRONT,
    ),
    name(
        "AWS::CloudWatch::Alarm",
        "AlarmName",
        (1, 255),
        "\0",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
    ),
    name(
        "AWS::CloudWatch::Dashboard",
        "DashboardName",
        (1, 255),
        "-_",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html",
    ),
    name(
        "AWS::CodeDeploy::Application",
        "ApplicationName",
        (1, 100),
        "+=,.@_-",
        "https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html",
    ),
    name(
        "AWS::EC2::SecurityGroup",
        "GroupName",
        (1, 255),
        " ._-:/()#,@[]+=&;{}!$*",
        "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html",
    ),
    name(
        "AWS::ElastiCache::ServerlessCache",
        "ServerlessCacheName",
        (1, 40),
        "-",
        "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_CreateServerlessCache.html",
    ),
    name(
        "AWS::IAM::ManagedPolicy",
        "ManagedPolicyName",
        (1, 128),
        "+=,.@_-",
        IAM,
    ),
    name("AWS::IAM::Role", "RoleName", (1, 64), "+=,.@_-", IAM),
    name(
        "AWS::IAM::Role",
        "Policies.*.PolicyName",
        (1, 128),
        "+=,.@_-",
        IAM,
    ),
    name(
        "AWS::Lambda::Alias",
        "Name",
        (1, 128),
        "-_",
        "https://docs.aws.amazon.com/lambda/latest/api/API_CreateAlias.html",
    ),
    name(
        "AWS::Lambda::Function",
        "FunctionName",
        (1, 64),
        "-_",
        "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html",
    ),
    name(
        "AWS::Logs::LogGroup",
        "LogGroupName",
        (1, 512),
        "._-/#",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
    ),
    name(
        "AWS::RDS::DBInstance",
        "DBInstanceIdentifier",
        (1, 63),
        "-",
        RDS,
    ),
    name("AWS::RDS::DBInstance", "DBName", (1, 63), "_", RDS),
    name("AWS::RDS::DBInstance", "MasterUsername", (1, 63), "_", RDS),
    name(
        "AWS::RDS::DBParameterGroup",
        "DBParameterGroupName",
        (1, 255),
        "-",
        RDS,
    ),
    name(
        "AWS::RDS::DBSubnetGroup",
        "DBSubnetGroupName",
        (1, 255),
        " ._-",
        RDS,
    ),
    name(
        "AWS::S3::Bucket",
        "BucketName",
        (3, 63),
        ".-",
        "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html",
    ),
    name(
        "AWS::SNS::Topic",
        "TopicName",
        (1, 256),
        "-_.",
        "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html",
    ),
    name(
        "AWS::SQS::Queue",
        "QueueName",
        (1, 80),
        "-_.",
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
    ),
    name(
        "AWS::Scheduler::Schedule",
        "Name",
        (1, 64),
        "-_.",
        "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html",
    ),
    name(
        "AWS::SecretsManager::Secret",
        "Name",
        (1, 512),
        "/_+=.@-",
        "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html",
    ),
];

pub(super) fn check(template: &Template<'_>, findings: &mut Findings) {
    for (id, resource_type, properties) in template.resources() {
        for name in NAMES
            .iter()
            .filter(|name| name.resource_type == resource_type)
        {
            for (path, value) in super::texts::at(properties, name.property) {
                if let Some(text) = longest(value)
                    && let Some(why) = refused(name, &text)
                {
                    findings.add(
                        id,
                        &format!("Properties.{path}"),
                        format!("Found `{text}`: {why} ({}).", name.source),
                    );
                }
            }
        }
    }
}

fn refused(name: &Name, text: &str) -> Option<String> {
    let (least, most) = name.length;
    let count = text.chars().count();
    if count < least || count > most {
        return Some(format!(
            "it has {count} characters; a name has {least} to {most}"
        ));
    }
    // `\0` in the table: any letter.
    let fits = |letter: char| letter.is_ascii_alphanumeric() || name.others.contains(letter);
    if name.others != "\0"
        && let Some(letter) = text.chars().find(|letter| !fits(*letter))
    {
        return Some(format!("the letter `{letter}` is not allowed"));
    }
    shape(name, text).map(str::to_owned)
}

/// What a service asks of a name besides length and letters.
fn shape(name: &Name, text: &str) -> Option<&'static str> {
    let lowercase = !text.contains(|letter: char| letter.is_ascii_uppercase());
    let begins = text.starts_with(|letter: char| letter.is_ascii_alphabetic());
    match (name.resource_type, name.property) {
        ("AWS::S3::Bucket", _) if !lowercase => Some("a bucket's name is lowercase"),
        ("AWS::S3::Bucket", _)
            if text.contains("..")
                || text.starts_with(['.', '-'])
                || text.ends_with(['.', '-']) =>
        {
            Some(
                "a bucket's name begins and ends with a letter or digit and has no two dots in a row",
            )
        }
        ("AWS::RDS::DBInstance", _) if !begins => Some("it must begin with a letter"),
        ("AWS::RDS::DBInstance", "DBInstanceIdentifier")
        | ("AWS::ElastiCache::ServerlessCache", _)
            if text.ends_with('-') || text.contains("--") =>
        {
            Some("it may not end in a hyphen or have two in a row")
        }
        ("AWS::Lambda::Alias", _) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some("an alias may not be a number")
        }
        ("AWS::Logs::LogGroup", _) if text.starts_with("aws/") => {
            Some("names that begin with `aws/` are AWS's own")
        }
        ("AWS::SecretsManager::Secret", _) if ends_like_an_arn(text) => {
            Some("it may not end in a hyphen and six characters, as ARNs of secrets do")
        }
        _ => None,
    }
}

fn ends_like_an_arn(text: &str) -> bool {
    let end = text.rsplit_once('-').map_or("", |(_, end)| end);
    // Words of six lowercase letters are common and no suffix of AWS's making.
    end.len() == 6
        && end
            .bytes()
            .any(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}
