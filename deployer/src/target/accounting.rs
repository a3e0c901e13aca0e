//! What a stage on AWS uses: calls of its interfaces, and money.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::Waited;
use crate::{Error, cost::ActualCost};

/// Counters of calls to AWS since the target was opened.
pub trait CallStats {
    /// Calls by `Service.Operation`, each attempt counted.
    fn calls(&self) -> BTreeMap<String, usize>;

    /// Pauses between calls, by what they waited for.
    fn waits(&self) -> BTreeMap<String, Waited>;
}

/// Reading what was charged.
#[async_trait(?Send)]
pub trait Spending {
    /// What AWS has charged for the stage since the first of the month, and its forecast. Reads only.
    /// AWS bills the requests, three at least, 0.01 USD each
    /// (<https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/>).
    ///
    /// # Errors
    ///
    /// When Cost Explorer is not enabled or has no data yet, when the tag of the stages is not activated
    /// for cost allocation, or when the credentials may not read it.
    async fn month_to_date(&self) -> Result<ActualCost, Error>;
}
