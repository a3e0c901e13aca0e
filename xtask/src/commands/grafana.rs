//! `cargo xtask grafana`: the dashboard of a stage for Grafana.

use clap::Args;
use deployer::Error;

use crate::context::Context;

/// Writes the dashboard of a stage for Grafana, as JSON.
///
/// It has the same graphs as CloudWatch's dashboard `miyabi-STAGE-operations`, which are those of the
/// stack `ops`. Import it in Grafana (Dashboards, New, Import), choose a CloudWatch data source, and
/// choose the APIs, the database and the cache of the stage at the top. Nobody is asked, and nothing has
/// to be deployed.
#[derive(Args)]
pub(crate) struct Grafana {
    /// The stage.
    #[arg(long)]
    stage: String,
}

impl Grafana {
    pub(crate) fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        if stage.is_local() {
            return Err(Error::usage(
                "The metrics of the stage `local` are not in CloudWatch, where Grafana would read them.",
                "Its graphs are at `/_ops` of the site: `cargo xtask outputs --stage local` has the address.",
            ));
        }
        let dashboard = stacks::grafana_dashboard(stage.settings());
        let text = serde_json::to_string_pretty(&dashboard).unwrap_or_default();
        context.ui.answer(&dashboard, &text);
        Ok(0)
    }
}
