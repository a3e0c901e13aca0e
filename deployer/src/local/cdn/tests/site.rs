//! The local stage's site behind a server, with an API that says what it was asked.

use std::{collections::BTreeMap, time::Duration};

use http::{HeaderValue, Method};
use http_body_util::BodyExt;
use serde_json::json;

use super::super::*;
use crate::{
    http_client::{Answer, send},
    local::{
        http::{Server, json as answer},
        intrinsics::Scope,
    },
    site::SiteFile,
};

/// The API behind the site: says what it was asked.
pub(super) async fn api() -> Server {
    Server::start(0, |request: Request<Incoming>| async move {
        let (head, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let headers: BTreeMap<&str, &str> =
            head.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        let mut reply = answer(
            StatusCode::OK,
            &json!({"method": head.method.as_str(), "uri": head.uri.to_string(), "headers": headers, "body": String::from_utf8_lossy(&body)}),
        );
        let headers = reply.headers_mut();
        headers.insert("content-security-policy", HeaderValue::from_static("of the api"));
        headers.insert("x-frame-options", HeaderValue::from_static("SAMEORIGIN"));
        reply
    })
    .await
    .unwrap()
}

/// An operators' page without graphs.
pub(super) fn no_ops() -> Ops {
    Ops::new("test", crate::local::metrics::Metrics::default())
}

pub(super) struct Site {
    pub(super) cdn: Cdn,
    pub(super) server: Server,
    pub(super) api: Option<Server>,
    resources: serde_json::Map<String, Value>,
    scope: Scope,
    _dir: tempfile::TempDir,
}

pub(super) const SECRET: &str = "the origin secret of the test";

impl Site {
    pub(super) async fn start() -> Site {
        Site::at(Cdn::new(no_ops())).await
    }

    pub(super) async fn at(cdn: Cdn) -> Site {
        let dir = tempfile::tempdir().unwrap();
        let stage = stacks::Stage::built_in("local").unwrap();
        let keys = [
            "404.html",
            "index.html",
            "tasks/index.html",
            "config.json",
            "app.js",
        ];
        let assets = stacks::Assets {
            pages: stacks::rewrite::Pages::of(keys),
            ..stacks::Assets::placeholder()
        };
        let app = stacks::synth(&stage, &assets).unwrap();
        let template = app.stack("site").unwrap().template();
        let api = api().await;
        let serving = cdn.clone();
        let server = Server::start(0, move |request| {
            let cdn = serving.clone();
            async move { cdn.serve("E1", request).await }
        })
        .await
        .unwrap();
        let resource = |id: &str, attribute: &str, value: &str| {
            (
                format!("ref-{id}"),
                [(attribute.to_owned(), json!(value))].into(),
            )
        };
        let mut resources: BTreeMap<String, (String, BTreeMap<String, Value>)> = BTreeMap::new();
        for (id, attribute, value) in [
            ("PageRewrite", "FunctionARN", "arn:pages"),
            ("ViewerHeaders", "FunctionARN", "arn:viewer"),
            ("SiteAccess", "Id", "oac"),
            ("SecurityHeaders", "Id", "policy"),
        ] {
            resources.insert(id.to_owned(), resource(id, attribute, value));
        }
        let bucket: BTreeMap<String, Value> = [
            (
                "RegionalDomainName".to_owned(),
                json!("b.s3.us-east-1.amazonaws.com"),
            ),
            ("Arn".to_owned(), json!(bucket_arn("b"))),
        ]
        .into();
        resources.insert("SiteBucket".to_owned(), ("b".to_owned(), bucket));
        resources.insert(
            "Distribution".to_owned(),
            ("E1".to_owned(), BTreeMap::new()),
        );
        let parameters = [
            (
                "GatewayApiHost".to_owned(),
                format!("127.0.0.1:{}", api.port()),
            ),
            ("GatewayOriginSecret".to_owned(), "arn:secret".to_owned()),
            (
                "GatewaySocketOrigin".to_owned(),
                "ws://127.0.0.1:1".to_owned(),
            ),
        ];
        let scope = Scope {
            parameters: parameters.into(),
            resources,
            stack_name: "site".to_owned(),
        };
        cdn.set_bucket("b", Some(Bucket::new(dir.path().join("b"))));
        let site = Site {
            cdn,
            server,
            api: Some(api),
            resources: template["Resources"].as_object().unwrap().clone(),
            scope,
            _dir: dir,
        };
        site.put(&keys);
        site.apply();
        site
    }

    pub(super) fn properties(&self, id: &str) -> Value {
        let resolved = self
            .scope
            .resolve(&self.resources[id]["Properties"])
            .unwrap();
        let text = resolved.to_string().replace(
            "{{resolve:secretsmanager:arn:secret:SecretString:value}}",
            SECRET,
        );
        serde_json::from_str(&text).unwrap()
    }

    pub(super) fn apply(&self) {
        for (id, arn) in [
            ("PageRewrite", "arn:pages"),
            ("ViewerHeaders", "arn:viewer"),
        ] {
            let code = self.properties(id)["FunctionCode"]
                .as_str()
                .unwrap()
                .to_owned();
            self.cdn
                .set_function(arn, Some(ViewerFunction::of_code(&code).unwrap()));
        }
        let config = &self.properties("SecurityHeaders")["ResponseHeadersPolicyConfig"];
        assert_eq!(refuse_headers(config), [""; 0]);
        self.cdn.set_policy(
            "ref-SecurityHeaders",
            Some(HeadersPolicy::parse(config).unwrap()),
        );
        self.cdn.set_bucket_policy(
            "b",
            Some(self.properties("SiteBucketPolicy")["PolicyDocument"].clone()),
        );
        let raw = &self.resources["Distribution"]["Properties"]["DistributionConfig"];
        assert_eq!(refuse_distribution(raw), [""; 0]);
        let config = &self.properties("Distribution")["DistributionConfig"];
        self.cdn.set_distribution(
            "E1",
            Some((Distribution::parse(config).unwrap(), self.server.port())),
        );
    }

    /// Files that say their own name, and one that is worth being compressed.
    pub(super) fn put(&self, keys: &[&str]) {
        let mut files: Vec<SiteFile> = keys
            .iter()
            .map(|key| SiteFile {
                key: (*key).to_owned(),
                content_type: "text/html; charset=utf-8".to_owned(),
                cache_control: "no-cache".to_owned(),
                body: format!("file {key}").into_bytes(),
            })
            .collect();
        files.push(SiteFile {
            key: "_next/static/big.js".to_owned(),
            content_type: "text/javascript; charset=utf-8".to_owned(),
            cache_control: "public, max-age=31536000, immutable".to_owned(),
            body: "x".repeat(5000).into_bytes(),
        });
        self.cdn.bucket("b").unwrap().replace(&files).unwrap();
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &'static str,
    ) -> Answer {
        let url = format!("http://127.0.0.1:{}{path}", self.server.port());
        send(method, &url, headers, body, Duration::from_secs(60))
            .await
            .unwrap()
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    pub(super) async fn asked(&self, path: &str, headers: &[(&str, &str)]) -> Value {
        serde_json::from_slice(&self.send(Method::GET, path, headers, "").await.body).unwrap()
    }
}
