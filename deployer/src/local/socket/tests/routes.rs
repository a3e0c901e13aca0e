//! Which function gets which event, and what comes back.

use super::*;

#[tokio::test]
async fn connect_may_refuse_with_its_status() {
    let played = Played::start().await;
    for (query, status) in [
        ("?status=403", 403),
        ("?status=401", 401),
        ("?status=500", 500),
        // Neither a yes nor an error.
        ("?status=302", 502),
        ("?status=none", 502),
        ("?status=exit", 502),
    ] {
        let refused = played.connect(query).await.err();
        assert_eq!(
            refused.map(|status| status.as_u16()),
            Some(status),
            "{query}"
        );
    }
    assert_eq!(played.api.open(), 0);
    assert!(played.connect("?status=204").await.is_ok());
    assert!(played.connect("?protocol=chat").await.is_ok());
}

#[tokio::test]
async fn without_permission_integration_or_stage_nobody_connects() {
    let played = Played::start().await;
    played.api.set_permission("p", None);
    assert_eq!(played.connect("").await.err().unwrap(), 500);
    played.api.set_permission("p", Some(ARN.to_owned()));
    played.api.set_integration("i", None);
    assert_eq!(played.connect("").await.err().unwrap(), 500);
    played.api.set_integration("i", Some(ARN.to_owned()));
    played.api.set_stage(Some(("other", None)));
    assert_eq!(played.connect("").await.err().unwrap(), 403);
    played.api.set_stage(None);
    assert_eq!(played.connect("").await.err().unwrap(), 403);
    played.api.set_stage(Some(("live", None)));
    assert!(played.connect("").await.is_ok());
    // A request that is no handshake.
    let url = format!("http://127.0.0.1:{}/live", played.server.port());
    let answer = crate::http_client::get(&url, LONG).await.unwrap();
    assert_eq!(answer.status, 426);
}

#[tokio::test]
async fn an_event_is_as_api_gateway_sends_it() {
    let played = Played::start().await;
    let (mut socket, id) = played.connected().await;
    let connect = played.event("CONNECT", &id).await;
    let context = &connect["requestContext"];
    assert_eq!(context["routeKey"], "$connect");
    assert_eq!(
        (&context["stage"], &context["apiId"]),
        (&json!("live"), &json!("api"))
    );
    assert_eq!(context["domainName"], played.api.domain());
    assert_eq!(context["identity"]["sourceIp"], "127.0.0.1");
    assert_eq!(connect["headers"]["Origin"], "http://127.0.0.1:4000");
    assert_eq!(connect["headers"]["Sec-WebSocket-Version"], "13");
    assert_eq!(
        connect["multiValueHeaders"]["Host"],
        json!([played.api.domain()])
    );
    assert!(id.ends_with('='), "{id}");

    socket
        .send(Message::text(r#"{"type":"ping"}"#))
        .await
        .unwrap();
    let message: Value = serde_json::from_str(&text(&mut socket).await).unwrap();
    assert_eq!(message["body"], r#"{"type":"ping"}"#);
    assert_eq!(message["isBase64Encoded"], false);
    assert!(message.get("headers").is_none(), "{message}");
    let sent = &message["requestContext"];
    assert_eq!(
        (&sent["routeKey"], &sent["eventType"]),
        (&json!("$default"), &json!("MESSAGE"))
    );
    assert_eq!(sent["connectedAt"], context["connectedAt"]);
    assert_eq!(sent["messageId"], sent["requestId"]);

    socket.close(None).await.unwrap();
    let gone = played.event("DISCONNECT", &id).await;
    assert_eq!(gone["requestContext"]["routeKey"], "$disconnect");
    assert_eq!(gone["requestContext"]["disconnectStatusCode"], 1005);
    assert_eq!(played.api.open(), 0);
}

#[tokio::test]
async fn a_query_string_reaches_connect_decoded_and_with_all_its_values() {
    let played = Played::start().await;
    let _socket = played.connect("?ticket=a%2Bb&x=1&x=2").await.unwrap();
    let event = until("the event", || played.events().into_iter().next()).await;
    assert_eq!(
        event["queryStringParameters"],
        json!({"ticket": "a+b", "x": "2"})
    );
    assert_eq!(
        event["multiValueQueryStringParameters"]["x"],
        json!(["1", "2"])
    );
}

#[tokio::test]
async fn a_message_goes_where_its_route_key_says_and_only_a_route_response_is_sent_back() {
    let played = Played::start().await;
    let mut socket = played.connect("").await.unwrap();
    let ask = async |socket: &mut Socket, message: &str| -> Value {
        socket.send(Message::text(message)).await.unwrap();
        serde_json::from_str(&text(socket).await).unwrap()
    };
    // A route that has no response, and a function that returns no body: nothing comes back.
    for silent in [r#"{"type":"send"}"#, "silence"] {
        socket.send(Message::text(silent)).await.unwrap();
    }
    for message in [
        r#"{"type":"other"}"#,
        "{}",
        "not JSON",
        r#"{"type":"$connect"}"#,
    ] {
        let event = ask(&mut socket, message).await;
        assert_eq!(event["requestContext"]["routeKey"], "$default", "{message}");
        assert_eq!(event["body"], message);
    }
    until("the route `send`", || {
        let log = played.logged();
        log.contains(r#""routeKey":"send""#).then_some(())
    })
    .await;
    let failed = ask(&mut socket, "exit").await;
    assert_eq!(failed["message"], "Internal server error");
    assert!(failed["connectionId"].is_string() && failed["requestId"].is_string());
    // The response alone decides, and the selection expression of the route.
    played.api.set_response("s", None);
    socket.send(Message::text("no answer")).await.unwrap();
    played.api.set_response("s", Some("$default".to_owned()));
    played.api.set_route("$default", None);
    let nowhere = ask(&mut socket, "nowhere").await;
    assert_eq!(nowhere["message"], "Forbidden");
}
