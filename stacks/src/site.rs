//! The site: a private bucket and CloudFront in front of it and of the API.

use cfn::{Emit, Handle, Intrinsic, List, Stack, Value, cloudfront as cdn, route53, s3};
use serde_json::json;

use crate::{Assets, Stage, bucket, gateway::GatewayOutputs, names::physical, rewrite};

/// AWS's managed policies
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html>).
mod managed {
    pub(super) const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
    pub(super) const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
    pub(super) const ALL_VIEWER_EXCEPT_HOST: &str = "b689b0a8-53d0-40ab-baf2-68738e2966ac";
}

/// The hosted zone that every CloudFront distribution is in.
const CLOUDFRONT_ZONE: &str = "Z2FDTNDATAQYW2";
const BUCKET_ORIGIN: &str = "site";
const API_ORIGIN: &str = "api";
/// The paths that belong to the API; everything else is a file.
const API_PATHS: &[&str] = &["/api/*", "/swagger-ui", "/swagger-ui/*"];

/// What a page may do. Everything comes from the site itself; pictures of people from GitHub, and live
/// updates from the WebSocket API.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: https://avatars.githubusercontent.com; font-src 'self'; \
    connect-src 'self' ${Socket}; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";
const PERMISSIONS_POLICY: &str =
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()";

/// One host name for pages and API: no CORS, first-party cookies.
pub(crate) fn site(stage: &Stage, assets: &Assets, gateway: &GatewayOutputs) -> Stack {
    let mut stack = Stack::new("site", &format!("Miyabi {}: the site.", stage.name));
    let bucket = bucket::private(&mut stack, "SiteBucket", None);
    let access = stack.add(
        "SiteAccess",
        cdn::OriginAccessControl::new(cdn::OriginAccessControlOriginAccessControlConfig::new(
            physical(stage, "site"),
            "s3",
            "always",
            "sigv4",
        )),
    );
    let headers = headers(&mut stack, stage, gateway);
    let pages = function(
        &mut stack,
        stage,
        "PageRewrite",
        "pages",
        "A folder is its index.html, an unknown page is 404.",
        assets.pages.javascript(),
    );
    let viewer = function(
        &mut stack,
        stage,
        "ViewerHeaders",
        "viewer",
        "Says who the viewer is.",
        rewrite::viewer_javascript(),
    );

    let s3_origin = cdn::DistributionOrigin {
        origin_access_control_id: Some(access.id()),
        // Required beside an access control, and empty with one.
        s3_origin_config: Some(cdn::DistributionS3OriginConfig {
            origin_access_identity: Some("".into()),
            ..Default::default()
        }),
        ..cdn::DistributionOrigin::new(bucket.regional_domain_name(), BUCKET_ORIGIN)
    };
    let api_origin = api_origin(&mut stack, gateway);
    let distribution = stack.add(
        "Distribution",
        cdn::Distribution::new(cdn::DistributionDistributionConfig {
            comment: Some(physical(stage, "site").into()),
            default_root_object: Some("index.html".into()),
            http_version: Some(cdn::DistributionDistributionConfigHttpVersion::Http2and3.into()),
            ipv6_enabled: Some(true.into()),
            price_class: Some(cdn::DistributionDistributionConfigPriceClass::PriceClass100.into()),
            aliases: stage
                .site
                .domain
                .as_deref()
                .map(|domain| [domain].into_iter().collect()),
            viewer_certificate: stage.site.certificate.as_deref().map(|certificate| {
                cdn::DistributionViewerCertificate {
                    acm_certificate_arn: Some(certificate.into()),
                    ssl_support_method: Some(
                        cdn::DistributionViewerCertificateSslSupportMethod::SniOnly.into(),
                    ),
                    minimum_protocol_version: Some(
                        cdn::DistributionViewerCertificateMinimumProtocolVersion::TLSv1_2_2021
                            .into(),
                    ),
                    ..Default::default()
                }
            }),
            origins: Some([s3_origin, api_origin].into()),
            cache_behaviors: Some(
                API_PATHS
                    .iter()
                    .map(|path| api_behaviour(path, &headers, &viewer))
                    .collect::<List<_>>(),
            ),
            ..cdn::DistributionDistributionConfig::new(
                cdn::DistributionDefaultCacheBehavior {
                    allowed_methods: Some(["GET", "HEAD"].into_iter().collect()),
                    cache_policy_id: Some(managed::CACHING_OPTIMIZED.into()),
                    compress: Some(true.into()),
                    response_headers_policy_id: Some(headers.reference().into()),
                    // Both events: the second one gives the page for unknown ones its status.
                    function_associations: Some(
                        [on("viewer-request", &pages), on("viewer-response", &pages)].into(),
                    ),
                    ..cdn::DistributionDefaultCacheBehavior::new(
                        BUCKET_ORIGIN,
                        cdn::DistributionDefaultCacheBehaviorViewerProtocolPolicy::RedirectToHttps,
                    )
                },
                true,
            )
        }),
    );
    open_to(&mut stack, &bucket, &distribution);
    domain(&mut stack, stage, &distribution);
    let host: Value<String> = match &stage.site.domain {
        Some(domain) => domain.clone().into(),
        None => distribution.domain_name(),
    };
    stack.output(
        "siteUrl",
        Intrinsic::join("", [Value::from("https://"), host]),
    );
    stack.output("siteBucket", bucket.reference());
    stack.output("distributionId", distribution.reference());
    stack
}

/// CloudFront may read; nobody may without TLS. With ListBucket, a file that is not there is 404
/// and not 403.
fn open_to(
    stack: &mut Stack,
    bucket: &Handle<s3::Bucket>,
    distribution: &Handle<cdn::Distribution>,
) {
    let arn = bucket.arn().emit();
    let objects = Intrinsic::sub(format!("${{{}.Arn}}/*", bucket.logical_id())).emit();
    let only_ours = json!({ "StringEquals": { "AWS:SourceArn": Intrinsic::sub(format!(
        "arn:${{AWS::Partition}}:cloudfront::${{AWS::AccountId}}:distribution/${{{}}}",
        distribution.logical_id()
    )).emit() } });
    let principal = json!({ "Service": "cloudfront.amazonaws.com" });
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": objects, "Condition": only_ours },
            { "Effect": "Allow", "Principal": principal, "Action": "s3:ListBucket", "Resource": arn, "Condition": only_ours },
            bucket::tls_only(bucket),
        ],
    });
    stack.add(
        "SiteBucketPolicy",
        s3::BucketPolicy::new(bucket.reference(), policy),
    );
}

fn api_origin(stack: &mut Stack, gateway: &GatewayOutputs) -> cdn::DistributionOrigin {
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

fn api_behaviour(
    path: &str,
    headers: &Handle<cdn::ResponseHeadersPolicy>,
    viewer: &Handle<cdn::Function>,
) -> cdn::DistributionCacheBehavior {
    let methods = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"];
    cdn::DistributionCacheBehavior {
        allowed_methods: Some(methods.into_iter().collect()),
        cache_policy_id: Some(managed::CACHING_DISABLED.into()),
        origin_request_policy_id: Some(managed::ALL_VIEWER_EXCEPT_HOST.into()),
        compress: Some(true.into()),
        response_headers_policy_id: Some(headers.reference().into()),
        function_associations: Some([on("viewer-request", viewer)].into()),
        ..cdn::DistributionCacheBehavior::new(path, API_ORIGIN, "redirect-to-https")
    }
}

fn on(
    event: &'static str,
    function: &Handle<cdn::Function>,
) -> cdn::DistributionFunctionAssociation {
    cdn::DistributionFunctionAssociation {
        event_type: Some(event.into()),
        function_arn: Some(function.function_arn()),
    }
}

fn function(
    stack: &mut Stack,
    stage: &Stage,
    id: &str,
    name: &str,
    about: &str,
    code: String,
) -> Handle<cdn::Function> {
    stack.add(
        id,
        cdn::Function {
            auto_publish: Some(true.into()),
            ..cdn::Function::new(
                code,
                cdn::FunctionFunctionConfig::new(
                    about,
                    cdn::FunctionFunctionConfigRuntime::CloudfrontJs2_0,
                ),
                physical(stage, name),
            )
        },
    )
}

fn headers(
    stack: &mut Stack,
    stage: &Stage,
    gateway: &GatewayOutputs,
) -> Handle<cdn::ResponseHeadersPolicy> {
    let socket = stack.import(&gateway.socket.origin);
    let mut config =
        cdn::ResponseHeadersPolicyResponseHeadersPolicyConfig::new(physical(stage, "headers"));
    config.security_headers_config = Some(cdn::ResponseHeadersPolicySecurityHeadersConfig {
        // The API and Swagger UI send a policy of their own, which stays.
        content_security_policy: Some(cdn::ResponseHeadersPolicyContentSecurityPolicy::new(
            Intrinsic::sub_with(CONTENT_SECURITY_POLICY, [("Socket", socket)]),
            false,
        )),
        content_type_options: Some(cdn::ResponseHeadersPolicyContentTypeOptions::new(true)),
        frame_options: Some(cdn::ResponseHeadersPolicyFrameOptions::new("DENY", true)),
        referrer_policy: Some(cdn::ResponseHeadersPolicyReferrerPolicy::new(
            true,
            "strict-origin-when-cross-origin",
        )),
        strict_transport_security: Some(cdn::ResponseHeadersPolicyStrictTransportSecurity {
            include_subdomains: Some(true.into()),
            ..cdn::ResponseHeadersPolicyStrictTransportSecurity::new(31_536_000, true)
        }),
        ..Default::default()
    });
    let own =
        |name: &str, value: &str| cdn::ResponseHeadersPolicyCustomHeader::new(name, true, value);
    config.custom_headers_config = Some(cdn::ResponseHeadersPolicyCustomHeadersConfig::new([
        own("permissions-policy", PERMISSIONS_POLICY),
        own("cross-origin-opener-policy", "same-origin"),
    ]));
    stack.add("SecurityHeaders", cdn::ResponseHeadersPolicy::new(config))
}

/// The site's own host name, IPv4 and IPv6.
fn domain(stack: &mut Stack, stage: &Stage, distribution: &Handle<cdn::Distribution>) {
    let (Some(domain), Some(zone)) = (&stage.site.domain, &stage.site.hosted_zone) else {
        return;
    };
    for (id, kind) in [("SiteAddress4", "A"), ("SiteAddress6", "AAAA")] {
        stack.add(
            id,
            route53::RecordSet {
                hosted_zone_id: Some(zone.clone().into()),
                alias_target: Some(route53::RecordSetAliasTarget::new(
                    distribution.domain_name(),
                    CLOUDFRONT_ZONE,
                )),
                ..route53::RecordSet::new(domain.clone(), kind)
            },
        );
    }
}
