//! What a stage costs: an estimate from its synthesized templates, the traffic that its stage file
//! assumes, and the vendored price table. It asks nobody, and needs no account.
//!
//! It is not a bill: prices are list prices before tax, and the traffic is assumed. What has no
//! price in the table, or no quantity that anything here can say, is named as unknown and never
//! counted as 0. The free tier is the account's, not the stage's, so it is shown apart and the
//! budget is compared without it.

mod actual;
mod bill;
mod change;
mod decimal;
mod estimate;
mod inventory;
mod limits;
mod load;
pub mod offers;
mod prices;
mod rules;
mod scale;

use std::collections::BTreeMap;

pub use actual::{ActualCost, ActualService, OtherCost, ServiceComparison};
pub use bill::Place;
pub use change::{CostChange, NewUnknown, ResourceCost, of_plan};
pub use decimal::Decimal;
pub use estimate::{
    Estimate, FreeTier, FreeType, Line, LinePrice, ServiceTotal, Unknown, UnknownKind,
};
pub use inventory::StackTemplate;
pub use limits::{Limit, LimitKind};
pub use load::{Load, Overrides, parse_count};
pub use prices::{Status, Unit};
pub use scale::{Difference, Part, Scale, scale};

use crate::{Error, project::Project, stage::Stage, synth, synth::SynthesizedTemplate};
use bill::{Bill, Context};
use inventory::Inventory;
use prices::Prices;
use rules::Rule;

/// The templates of a stage on AWS: its stacks and the bootstrap stack; none for `local`.
///
/// # Errors
///
/// When a template is wrong.
pub fn templates(project: &Project, stage: &Stage) -> Result<Vec<SynthesizedTemplate>, Error> {
    if stage.is_local() {
        return Ok(Vec::new());
    }
    let mut templates = synth::templates(project, stage, &[])?;
    let bootstrap = stacks::bootstrap::bootstrap(stage.settings(), None).map_err(|problems| {
        let list: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Error::failed(
            "The template of the bootstrap stack is wrong.",
            "Correct it in stacks/src/bootstrap.rs.",
        )
        .because(list.join("\n"))
    })?;
    templates.push(SynthesizedTemplate {
        stack: bootstrap.name().to_owned(),
        json: bootstrap.template(),
    });
    Ok(templates)
}

/// What these templates cost at the stage's traffic. Pure.
///
/// # Errors
///
/// When the price table cannot be read.
pub fn estimate(
    stage: &Stage,
    templates: &[StackTemplate<'_>],
    overrides: Overrides,
) -> Result<Estimate, Error> {
    let settings = stage.settings();
    let load = Load::new(&settings.cost.traffic, overrides);
    let inventory = Inventory::new(templates);
    let context = Context {
        inventory: &inventory,
        load: &load,
    };
    let mut bill = Bill::default();
    let mut free: BTreeMap<&str, (u64, &str)> = BTreeMap::new();
    for resource in inventory.iter() {
        match rules::rule(resource.kind) {
            Some(Rule::Priced(rule)) => rule(resource, &context, &mut bill),
            Some(Rule::Free(why)) => free.entry(resource.kind).or_insert((0, why)).0 += 1,
            Some(Rule::Unknown(why)) => bill.unknown(resource, "all of it", why),
            None => bill.unknown(resource, "all of it", "there is no price rule for its type"),
        }
    }
    let (lines, free_tier, unknown) = bill.settle(&Prices::of(&settings.region)?);
    Ok(Estimate {
        stage: stage.name().to_owned(),
        region: settings.region.clone(),
        is_local: stage.is_local(),
        is_for_emulators: settings.is_for_emulators(),
        services: by_service(&lines),
        total: lines.iter().map(|line| line.monthly).sum(),
        lines,
        free_tier,
        free_of_charge: free
            .into_iter()
            .map(|(resource_type, (count, why))| FreeType {
                resource_type: resource_type.to_owned(),
                count,
                why: why.to_owned(),
            })
            .collect(),
        unknown,
        budget: settings.cost.budget.map(|usd| u64::from(usd).into()),
        load,
    })
}

fn by_service(lines: &[Line]) -> Vec<ServiceTotal> {
    let mut sums: BTreeMap<&str, Decimal> = BTreeMap::new();
    for line in lines {
        let sum = sums.entry(&line.service).or_default();
        *sum = *sum + line.monthly;
    }
    let mut services: Vec<ServiceTotal> = sums
        .into_iter()
        .map(|(service, monthly)| ServiceTotal {
            service: service.to_owned(),
            monthly,
        })
        .collect();
    services.sort_by_key(|total| std::cmp::Reverse(total.monthly));
    services
}

/// The templates as [`estimate`] takes them.
pub fn borrowed(templates: &[SynthesizedTemplate]) -> Vec<StackTemplate<'_>> {
    templates
        .iter()
        .map(|template| StackTemplate {
            stack: &template.stack,
            template: &template.json,
        })
        .collect()
}

#[cfg(test)]
mod coverage_tests;
#[cfg(test)]
#[path = "cost/tests.rs"]
mod tests;
