//! How the distribution answers each path: what it caches, and which function rewrites it.

use cfn::{Handle, cloudfront as cdn};

use super::origins::{API_ORIGIN, BUCKET_ORIGIN};

/// AWS's managed policies
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html>).
mod managed {
    pub(super) const CACHING_OPTIMIZED: &str = "658327ea-f89d-4fab-a63d-7e88639e58f6";
    pub(super) const CACHING_DISABLED: &str = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad";
    pub(super) const ALL_VIEWER_EXCEPT_HOST: &str = "b689b0a8-53d0-40ab-baf2-68738e2966ac";
}

/// The paths that belong to the API; everything else is a file.
pub(super) const API_PATHS: &[&str] = &["/api/*", "/swagger-ui", "/swagger-ui/*"];

/// Everything that no other path is for: a file.
pub(super) fn files(
    headers: &Handle<cdn::ResponseHeadersPolicy>,
    pages: &Handle<cdn::Function>,
) -> cdn::DistributionDefaultCacheBehavior {
    cdn::DistributionDefaultCacheBehavior {
        allowed_methods: Some(["GET", "HEAD"].into_iter().collect()),
        cache_policy_id: Some(managed::CACHING_OPTIMIZED.into()),
        compress: Some(true.into()),
        response_headers_policy_id: Some(headers.reference().into()),
        // Both events: the second one gives the page for unknown ones its status.
        function_associations: Some(
            [on("viewer-request", pages), on("viewer-response", pages)].into(),
        ),
        ..cdn::DistributionDefaultCacheBehavior::new(
            BUCKET_ORIGIN,
            cdn::DistributionDefaultCacheBehaviorViewerProtocolPolicy::RedirectToHttps,
        )
    }
}

/// A path of the API: every method, nothing cached.
pub(super) fn api(
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
