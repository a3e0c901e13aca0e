//! `cargo xtask prices`: the price table of `cost`.

use clap::{Args, Subcommand};
use deployer::{Error, connect::HAS_AWS, cost::offers};
use serde_json::json;

use crate::{context::Context, show::table::table, ui::plural, with_aws::with_aws};

/// Keeps the price table that `cost` counts with, deployer/prices.
#[derive(Args)]
pub(crate) struct Prices {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Refresh(Refresh),
}

/// Reads AWS's bulk offer files and writes their prices into deployer/prices.
///
/// deployer/prices/offers.json says by which usage type and attributes each price is found. Each must fit
/// exactly one SKU; when one fits none or several, all of them are named and no file is changed. A price
/// has its SKU and the day of the offer, and sources.json the version and SHA-256 of the offer file.
/// Prices without a selector stay as they are.
#[derive(Args)]
struct Refresh {
    /// Where the offers are, in place of AWS.
    #[arg(long, value_name = "URL", default_value = offers::OFFERS_URL)]
    from: String,
}

impl Prices {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let What::Refresh(refresh) = self.what;
        let progress = context.ui.progress();
        // TLS is compiled in with AWS.
        if !HAS_AWS && refresh.from.starts_with("https:") {
            return Err(with_aws(&context.project, &progress).await);
        }
        let refreshed = context
            .interrupt
            .or(offers::refresh(&context.project, &refresh.from, &progress))
            .await?;
        let rows: Vec<Vec<String>> = refreshed
            .changes
            .iter()
            .map(|change| {
                vec![
                    change.region.clone(),
                    format!("{} {}", change.service, change.key),
                    format!("{} -> {}", change.before, change.after),
                ]
            })
            .collect();
        let text = format!(
            "{}{} of {} changed; {} without a selector stay as they are.\n",
            table(&rows),
            plural(refreshed.changes.len(), "price"),
            refreshed.compared,
            refreshed.unread.len()
        );
        context.ui.answer(&json!(refreshed), &text);
        Ok(0)
    }
}
