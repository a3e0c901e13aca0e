//! What surrounds every route: the request's id and log span, the check of the origin, the headers
//! of every answer, its compression, a panic turned into a 500, and the metrics.

use std::{panic::AssertUnwindSafe, time::Instant};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use lambda_runtime::Context;
use miyabi_catalog::{Limit, limits::Counts};
use tracing::Instrument;

use crate::{
    ApiError, App, allow, compression,
    event::{Gateway, Malformed},
    limits::Subject,
    metrics,
    origin::Origin,
    request::{self, Current},
};

/// Puts the layer around a function's router, and its answers to unknown paths and methods.
pub fn wrap(router: Router<App>, app: &App) -> Router {
    router
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || method_not_allowed())
        .layer(middleware::from_fn_with_state(app.clone(), around))
        .with_state(app.clone())
}

fn method_not_allowed() -> ApiError {
    ApiError::refused(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "This path does not have that method.",
    )
}

async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let current = Current::new(&id_of(&request));
    let method = request.method().as_str().to_owned();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", |path| path.as_str())
        .to_owned();
    let path = route.clone();
    let takes_gzip = compression::takes_gzip(request.headers());
    let span = tracing::info_span!("request", request_id = current.id, method, route);
    let answer = request::scope(current.clone(), async {
        let mut response = answer(&app, request, next, &path).await;
        if response.status() == StatusCode::METHOD_NOT_ALLOWED
            && let Some(methods) = allow::methods(&path)
        {
            response.headers_mut().insert(header::ALLOW, methods);
        }
        let mut response = compression::compress(app.function(), takes_gzip, response).await;
        add_headers(&mut response, &current.id);
        response
    });
    let response = answer.instrument(span.clone()).await;
    let status = response.status();
    span.in_scope(|| {
        let (user, organization) = current.caller().unzip();
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            status = status.as_u16(),
            user = user.map(tracing::field::display),
            organization = organization.map(tracing::field::display),
            milliseconds,
            "Answered."
        );
    });
    metrics::write(&metrics::Request {
        stage: app.stage(),
        function: app.function(),
        status: status.as_u16(),
        latency: began.elapsed(),
        database: current.database(),
        is_cold_start: request::is_cold_start(),
    });
    response
}

async fn answer(app: &App, request: Request, next: Next, route: &str) -> Response {
    if let Some(malformed) = request.extensions().get::<Malformed>() {
        return malformed.answer().into_response();
    }
    // axum would answer HEAD with what it has for GET; the catalogue has no HEAD.
    if request.method() == Method::HEAD {
        return method_not_allowed().into_response();
    }
    let secret = match app.origin_secret_for(request.headers()).await {
        Ok(secret) => secret,
        Err(error) => return error.into_response(),
    };
    let (mut parts, body) = request.into_parts();
    let origin = match Origin::check(&parts, secret.as_deref(), app.public_scheme()) {
        Ok(origin) => origin,
        Err(error) => return error.into_response(),
    };
    if let Err(error) = count_address(app, &origin, parts.method.as_str(), route) {
        return error.into_response();
    }
    parts.extensions.insert(origin);
    let request = Request::from_parts(parts, body);
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        // The hook in `log` has said where.
        Err(_) => ApiError::Internal("A handler panicked.".to_owned()).into_response(),
    }
}

/// Counts a request for its address, and for the limit that its route has of each address.
fn count_address(app: &App, origin: &Origin, method: &str, route: &str) -> Result<(), ApiError> {
    let subject = Subject::of_address(origin.client_address.as_deref());
    app.limits().count(Limit::Address, subject)?;
    match Limit::of_route(method, route) {
        Some(limit) if limit.counts() == Counts::Addresses => app.limits().count(limit, subject),
        _ => Ok(()),
    }
}

/// The id that API Gateway gave the request, else the one of the invocation.
fn id_of(request: &Request) -> String {
    let gateway = request.extensions().get::<Gateway>();
    let gateway = gateway.and_then(|gateway| gateway.request_id.clone());
    gateway
        .filter(|id| !id.is_empty())
        .or_else(|| {
            request
                .extensions()
                .get::<Context>()
                .map(|context| context.request_id.clone())
        })
        .unwrap_or_default()
}

/// Headers of every answer. A handler that needs another value (Swagger UI and its policy) sets it,
/// and keeps it.
const HEADERS: [(HeaderName, &str); 7] = [
    (header::CACHE_CONTROL, "no-store"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (
        header::STRICT_TRANSPORT_SECURITY,
        "max-age=63072000; includeSubDomains",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

fn add_headers(response: &mut Response, request_id: &str) {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert("x-request-id", id);
    }
}
