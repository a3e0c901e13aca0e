//! The site: a private bucket and CloudFront in front of it and of the API.

mod behaviours;
mod origins;

use cfn::{Emit, Handle, Intrinsic, List, Stack, Value, cloudfront as cdn, route53, s3};
use serde_json::json;

use crate::{Assets, Stage, bucket, gateway::GatewayOutputs, names::physical, rewrite};

/// The hosted zone that every CloudFront distribution is in.
const CLOUDFRONT_ZONE: &str = "Z2FDTNDATAQYW2";
/// What a page may do. Everything comes from the site itself; pictures of people from GitHub, and live
/// updates from the WebSocket API.
// Browsers with Trusted Types take no text for HTML or for the address of a script: only what one of the
// two policies made. webpack's runtime has one for the chunks of the site, `frontend/offline/start.ts` one for
// the service worker.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: https://avatars.githubusercontent.com; font-src 'self'; \
    connect-src 'self' ${Socket}; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'; require-trusted-types-for 'script'; \
    trusted-types nextjs#bundler miyabi#worker";
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

    let api_origin = origins::api(&mut stack, gateway);
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
            viewer_certificate: stage.site.certificate.as_deref().map(certificate),
            origins: Some([origins::bucket(&bucket, &access), api_origin].into()),
            cache_behaviors: Some(
                behaviours::API_PATHS
                    .iter()
                    .map(|path| behaviours::api(path, &headers, &viewer))
                    .collect::<List<_>>(),
            ),
            ..cdn::DistributionDistributionConfig::new(behaviours::files(&headers, &pages), true)
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

fn certificate(arn: &str) -> cdn::DistributionViewerCertificate {
    cdn::DistributionViewerCertificate {
        acm_certificate_arn: Some(arn.into()),
        ssl_support_method: Some(
            cdn::DistributionViewerCertificateSslSupportMethod::SniOnly.into(),
        ),
        minimum_protocol_version: Some(
            cdn::DistributionViewerCertificateMinimumProtocolVersion::TLSv1_2_2021.into(),
        ),
        ..Default::default()
    }
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
