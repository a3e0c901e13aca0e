//! The WebSocket API: its address and what selects a route. Its routes and its stage are in the stack
//! `realtime`: API Gateway deploys no WebSocket API that has no route yet.

use cfn::{Emit, Intrinsic, Output, Stack, apigatewayv2};

use crate::{Stage, names::physical, parameter, stage::Scheme};

/// The name of the one stage of the WebSocket API, a part of its address.
pub(crate) const SOCKET_STAGE: &str = "live";

/// What other stacks need of the WebSocket API.
pub(crate) struct SocketOutputs {
    /// `a1b2c3d4e5`
    pub(crate) api_id: Output,
    /// `wss://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com`: what a page may connect to.
    pub(crate) origin: Output,
    /// `a1b2c3d4e5.execute-api.us-east-1.amazonaws.com`
    host: Output,
}

/// The API, without a route.
pub(super) fn add(stack: &mut Stack, stage: &Stage) -> SocketOutputs {
    let api = stack.add(
        "SocketApi",
        apigatewayv2::Api {
            name: Some(physical(stage, "socket").into()),
            protocol_type: Some("WEBSOCKET".into()),
            route_selection_expression: Some("$request.body.type".into()),
            ip_address_type: Some("dualstack".into()),
            ..Default::default()
        },
    );
    // `wss://HOST` on AWS; whoever stands in for it may answer without TLS.
    let host = Intrinsic::select(1, Intrinsic::split("://", api.api_endpoint()));
    let scheme = match stage.site.scheme {
        Scheme::Https => "wss",
        Scheme::Http => "ws",
    };
    let origin = Intrinsic::join("", [format!("{scheme}://").emit(), host.emit()]);
    stack.output(
        "webSocketUrl",
        Intrinsic::join("", [origin.emit(), format!("/{SOCKET_STAGE}").emit()]),
    );
    SocketOutputs {
        api_id: stack.output("socketApiId", api.reference()),
        origin: stack.output("socketOrigin", origin),
        host: stack.output("socketHost", host),
    }
}

impl SocketOutputs {
    /// Where a function posts to connections: `https://HOST/live`, to which its client adds
    /// `/@connections/ID`.
    ///
    /// An emulator answers under its own address, by the path that LocalStack introduced: its host
    /// names are known to no resolver.
    pub(crate) fn connections_endpoint(&self, stack: &mut Stack, stage: &Stage) -> Intrinsic {
        if stage.is_for_emulators() {
            let endpoint = stack.parameter(parameter::ENDPOINT_URL, "Where the emulator answers.");
            let api = stack.import(&self.api_id);
            return Intrinsic::sub_with(
                format!("${{Endpoint}}/_aws/execute-api/${{Api}}/{SOCKET_STAGE}"),
                [("Endpoint", endpoint), ("Api", api)],
            );
        }
        let scheme = match stage.site.scheme {
            Scheme::Https => "https",
            Scheme::Http => "http",
        };
        Intrinsic::sub_with(
            format!("{scheme}://${{Host}}/{SOCKET_STAGE}"),
            [("Host", stack.import(&self.host))],
        )
    }

    /// The ARN of all its connections, for whoever posts to them.
    pub(crate) fn connections_arn(&self, stack: &mut Stack) -> Intrinsic {
        Intrinsic::sub_with(
            format!(
                "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{Api}}/{SOCKET_STAGE}/*/@connections/*"
            ),
            [("Api", stack.import(&self.api_id))],
        )
    }
}
