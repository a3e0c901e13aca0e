//! What operators look at and are woken by: the alarms, the topic that says so, the dashboard, the
//! budget.
//!
//! One list of alarms and one of panels, for every stage. `local` has the alarms alone: its supervisor
//! evaluates them.

mod alarm;
mod alarms;
mod panels;
mod source;
mod topic;

use cfn::{Intrinsic, Output, Stack};

use crate::{Stage, gateway::GatewayOutputs};

pub(crate) use alarm::description;

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
    if let Some(topic) = topic {
        panels::dashboard(&mut stack, stage, watched, &names);
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
