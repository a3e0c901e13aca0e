//! What the providers refuse.

use serde_json::json;

use super::*;
use crate::local::{
    files::Files,
    resources::{Provider, PutRequest},
};

const REFUSED: &str = "CorsConfiguration has AllowCredentials: true and `*` in AllowOrigins: any site could act for \
     whoever is signed in. Name the origins, or leave AllowCredentials out.";

#[test]
fn credentials_for_every_origin_are_refused_in_the_template() {
    let refused = |cors: Value| {
        Api.refuse(&json!({"Name": "x", "ProtocolType": "HTTP", "CorsConfiguration": cors}))
    };
    let both = json!({"AllowOrigins": ["https://a.example", "*"], "AllowCredentials": true});
    assert_eq!(refused(both), [REFUSED]);
    let as_text = json!({"AllowOrigins": ["*"], "AllowCredentials": "true"});
    assert_eq!(refused(as_text), [REFUSED]);
    for fine in [
        json!({"AllowOrigins": ["*"]}),
        json!({"AllowOrigins": ["*"], "AllowCredentials": false}),
        json!({"AllowOrigins": ["https://a.example"], "AllowCredentials": true}),
        Value::Null,
    ] {
        assert_eq!(refused(fine.clone()), [""; 0], "{fine}");
    }
}

/// The template named a parameter, of which nobody knew the value before.
#[tokio::test]
async fn credentials_for_every_origin_are_refused_when_a_parameter_gives_them() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::new(folder.path().to_owned());
    let running = RunningStage::new("test", files, folder.path())
        .await
        .unwrap();
    let request = PutRequest {
        stack: "api".to_owned(),
        logical_id: "Api".to_owned(),
        properties: json!({
            "Name": "x", "ProtocolType": "HTTP",
            "CorsConfiguration": {"AllowOrigins": ["*"], "AllowCredentials": true},
        }),
        before: None,
    };
    assert_eq!(Api.put(&running, &request).await.unwrap_err(), REFUSED);
    let id = request.id(&running, "a")[..10].to_owned();
    assert!(running.apis.get(&id).is_none(), "nothing listens");
}
