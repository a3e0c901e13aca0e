//! AWS's limits, with times that tests can wait for.

use tokio_tungstenite::tungstenite::protocol::frame::{
    Frame,
    coding::{Data, OpCode},
};

use super::*;

/// A limit for tests.
const SOON: Duration = Duration::from_millis(300);

#[test]
fn the_limits_are_those_of_aws() {
    let limits = Limits::default();
    assert_eq!(limits.duration, Duration::from_secs(2 * 60 * 60));
    assert_eq!(limits.idle, Duration::from_secs(10 * 60));
    assert_eq!(limits.integration, Duration::from_secs(29));
    assert!((limits.connections - 500.0).abs() < f64::EPSILON);
    assert_eq!((FRAME, MESSAGE), (32_768, 131_072));
}

#[tokio::test]
async fn a_frame_has_32_kb_and_a_message_128_kb_else_1009() {
    let played = Played::start().await;
    // In one frame.
    let (mut socket, id) = played.connected().await;
    socket.send(Message::text("x".repeat(FRAME))).await.unwrap();
    let event: Value = serde_json::from_str(&text(&mut socket).await).unwrap();
    assert_eq!(event["body"].as_str().unwrap().len(), FRAME);
    let _ = socket.send(Message::text("x".repeat(FRAME + 1))).await;
    assert_eq!(closed(&mut socket).await, 1009);
    let gone = played.event("DISCONNECT", &id).await;
    assert_eq!(gone["requestContext"]["disconnectStatusCode"], 1009);
    // In several.
    for (size, fits) in [(MESSAGE, true), (MESSAGE + 1, false)] {
        let mut socket = played.connect("").await.unwrap();
        let whole = "x".repeat(size);
        let parts: Vec<&[u8]> = whole.as_bytes().chunks(FRAME).collect();
        for (number, part) in parts.iter().enumerate() {
            let kind = if number == 0 {
                Data::Text
            } else {
                Data::Continue
            };
            let is_last = number + 1 == parts.len();
            let frame = Frame::message(part.to_vec(), OpCode::Data(kind), is_last);
            // The other side may have closed by now.
            let _ = socket.send(Message::Frame(frame)).await;
        }
        match fits {
            true => {
                let event: Value = serde_json::from_str(&text(&mut socket).await).unwrap();
                assert_eq!(event["body"].as_str().unwrap().len(), size);
            }
            false => assert_eq!(closed(&mut socket).await, 1009),
        }
    }
}

#[tokio::test]
async fn a_binary_frame_ends_a_connection_with_1003() {
    let played = Played::start().await;
    let (mut socket, id) = played.connected().await;
    socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(closed(&mut socket).await, 1003);
    let gone = played.event("DISCONNECT", &id).await;
    assert_eq!(gone["requestContext"]["disconnectStatusCode"], 1003);
}

#[tokio::test]
async fn a_connection_ends_with_1001_when_it_is_idle_or_old() {
    let idle = Limits {
        idle: SOON,
        ..Limits::default()
    };
    let played = Played::with(idle).await;
    let begun = Instant::now();
    let mut socket = played.connect("").await.unwrap();
    // A ping keeps nothing alive.
    socket.send(Message::Ping("x".into())).await.unwrap();
    assert_eq!(closed(&mut socket).await, 1001);
    assert!(begun.elapsed() >= SOON);

    let old = Limits {
        duration: SOON * 3,
        ..Limits::default()
    };
    let played = Played::with(old).await;
    let mut socket = played.connect("").await.unwrap();
    let begun = Instant::now();
    while begun.elapsed() < SOON * 2 {
        socket.send(Message::text("still here")).await.unwrap();
        text(&mut socket).await;
    }
    assert_eq!(closed(&mut socket).await, 1001);
    assert!(begun.elapsed() < LONG);
}

#[tokio::test]
async fn messages_keep_a_connection_alive() {
    let limits = Limits {
        idle: SOON * 3,
        ..Limits::default()
    };
    let played = Played::with(limits).await;
    let mut socket = played.connect("").await.unwrap();
    let begun = Instant::now();
    while begun.elapsed() < SOON * 6 {
        socket.send(Message::text("still here")).await.unwrap();
        text(&mut socket).await;
        tokio::time::sleep(SOON / 3).await;
    }
    assert_eq!(played.api.open(), 1);
}

#[tokio::test]
async fn a_function_has_29_seconds_and_then_the_client_is_told() {
    let limits = Limits {
        integration: SOON,
        ..Limits::default()
    };
    let played = Played::with(limits).await;
    let mut socket = played.connect("").await.unwrap();
    socket.send(Message::text("hang")).await.unwrap();
    let told: Value = serde_json::from_str(&text(&mut socket).await).unwrap();
    assert_eq!(told["message"], "Endpoint request timed out");
}

#[tokio::test]
async fn so_many_connections_a_second_and_then_429() {
    let limits = Limits {
        connections: 2.0,
        ..Limits::default()
    };
    let played = Played::with(limits).await;
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(played.connect("").await.err().map(|status| status.as_u16()));
    }
    assert_eq!(statuses[..2], [None, None]);
    assert!(statuses.contains(&Some(429)), "{statuses:?}");
}

#[tokio::test]
async fn a_client_that_sends_more_than_its_route_takes_is_closed_with_1008() {
    let played = Played::start().await;
    let mut socket = played.connect("").await.unwrap();
    let throttle = Throttle::new(0.001, 1.0);
    played.api.set_stage(Some(("live", Some(throttle))));
    socket.send(Message::text("one")).await.unwrap();
    text(&mut socket).await;
    socket.send(Message::text("two")).await.unwrap();
    assert_eq!(closed(&mut socket).await, 1008);
}

#[tokio::test]
async fn an_address_has_4096_characters_at_most() {
    let played = Played::start().await;
    let of = |length: usize| format!("?x={}", "y".repeat(length - "/live?x=".len()));
    assert!(played.connect(&of(4_096)).await.is_ok());
    assert_eq!(played.connect(&of(4_097)).await.err().unwrap(), 414);
}
