//! Making a stack be as its template says: each resource after those that it refers to, nothing
//! that is already as it should be, what left the template last.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::{
    intrinsics::{Scope, needs},
    records::Records,
    resources::{PutRequest, Record, provider},
    running_stage::RunningStage,
};
use crate::{
    Error,
    progress::{Event, Progress, ResourceState},
    state::DeployedStack,
};

/// What is to be done to one stack.
pub(super) struct Update<'a> {
    pub(super) running: &'a RunningStage,
    pub(super) records: &'a Records,
    pub(super) progress: &'a Progress,
    /// Short name.
    pub(super) stack: &'a str,
}

impl Update<'_> {
    /// Creates or updates the stack; gives what is recorded of it then. After an error, what was
    /// done is recorded as well, and the stack is incomplete.
    pub(super) async fn apply(
        &self,
        template: &Value,
        parameters: &BTreeMap<String, String>,
    ) -> Result<DeployedStack, Error> {
        let before = self.records.of(self.stack);
        self.records.begin(self.stack)?;
        let mut done: Vec<Record> = Vec::new();
        let result = self
            .resources(template, parameters, &before, &mut done)
            .await;
        // What this update did not come to is there as it was.
        let names: BTreeSet<&str> = done
            .iter()
            .map(|record| record.logical_id.as_str())
            .collect();
        let untouched: Vec<Record> = before
            .iter()
            .filter(|record| !names.contains(record.logical_id.as_str()))
            .cloned()
            .collect();
        let outputs = match result {
            Ok(outputs) => outputs,
            Err(error) => {
                done.extend(untouched);
                self.records.put(self.stack, Some(done))?;
                return Err(error);
            }
        };
        let mut all = done.clone();
        all.extend(untouched.iter().cloned());
        self.records.put(self.stack, Some(all))?;
        self.remove(untouched).await?;
        self.records.put(self.stack, Some(done))?;
        let deployed = DeployedStack {
            template: template.clone(),
            parameters: parameters.clone(),
            outputs,
            complete: true,
        };
        self.records.complete(self.stack, deployed.clone())?;
        Ok(deployed)
    }

    /// Deletes the stack with everything in it.
    pub(super) async fn delete(&self) -> Result<(), Error> {
        let resources = self.records.of(self.stack);
        self.records.begin(self.stack)?;
        self.remove(resources).await?;
        self.records.forget(self.stack)
    }

    async fn resources(
        &self,
        template: &Value,
        parameters: &BTreeMap<String, String>,
        before: &[Record],
        done: &mut Vec<Record>,
    ) -> Result<BTreeMap<String, String>, Error> {
        let empty = Map::new();
        let resources = template["Resources"].as_object().unwrap_or(&empty);
        let mut scope = Scope {
            parameters: parameters.clone(),
            resources: BTreeMap::new(),
            stack_name: format!("miyabi-{}-{}", self.running.stage(), self.stack),
        };
        for logical_id in order(resources) {
            let resource = &resources[logical_id];
            let resource_type = resource["Type"].as_str().unwrap_or_default();
            let failed = |why: String| self.failed(logical_id, resource_type, why);
            let properties = scope.resolve(&resource["Properties"]).map_err(failed)?;
            let present = before.iter().find(|record| {
                record.logical_id == *logical_id && record.resource_type == resource_type
            });
            let as_recorded =
                present.filter(|record| record.settled && record.properties == properties);
            let record = match as_recorded {
                Some(record) => record.clone(),
                None => {
                    self.put(logical_id, resource, properties, present.cloned())
                        .await?
                }
            };
            let given = (record.reference.clone(), record.attributes.clone());
            scope.resources.insert(logical_id.clone(), given);
            done.push(record);
        }
        let outputs = template["Outputs"].as_object().unwrap_or(&empty);
        let mut computed = BTreeMap::new();
        for (name, output) in outputs {
            let value = scope.resolve(&output["Value"]);
            let value = value.map_err(|why| self.failed(name, "output", why))?;
            let text = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            computed.insert(name.clone(), text);
        }
        Ok(computed)
    }

    async fn put(
        &self,
        logical_id: &str,
        resource: &Value,
        properties: Value,
        before: Option<Record>,
    ) -> Result<Record, Error> {
        let resource_type = resource["Type"].as_str().unwrap_or_default();
        let failed = |why: String| self.failed(logical_id, resource_type, why);
        let provider = provider(resource_type)
            .ok_or_else(|| failed("The local target does not have this type.".to_owned()))?;
        let (begun, ended) = match &before {
            None => (ResourceState::Creating, ResourceState::Created),
            Some(_) => (ResourceState::Updating, ResourceState::Updated),
        };
        if before.is_some() {
            self.unsettle(logical_id)?;
        }
        self.report(logical_id, resource_type, begun);
        let request = PutRequest {
            stack: self.stack.to_owned(),
            logical_id: logical_id.to_owned(),
            properties,
            before,
        };
        let made = provider.put(self.running, &request).await.map_err(failed)?;
        // Another physical id: what had the one before was replaced.
        if let Some(replaced) = request
            .before
            .filter(|before| before.reference != made.reference)
            && !(replaced.retain && provider.holds_data())
        {
            provider
                .delete(self.running, &replaced)
                .await
                .map_err(failed)?;
        }
        self.report(logical_id, resource_type, ended);
        Ok(Record {
            logical_id: logical_id.to_owned(),
            resource_type: resource_type.to_owned(),
            properties: request.properties,
            reference: made.reference,
            attributes: made.attributes,
            kept: made.kept,
            retain: resource["DeletionPolicy"] == "Retain",
            settled: true,
        })
    }

    /// Records that a resource is neither what it was nor what it is to be.
    fn unsettle(&self, logical_id: &str) -> Result<(), Error> {
        let mut resources = self.records.of(self.stack);
        for record in &mut resources {
            if record.logical_id == logical_id {
                record.settled = false;
            }
        }
        self.records.put(self.stack, Some(resources))
    }

    /// Removes resources, the last put first.
    async fn remove(&self, resources: Vec<Record>) -> Result<(), Error> {
        for record in resources.iter().rev() {
            let (logical_id, resource_type) = (&record.logical_id, &record.resource_type);
            let Some(provider) = provider(resource_type) else {
                continue;
            };
            if record.retain && provider.holds_data() {
                continue;
            }
            self.report(logical_id, resource_type, ResourceState::Deleting);
            let deleted = provider.delete(self.running, record).await;
            deleted.map_err(|why| self.failed(logical_id, resource_type, why))?;
            self.report(logical_id, resource_type, ResourceState::Deleted);
        }
        Ok(())
    }

    fn report(&self, logical_id: &str, resource_type: &str, state: ResourceState) {
        self.progress.report(Event::Resource {
            stack: self.stack.to_owned(),
            logical_id: logical_id.to_owned(),
            resource_type: resource_type.to_owned(),
            state,
            detail: None,
        });
    }

    fn failed(&self, logical_id: &str, resource_type: &str, why: String) -> Error {
        self.report(logical_id, resource_type, ResourceState::Failed);
        Error::failed(
            format!(
                "{logical_id} ({resource_type}) of the stack `{}` failed.",
                self.stack
            ),
            "Fix that, then run the same command again: it continues where this one stopped.",
        )
        .because(why)
    }
}

/// Each resource after those it refers to; the template's order among equals. The templates are
/// checked, so a circle cannot be: its members come last then.
fn order(resources: &Map<String, Value>) -> Vec<&String> {
    let mut ordered: Vec<&String> = Vec::new();
    let mut waiting: Vec<(&String, Vec<&str>)> = resources
        .iter()
        .map(|(id, resource)| (id, needs(resource, resources)))
        .collect();
    loop {
        let before = ordered.len();
        waiting.retain(|(id, needs)| {
            let ready = needs
                .iter()
                .all(|need| ordered.iter().any(|done| done == need));
            if ready {
                ordered.push(id);
            }
            !ready
        });
        if ordered.len() == before {
            ordered.extend(waiting.into_iter().map(|(id, _)| id));
            return ordered;
        }
    }
}

#[cfg(test)]
#[path = "stack_tests.rs"]
mod tests;
