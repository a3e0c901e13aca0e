//! Why Cost Explorer returns no costs, as errors for a person.

use time::Date;

use crate::{
    Error,
    aws::{aws_error::AwsError, stack::STAGE_TAG},
    cost::Decimal,
};

/// Cost Explorer has to be enabled once, in the console
/// (<https://docs.aws.amazon.com/cost-management/latest/userguide/ce-enable.html>); until then its
/// refusal has the code of missing permissions.
pub(super) fn is_not_enabled(refused: &AwsError) -> bool {
    let message = refused.message.to_lowercase();
    refused.is_forbidden() && message.contains("not enabled")
}

fn not_enabled(refused: AwsError) -> Error {
    Error::failed(
        "Cost Explorer is not enabled in this account.",
        "Enable it once, in the console: Billing and Cost Management, Cost Explorer, Launch. Its first data is there after 24 hours.",
    )
    .because(refused.to_string())
}

/// A refusal of one of the two reads of costs.
pub(super) fn unreadable(refused: AwsError) -> Error {
    if is_not_enabled(&refused) {
        return not_enabled(refused);
    }
    if refused.code == "DataUnavailableException" {
        return Error::failed(
            "Cost Explorer has no data for this month yet.",
            "After it was enabled, and on the first of a month, it takes up to 24 hours: run the same command again later.",
        )
        .because(refused.to_string());
    }
    refused.error("The costs cannot be read.")
}

/// The tag exists, and AWS keeps no costs by it.
pub(super) fn inactive_tag() -> Error {
    Error::failed(
        format!(
            "The tag `{STAGE_TAG}` is not activated for cost allocation, so AWS keeps no costs by stage."
        ),
        format!(
            "Activate it, in the management account of an organization: `aws ce update-cost-allocation-tags-status --cost-allocation-tags-status TagKey={STAGE_TAG},Status=Active`. Costs from then on have it, after up to 24 hours."
        ),
    )
}

/// No resource with the tag has cost anything.
pub(super) fn unknown_tag(stage: &str) -> Error {
    Error::failed(
        format!("Cost Explorer does not know the tag `{STAGE_TAG}` yet."),
        format!(
            "AWS lists a tag up to 24 hours after its first use, and it has to be activated then. Whether the stage is deployed: `cargo xtask status --stage {stage}`"
        ),
    )
}

/// There are costs, and none of the stage.
pub(super) fn nothing_charged(stage: &str, from: Date, others: Decimal) -> Error {
    Error::failed(
        format!(
            "AWS has charged nothing with the tag `{STAGE_TAG}` = `{stage}` since {from}; {} USD of the account have another value of it or none.",
            others.cents()
        ),
        format!(
            "Costs are up to 24 hours late, and have the tag only from its activation on: `aws ce list-cost-allocation-tags --tag-keys {STAGE_TAG}`"
        ),
    )
}
