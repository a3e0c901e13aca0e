//! `cargo xtask alarms`: the alarms of a stage.

use std::time::Duration;

use clap::Args;
use deployer::{
    Error,
    alarms::{Alarm, AlarmState, count},
    stage::Stage,
    target::Target,
};
use serde_json::json;

use crate::{
    context::Context,
    show::{self, alarms::Shown},
};

/// How often `--watch` looks: on this machine, and on AWS, where CloudWatch evaluates each minute and
/// bills each look.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const LOOK_EVERY_ON_AWS: Duration = Duration::from_secs(60);

/// Shows the alarms of a stage: state, since when, value, threshold, the last three hours.
///
/// The raised ones come first, with what is wrong and what to do. Alarms that never had enough data are
/// counted on one line; `--all` or their names show them. Exit code 1 when any is raised, so that
/// a script can wait for or refuse it.
///
/// On `local`, the supervisor evaluates the alarms of the templates by CloudWatch's rules, from what the
/// functions, the gateway and the database report here. On AWS, CloudWatch is asked.
#[derive(Args)]
pub(crate) struct Alarms {
    /// Alarms by their names, or parts of them; none: all.
    #[arg(value_name = "ALARM")]
    names: Vec<String>,
    /// A line for each alarm, also for those that have no data point.
    #[arg(long, conflicts_with = "history")]
    all: bool,
    /// The stage.
    #[arg(long)]
    stage: String,
    /// The changes of their states instead, the newest first.
    #[arg(long)]
    history: bool,
    /// Continue with a line for each change until Ctrl-C.
    #[arg(long, conflicts_with = "history")]
    watch: bool,
}

impl Alarms {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        let target = context.target(&stage).await?;
        if self.history {
            return self.changes(context, &stage, &*target).await;
        }
        let alarms = context.interrupt.or(self.read(&stage, &*target)).await?;
        let paint = context.ui.data_paint();
        let shown = match (self.names.is_empty(), self.all) {
            (false, _) => Shown::InDetail,
            (true, true) => Shown::All,
            (true, false) => Shown::WithData,
        };
        let text = show::alarms::text(stage.name(), &alarms, shown, paint);
        let raised = count(&alarms, AlarmState::Alarm);
        let value = json!({"stage": stage.name(), "raised": raised, "alarms": alarms});
        context.ui.answer(&value, &text);
        if self.watch {
            return self.watch(context, &stage, &*target, alarms).await;
        }
        Ok(u8::from(raised > 0))
    }

    fn is_named(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|part| name.contains(part.as_str()))
    }

    async fn read(&self, stage: &Stage, target: &dyn Target) -> Result<Vec<Alarm>, Error> {
        let mut alarms = target.alarms().await?;
        let name = stage.name();
        if alarms.is_empty() {
            return Err(Error::failed(
                format!("The stage `{name}` has no alarms: its stack `ops` is not deployed."),
                format!("`cargo xtask deploy --stage {name}`"),
            ));
        }
        let names = alarms.iter().map(|alarm| alarm.name.as_str());
        self.assert_known(name, &names.collect::<Vec<_>>())?;
        alarms.retain(|alarm| self.is_named(&alarm.name));
        alarms.sort_by(|one, other| (one.state, &one.name).cmp(&(other.state, &other.name)));
        Ok(alarms)
    }

    /// Each name that was asked for is in one of `known`.
    fn assert_known(&self, stage: &str, known: &[&str]) -> Result<(), Error> {
        let is_known = |part: &&String| known.iter().any(|name| name.contains(part.as_str()));
        match self.names.iter().find(|part| !is_known(part)) {
            None => Ok(()),
            Some(unknown) => Err(Error::usage(
                format!("The stage `{stage}` has no alarm `{unknown}`."),
                format!("`cargo xtask alarms --all --stage {stage}` lists them."),
            )),
        }
    }

    async fn changes(
        &self,
        context: &Context,
        stage: &Stage,
        target: &dyn Target,
    ) -> Result<u8, Error> {
        let mut changes = context.interrupt.or(target.alarm_changes()).await?;
        let changed = changes.iter().map(|change| change.alarm.as_str());
        if self
            .assert_known(stage.name(), &changed.collect::<Vec<_>>())
            .is_err()
        {
            // One that never changed its state is an alarm, too; one that was removed may have a history.
            context.interrupt.or(self.read(stage, target)).await?;
        }
        changes.retain(|change| self.is_named(&change.alarm));
        let text = show::alarms::changes(&changes, context.ui.data_paint());
        let value = json!({"stage": stage.name(), "changes": changes});
        context.ui.answer(&value, &text);
        Ok(0)
    }

    /// Looks again and again. Ctrl-C is how it ends; the exit code is that of the last look.
    async fn watch(
        &self,
        context: &Context,
        stage: &Stage,
        target: &dyn Target,
        mut before: Vec<Alarm>,
    ) -> Result<u8, Error> {
        let pause = match stage.is_local() {
            true => LOOK_EVERY,
            false => LOOK_EVERY_ON_AWS,
        };
        loop {
            let look = async {
                tokio::time::sleep(pause).await;
                self.read(stage, target).await
            };
            let alarms = tokio::select! {
                alarms = context.interrupt.or(look) => alarms,
                () = context.ui.reader_gone() => return Ok(0),
            };
            if context.interrupt.is_set() {
                return Ok(u8::from(count(&before, AlarmState::Alarm) > 0));
            }
            let alarms = alarms?;
            for alarm in &alarms {
                let earlier = before.iter().find(|earlier| earlier.name == alarm.name);
                let earlier = earlier.map(|earlier| earlier.state);
                if earlier != Some(alarm.state) {
                    let value = json!({"stage": stage.name(), "from": earlier, "alarm": alarm});
                    let paint = context.ui.data_paint();
                    context
                        .ui
                        .answer(&value, &show::alarms::change(alarm, earlier, paint));
                }
            }
            before = alarms;
        }
    }
}
