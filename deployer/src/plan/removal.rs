//! The plan that removes a stage.

use super::Plan;

/// Every stack that is deployed of a stage, to be deleted for good. Unlike a [`Plan`] it always needs
/// the typed name of the stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Removal(Plan);

impl Removal {
    pub(super) fn new(plan: Plan) -> Removal {
        Removal(plan)
    }

    /// The stacks in the order in which they are deleted, and what is lost with them.
    pub fn plan(&self) -> &Plan {
        &self.0
    }
}
