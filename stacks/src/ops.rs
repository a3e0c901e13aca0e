//! What operators look at and are woken by: the alarms, the topic that says so, the dashboard, the
//! budget.
//!
//! One list of alarms and one of panels, for every stage. `local` has these two alone: its supervisor
//! evaluates the alarms and draws the panels.

mod alarm;
mod alarms;
mod grafana;
mod panels;
mod source;
mod topic;
mod workspace;

use cfn::{Intrinsic, Output, Stack};

use crate::{Stage, gateway::GatewayOutputs};

pub(crate) use alarm::description;
pub use grafana::dashboard as grafana_dashboard;

/// What the alarms watch in other stacks.
pub(crate) struct Watched<'a> {
    pub(crate) gateway: &'a GatewayOutputs,
    /// Identifier of the database instance; `None`: it is not RDS.
    pub(crate) database: Option<&'a Output>,
    /// Name of the cache; `None`: the stage has none.
    pub(crate) cache: Option<&'a Output>,
}

/// The stack.
pub(crate) fn ops(stage: &Stage, watched: &Watched<'_>) -> Stack {
    let mut stack = Stack::new("ops", &format!("Miyabi {}: alarms.", stage.name));
    let names = source::Names::import(&mut stack, watched);
    let topic = (!is_on_this_machine(stage)).then(|| topic::topic(&mut stack, stage));
    for alarm in alarms::alarms(stage, watched) {
        alarm.add(&mut stack, stage, &names, topic.as_ref());
    }
    panels::dashboard(&mut stack, stage, &names);
    workspace::workspace(&mut stack, stage);
    if let Some(topic) = topic {
        topic::budget(&mut stack, stage, &topic);
    }
    stack
}

/// Whether it is the stage `local`: it has a database of its own, and no account.
fn is_on_this_machine(stage: &Stage) -> bool {
    stage.account.is_none() && stage.database.managed
}

/// A topic by its ARN.
type Topic = Intrinsic;
