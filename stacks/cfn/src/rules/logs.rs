//! Where access logs go.

use super::{Findings, Template};

const VENDED: &str = "/aws/vendedlogs/";

pub(super) fn access_logs(template: &Template<'_>, findings: &mut Findings) {
    for (id, properties) in template.of_type("AWS::ApiGatewayV2::Stage") {
        let destination = &properties["AccessLogSettings"]["DestinationArn"];
        let Some(group) = destination["Fn::GetAtt"][0].as_str() else {
            continue;
        };
        let name = &template.json["Resources"][group]["Properties"]["LogGroupName"];
        if name.as_str().is_some_and(|name| !name.starts_with(VENDED)) {
            findings.add(
                id,
                "Properties.AccessLogSettings.DestinationArn",
                format!("The log group is called {name}: begin it with `{VENDED}`, or each stage adds an entry to the account's one log resource policy."),
            );
        }
    }
}
