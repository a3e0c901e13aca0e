//! How the gateway answers a request: the preflight, the throttle, the function, and what is measured
//! and logged of it.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::json;

use super::{Client, Found, HttpApi, access_log::Entry, event};
use crate::local::{
    http::{Reply, head_size, json as answer},
    lambda::{Outcome, Refusal},
    metrics::Metric,
};

/// The largest request body (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
const BODY_LIMIT: usize = 10 * 1024 * 1024;
/// The request line and all header lines together.
const HEADER_LIMIT: usize = 10_240;

impl HttpApi {
    /// Answers a request that came over the network.
    pub async fn serve(&self, request: Request<Incoming>) -> Reply {
        let (head, body) = request.into_parts();
        if head_size(&head) > HEADER_LIMIT {
            return message(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Request Header Fields Too Large",
            );
        }
        let body = Limited::new(body, BODY_LIMIT).collect();
        let Ok(body) = tokio::time::timeout(self.patience.body, body).await else {
            return message(StatusCode::REQUEST_TIMEOUT, "Request Timeout");
        };
        match body {
            Ok(body) => {
                let request = Request::from_parts(head, body.to_bytes());
                self.answer(
                    request,
                    &Client {
                        ip: "127.0.0.1".to_owned(),
                    },
                )
                .await
            }
            Err(_) => message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
        }
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<Bytes>, client: &Client) -> Reply {
        let begun = Instant::now();
        let request_id = uuid::Uuid::new_v4().to_string();
        let (throttle, log, cors) = {
            let parts = self.read();
            (
                parts.throttle.clone(),
                parts.access_log.clone(),
                parts.cors.clone(),
            )
        };
        let origin = request.headers().get(header::ORIGIN).cloned();
        if let Some(cors) = &cors
            && let Some(preflight) = cors.preflight(&request)
        {
            return preflight;
        }
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let route = self.route(&method, &path);
        let route_key = route
            .as_ref()
            .map_or(String::new(), |found| found.key.clone());
        let mut integration = None;
        let mut reply = match route {
            None => message(StatusCode::NOT_FOUND, "Not Found"),
            Some(_) if throttle.is_some_and(|throttle| !throttle.take(&route_key)) => {
                message(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests")
            }
            Some(route) => {
                let begun = Instant::now();
                let reply = self.integrate(request, &route, client, &request_id).await;
                integration = Some(begun.elapsed());
                reply
            }
        };
        if let (Some(cors), Some(origin)) = (&cors, origin) {
            cors.decorate(&origin, reply.headers_mut());
        }
        if let Ok(value) = request_id.parse() {
            reply
                .headers_mut()
                .entry("apigw-requestid")
                .or_insert(value);
        }
        self.measure(reply.status(), begun.elapsed());
        if let Some(log) = log {
            log.write(&Entry {
                request_id: &request_id,
                source_ip: &client.ip,
                method: method.as_str(),
                path: &path,
                route_key: &route_key,
                status: reply.status().as_u16(),
                latency: begun.elapsed(),
                integration,
                error: reply.extensions().get::<OwnWords>().map(|own| own.0),
            });
        }
        reply
    }

    /// Records what API Gateway measures of each request
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html>).
    fn measure(&self, status: StatusCode, took: Duration) {
        let Some(metrics) = self.read().metrics.clone() else {
            return;
        };
        let one_if = |condition: bool| f64::from(u8::from(condition));
        for (name, value) in [
            ("Count", 1.0),
            ("4xx", one_if(status.is_client_error())),
            ("5xx", one_if(status.is_server_error())),
            ("Latency", took.as_secs_f64() * 1000.0),
        ] {
            let dimensions = [("ApiId", self.id.as_str()), ("Stage", "$default")];
            metrics.record(Metric::new("AWS/ApiGateway", name, dimensions), value);
        }
    }

    async fn integrate(
        &self,
        request: Request<Bytes>,
        route: &Found,
        client: &Client,
        request_id: &str,
    ) -> Reply {
        let Some(alias) = &route.alias else {
            // No permission: API Gateway may not invoke the function.
            return message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
        };
        let Some(version) = self.functions.by_arn(alias) else {
            return message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
        };
        let event = event::request(
            &request,
            route,
            &self.id,
            &self.read().domain,
            client,
            request_id,
        );
        let invoked = tokio::time::timeout(self.patience.integration, version.invoke(event));
        match invoked.await {
            Err(_) => message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
            Ok(Outcome::Answer(payload)) => event::response(&payload).unwrap_or_else(|| {
                message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            }),
            Ok(Outcome::Unhandled(_) | Outcome::Refused(Refusal::InvalidJson)) => {
                message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            }
            Ok(Outcome::Refused(Refusal::RequestTooLarge)) => {
                message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
            }
            Ok(Outcome::Refused(Refusal::TooManyRequests)) => {
                message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
            }
        }
    }
}

/// What the gateway itself said in an answer.
#[derive(Debug, Clone, Copy)]
struct OwnWords(&'static str);

/// An answer of the gateway's own.
fn message(status: StatusCode, text: &'static str) -> Reply {
    let mut reply = answer(status, &json!({ "message": text }));
    reply.extensions_mut().insert(OwnWords(text));
    reply
}
