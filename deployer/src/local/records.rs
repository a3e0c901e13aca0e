//! What is recorded: every resource as it was put, by stack, and what is deployed. Both are files
//! that only their owner can read; each is written whole or not at all.
//!
//! The supervisor is the only writer. A stack whose update was cut is recorded as incomplete, with
//! the template that it had before, so that the next plan shows the same changes again.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    files::{self, Files},
    resources::Record,
};
use crate::{
    Error,
    mutex::lock,
    state::{Deployed, DeployedStack, StateFile},
};

/// The resources of one stack, in the order in which they were put.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct StackRecord {
    pub(super) name: String,
    pub(super) resources: Vec<Record>,
}

/// Both files.
pub(super) struct Records {
    files: Files,
    stacks: Mutex<Vec<StackRecord>>,
    /// Held while the file with what is deployed is read and written again.
    state: Mutex<StateFile>,
}

impl Records {
    /// What is recorded in the folder of a stage.
    pub(super) fn load(files: &Files) -> Result<Records, Error> {
        let stacks = files::read(&files.records()).map_err(|cause| {
            Error::failed(
                format!("The record of the resources, {}, cannot be read.", files.records().display()),
                "Put the file back from a copy; or start over: `cargo xtask destroy --stage local`, then deploy again.",
            )
            .because(cause)
        })?;
        Ok(Records {
            files: files.clone(),
            stacks: Mutex::new(stacks.unwrap_or_default()),
            state: Mutex::new(StateFile::new(files.state())),
        })
    }

    /// All stacks, in the order in which they were first put.
    pub(super) fn stacks(&self) -> Vec<StackRecord> {
        lock(&self.stacks).clone()
    }

    /// The resources of a stack.
    pub(super) fn of(&self, stack: &str) -> Vec<Record> {
        let stacks = lock(&self.stacks);
        let found = stacks.iter().find(|record| record.name == stack);
        found
            .map(|record| record.resources.clone())
            .unwrap_or_default()
    }

    /// Replaces the resources of a stack; `None` forgets the stack.
    pub(super) fn put(&self, stack: &str, resources: Option<Vec<Record>>) -> Result<(), Error> {
        let mut stacks = lock(&self.stacks);
        match resources {
            Some(resources) => match stacks.iter_mut().find(|record| record.name == stack) {
                Some(record) => record.resources = resources,
                None => stacks.push(StackRecord {
                    name: stack.to_owned(),
                    resources,
                }),
            },
            None => stacks.retain(|record| record.name != stack),
        }
        files::write(&self.files.records(), &*stacks)
            .map_err(|cause| unwritable(&self.files, cause))
    }

    /// Records that a stack is being changed. What was recorded of it stays.
    pub(super) fn begin(&self, stack: &str) -> Result<(), Error> {
        self.change(|deployed| {
            let entry = deployed.stacks.entry(stack.to_owned());
            let nothing = DeployedStack {
                template: json!({}),
                parameters: BTreeMap::new(),
                outputs: BTreeMap::new(),
                complete: false,
            };
            entry.or_insert(nothing).complete = false;
        })
    }

    /// Records what a stack is now.
    pub(super) fn complete(&self, stack: &str, as_it_is: DeployedStack) -> Result<(), Error> {
        self.change(|deployed| drop(deployed.stacks.insert(stack.to_owned(), as_it_is)))
    }

    /// Forgets a stack.
    pub(super) fn forget(&self, stack: &str) -> Result<(), Error> {
        self.put(stack, None)?;
        self.change(|deployed| drop(deployed.stacks.remove(stack)))
    }

    /// Changes the file with what is deployed.
    pub(super) fn change(&self, change: impl FnOnce(&mut Deployed)) -> Result<(), Error> {
        let file: MutexGuard<'_, StateFile> = lock(&self.state);
        let before = file.load()?;
        let mut after = before.clone();
        change(&mut after);
        if after == before {
            Ok(())
        } else {
            file.save(&after)
        }
    }
}

fn unwritable(files: &Files, cause: std::io::Error) -> Error {
    Error::failed(
        format!("The record of the resources, {}, cannot be written.", files.records().display()),
        "Make room on the disk and check the permissions of the folder, then run the same command again.",
    )
    .because(cause)
}
