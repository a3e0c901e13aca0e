//! A target that writes down what it is asked to do, in place of a cloud: for tests of what drives a
//! target.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};

use async_trait::async_trait;

use crate::{
    Error,
    alarms::{Alarm, AlarmChange},
    asset::Asset,
    database::DatabaseLogin,
    drift::Drift,
    interrupt::Interrupt,
    lease::{Lease, LeaseHolder},
    plan::StackPlan,
    progress::Progress,
    site::SiteFile,
    source::{FailedDeploy, Source},
    state::{Deployed, DeployedStack},
    target::{
        BackgroundInvoke, CallStats, DatabaseProcess, Functions, Invocation, Leases, LogLine,
        LogQuery, ManagedDatabase, Observe, Preview, Records, Releases, ResourceStatus, Secrets,
        Spending, StackRollback, Stacks, StageId, Target, Teardown, Upkeep, Uploaded,
    },
};

/// Writes down each call. The stack named by `fails` fails; the one named by `interrupts` sets the
/// interrupt while it is applied or deleted.
#[derive(Debug, Default)]
pub(crate) struct Diary {
    pub(crate) lines: RefCell<Vec<String>>,
    pub(crate) deployed: Deployed,
    pub(crate) at_once: Rc<Cell<usize>>,
    pub(crate) most_at_once: Cell<usize>,
    pub(crate) fails: Option<&'static str>,
    pub(crate) interrupts: Option<(&'static str, Interrupt)>,
    /// What happened to its leases.
    pub(crate) leases: Rc<RefCell<Vec<&'static str>>>,
    pub(crate) release_fails: bool,
    /// Values of secrets by the ends of their names.
    pub(crate) secrets: RefCell<BTreeMap<String, String>>,
    /// The last deploy, when it failed.
    pub(crate) failed: RefCell<Option<FailedDeploy>>,
}

impl Diary {
    fn note(&self, line: impl Into<String>) {
        self.lines.borrow_mut().push(line.into());
    }

    fn interrupt_at(&self, stack: &str) {
        if let Some((name, interrupt)) = &self.interrupts
            && *name == stack
        {
            interrupt.set();
        }
    }
}

impl Target for Diary {
    fn id(&self) -> StageId {
        StageId {
            stage: "local".to_owned(),
            account: "000000000000".to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: None,
        }
    }
    fn releases(&self) -> Option<&dyn Releases> {
        None
    }
    fn stack_rollback(&self) -> Option<&dyn StackRollback> {
        None
    }
    fn preview(&self) -> Option<&dyn Preview> {
        None
    }
    fn background(&self) -> Option<&dyn BackgroundInvoke> {
        None
    }
    fn call_stats(&self) -> Option<&dyn CallStats> {
        None
    }
    fn upkeep(&self) -> Option<&dyn Upkeep> {
        None
    }

    fn spending(&self) -> Option<&dyn Spending> {
        None
    }

    fn database_process(&self) -> Option<&dyn DatabaseProcess> {
        None
    }

    fn managed_database(&self) -> Option<&dyn ManagedDatabase> {
        None
    }

    #[cfg(feature = "aws")]
    fn as_aws(&self) -> Option<&crate::aws::Aws> {
        None
    }
}

/// The lease of a [`Diary`].
#[derive(Debug)]
struct NotedLease {
    notes: Rc<RefCell<Vec<&'static str>>>,
    fails: bool,
}

#[async_trait(?Send)]
impl Lease for NotedLease {
    async fn release(self: Box<Self>) -> Result<(), Error> {
        self.notes.borrow_mut().push("released");
        let fails = self.fails;
        std::mem::forget(self);
        if fails {
            return Err(Error::failed(
                "The lease cannot be released.",
                "Wait for its end.",
            ));
        }
        Ok(())
    }
}

impl Drop for NotedLease {
    fn drop(&mut self) {
        self.notes.borrow_mut().push("dropped");
    }
}

#[async_trait(?Send)]
impl Leases for Diary {
    async fn lease(&self, _: &LeaseHolder) -> Result<Box<dyn Lease>, Error> {
        self.leases.borrow_mut().push("taken");
        Ok(Box::new(NotedLease {
            notes: self.leases.clone(),
            fails: self.release_fails,
        }))
    }
}

#[async_trait(?Send)]
impl Records for Diary {
    async fn deployed(&self) -> Result<Deployed, Error> {
        let failed_deploy = self.failed.borrow().clone();
        Ok(Deployed {
            failed_deploy,
            ..self.deployed.clone()
        })
    }
    async fn known_parameters(&self) -> Result<BTreeMap<String, String>, Error> {
        Ok(BTreeMap::new())
    }
    async fn source(&self) -> Result<Option<Source>, Error> {
        Ok(None)
    }
    async fn record_source(&self, _: &Source) -> Result<(), Error> {
        self.note("record source");
        self.failed.replace(None);
        Ok(())
    }
    async fn record_failed_deploy(&self, failed: Option<&FailedDeploy>) -> Result<(), Error> {
        self.failed.replace(failed.cloned());
        Ok(())
    }
    async fn record_migrations(&self, _: &BTreeMap<i64, String>) -> Result<(), Error> {
        self.note("record migrations");
        Ok(())
    }
}

#[async_trait(?Send)]
impl Stacks for Diary {
    fn check(&self, _: &[StackPlan]) -> Result<(), Error> {
        Ok(())
    }
    async fn assert_room_for(&self, _: &[StackPlan]) -> Result<(), Error> {
        Ok(())
    }
    async fn prepare(&self, _: &Progress) -> Result<(), Error> {
        self.note("prepare");
        Ok(())
    }
    async fn has_asset(&self, _: &Asset) -> Result<bool, Error> {
        Ok(false)
    }
    async fn upload(&self, asset: &Asset) -> Result<Uploaded, Error> {
        self.note(format!("upload {}", asset.key));
        Ok(Uploaded::Sent)
    }
    async fn apply_stack(
        &self,
        stack: &StackPlan,
        parameters: &BTreeMap<String, String>,
        _: &Progress,
    ) -> Result<DeployedStack, Error> {
        self.at_once.set(self.at_once.get() + 1);
        self.most_at_once
            .set(self.most_at_once.get().max(self.at_once.get()));
        tokio::task::yield_now().await;
        self.at_once.set(self.at_once.get() - 1);
        self.note(format!("apply {} {parameters:?}", stack.name));
        if self.fails == Some(stack.name.as_str()) {
            return Err(Error::failed(format!("{} failed", stack.name), "try again"));
        }
        self.interrupt_at(&stack.name);
        Ok(DeployedStack {
            template: stack.template.clone(),
            parameters: parameters.clone(),
            outputs: BTreeMap::from([
                ("Id".to_owned(), format!("{}-id", stack.name)),
                (
                    format!("{}Url", stack.name),
                    "http://127.0.0.1:1".to_owned(),
                ),
            ]),
            complete: true,
        })
    }
    async fn delete_stack(&self, stack: &str, _: &Progress) -> Result<(), Error> {
        self.note(format!("delete {stack}"));
        self.interrupt_at(stack);
        Ok(())
    }
    async fn put_site(&self, _: &str, _: &[SiteFile], _: &str) -> Result<(), Error> {
        self.note("site");
        Ok(())
    }
}

#[async_trait(?Send)]
impl Functions for Diary {
    async fn invoke(&self, function: &str, payload: &[u8]) -> Result<Invocation, Error> {
        self.note(format!(
            "invoke {function} {}",
            String::from_utf8_lossy(payload)
        ));
        Ok(Invocation {
            function_error: None,
            payload: br#"{"applied": [], "pending": [], "schema_version": 3}"#.to_vec(),
            executed_version: "1".to_owned(),
        })
    }
}

#[async_trait(?Send)]
impl Observe for Diary {
    async fn status(&self) -> Result<Vec<ResourceStatus>, Error> {
        Ok(Vec::new())
    }
    async fn drift(&self, _: Option<&[String]>, _: std::time::Duration) -> Result<Drift, Error> {
        Ok(Drift::default())
    }
    async fn alarms(&self) -> Result<Vec<Alarm>, Error> {
        Ok(Vec::new())
    }
    async fn alarm_changes(&self) -> Result<Vec<AlarmChange>, Error> {
        Ok(Vec::new())
    }
    async fn database_login(&self) -> Result<Option<DatabaseLogin>, Error> {
        Ok(None)
    }
    async fn logs(&self, _: &LogQuery, _: &mut dyn FnMut(Vec<LogLine>)) -> Result<(), Error> {
        Ok(())
    }
}

#[async_trait(?Send)]
impl Teardown for Diary {
    async fn note_retained(&self) -> Result<(), Error> {
        Ok(())
    }
    async fn destroy(&self, _: &Progress) -> Result<(), Error> {
        self.note("destroy");
        Ok(())
    }
}

#[async_trait(?Send)]
impl Secrets for Diary {
    async fn secret(&self, name: &str) -> Result<Option<String>, Error> {
        Ok(self.secrets.borrow().get(name).cloned())
    }
    async fn put_secret(&self, name: &str, value: &str) -> Result<(), Error> {
        self.note(format!("put secret {name}"));
        let mut secrets = self.secrets.borrow_mut();
        secrets.insert(name.to_owned(), value.to_owned());
        Ok(())
    }
    async fn send_origin_secret(&self, _: &Progress) -> Result<(), Error> {
        self.note("send origin secret");
        Ok(())
    }
}
