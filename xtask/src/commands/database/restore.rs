//! `cargo xtask database restore`: a new instance from a snapshot or a moment, by the template.

use clap::Args;
use deployer::{
    Error,
    database_origin::RestoreSource,
    deployment::Deployment,
    lease::LeaseHolder,
    restore,
    stage::Stage,
    target::{ManagedDatabase, Target},
};
use serde_json::json;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    approval::{ApprovalOptions, approve},
    context::Context,
    show,
};

/// Replaces the database by one that is restored from a snapshot or a moment.
///
/// By the template: CloudFormation makes a new instance, the functions get its address, the schema is
/// brought up to date, and every later deploy keeps it. What was written since is not in the new
/// instance. The former instance leaves a snapshot; a protected one stays and is named. The name of the
/// stage is asked for, as for any loss of data.
#[derive(Args)]
pub(crate) struct Restore {
    /// The name of a snapshot, as `snapshots` lists it.
    #[arg(long, value_name = "NAME", conflicts_with = "to")]
    snapshot: Option<String>,
    /// A moment, RFC 3339: `2026-11-26T12:00:00Z`; or `latest`, the latest that there is.
    #[arg(long, value_name = "TIME", required_unless_present = "snapshot")]
    to: Option<String>,
    #[command(flatten)]
    approvals: ApprovalOptions,
    /// The name of the stage, as the question would have it typed.
    #[arg(long, value_name = "STAGE")]
    confirm: Option<String>,
}

impl Restore {
    pub(crate) async fn run(
        self,
        context: &Context,
        stage: &Stage,
        target: &dyn Target,
        database: &dyn ManagedDatabase,
    ) -> Result<u8, Error> {
        let holder = LeaseHolder::this_process("database restore");
        let progress = context.ui.progress();
        let deployment =
            Deployment::begin(target, stage, &holder, &progress, &context.interrupt).await?;
        let (before, now) = deployment
            .run(async |deployment| self.restore(context, stage, deployment, database).await)
            .await?;
        let left = database.is_left(&before).await?;
        if left {
            context.ui.warn(&former(stage, &before));
        }
        let value = json!({
            "stage": stage.name(),
            "database": now,
            "before": before,
            "before_is_left": left,
        });
        let text =
            format!("Restored: the database is now `{now}`, and every later deploy keeps it.");
        context.ui.answer(&value, &text);
        Ok(0)
    }

    /// The instance before and the one after.
    async fn restore(
        &self,
        context: &Context,
        stage: &Stage,
        deployment: &Deployment<'_>,
        database: &dyn ManagedDatabase,
    ) -> Result<(String, String), Error> {
        let before = database.instance().await?;
        let source = self.source(stage, database).await?;
        let target = deployment.target();
        let plan = restore::plan(target, &context.project, stage, &source).await?;
        context
            .ui
            .say(&show::plan::text(&plan, false, context.ui.talk_paint()));
        let mut given = self.approvals.given();
        given.typed_name.clone_from(&self.confirm);
        let from = match (&self.snapshot, &self.to) {
            (Some(name), _) => format!("--snapshot {name}"),
            (None, to) => format!("--to {}", to.as_deref().unwrap_or("latest")),
        };
        let command = format!(
            "cargo xtask database --stage {} restore {from}",
            stage.name()
        );
        let approval = approve(context, plan, given, &command);
        let approved = context.interrupt.or(approval).await?;
        deployment
            .deploy(&approved, &deployment.smoke_test())
            .await?;
        Ok((before, database.instance().await?))
    }

    /// Where from, after a look whether that is there.
    async fn source(
        &self,
        stage: &Stage,
        database: &dyn ManagedDatabase,
    ) -> Result<RestoreSource, Error> {
        match (&self.snapshot, self.to.as_deref().unwrap_or("latest")) {
            (Some(name), _) => database.snapshot_to_restore(name).await,
            (None, "latest") => database.moment_to_restore(None).await,
            (None, text) => {
                let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
                    Error::usage(
                        format!("`{text}` is not a moment."),
                        format!(
                            "Give RFC 3339: `cargo xtask database --stage {} restore --to 2026-11-26T12:00:00Z`, or `--to latest`",
                            stage.name()
                        ),
                    )
                })?;
                database.moment_to_restore(Some(at)).await
            }
        }
    }
}

fn former(stage: &Stage, instance: &str) -> String {
    let region = &stage.settings().region;
    format!(
        "The instance before, `{instance}`, is still there, since it is protected, and costs what it did. When its data may go: `aws rds modify-db-instance --region {region} --db-instance-identifier {instance} --no-deletion-protection --apply-immediately`, then `aws rds delete-db-instance --region {region} --db-instance-identifier {instance} --final-db-snapshot-identifier {instance}-final`"
    )
}
