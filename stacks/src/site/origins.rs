//! Where the distribution sends requests: to the bucket of the site, or to the API with the origin
//! secret.

use cfn::{Handle, Intrinsic, Stack, cloudfront as cdn, s3};

use crate::gateway::GatewayOutputs;

pub(super) const BUCKET_ORIGIN: &str = "site";
pub(super) const API_ORIGIN: &str = "api";

/// The files of the site.
pub(super) fn bucket(
    bucket: &Handle<s3::Bucket>,
    access: &Handle<cdn::OriginAccessControl>,
) -> cdn::DistributionOrigin {
    cdn::DistributionOrigin {
        origin_access_control_id: Some(access.id()),
        // Required beside an access control, and empty with one.
        s3_origin_config: Some(cdn::DistributionS3OriginConfig {
            origin_access_identity: Some("".into()),
            ..Default::default()
        }),
        ..cdn::DistributionOrigin::new(bucket.regional_domain_name(), BUCKET_ORIGIN)
    }
}

/// The API, which believes what the distribution adds beside the origin secret.
pub(super) fn api(stack: &mut Stack, gateway: &GatewayOutputs) -> cdn::DistributionOrigin {
    let header = gateway.origin_secret.as_ref().map(|secret| {
        let arn = stack.import(secret);
        let value = Intrinsic::sub_with(
            "{{resolve:secretsmanager:${Secret}:SecretString:value}}",
            [("Secret", arn)],
        );
        [cdn::DistributionOriginCustomHeader::new(
            "x-origin-verify",
            value,
        )]
        .into()
    });
    cdn::DistributionOrigin {
        origin_custom_headers: header,
        custom_origin_config: Some(cdn::DistributionCustomOriginConfig {
            origin_ssl_protocols: Some(["TLSv1.2"].into_iter().collect()),
            origin_read_timeout: Some(30.into()),
            ..cdn::DistributionCustomOriginConfig::new("https-only")
        }),
        ..cdn::DistributionOrigin::new(stack.import(&gateway.host), API_ORIGIN)
    }
}
