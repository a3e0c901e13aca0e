//! Lambda: requests, GB-seconds, and environments that are kept started
//! (<https://aws.amazon.com/lambda/pricing/>).

use super::super::{
    bill::{Bill, Charge, Context},
    decimal::Decimal,
    inventory::Resource,
    load::SECONDS_PER_MONTH,
    prices::Unit,
};

const SERVICE: &str = "AWSLambda";

/// The memory of a function that says nothing, MB.
const DEFAULT_MEMORY: u64 = 128;

/// Invocations and the time that they take.
pub(super) fn function<'a>(resource: &Resource<'a>, context: &Context<'a>, bill: &mut Bill) {
    let Some(function) = context.inventory.function_at(resource) else {
        return;
    };
    let invocations = match context.load.invocations(function) {
        Ok(invocations) => invocations,
        Err(why) => {
            bill.unknown(resource, "invocations", why);
            return;
        }
    };
    // An account has nothing free for functions with environments that are kept started.
    let free_tier = function.provisioned == 0;
    let requests = Charge {
        what: "invocations".to_owned(),
        service: SERVICE,
        key: "requests".to_owned(),
        unit: Unit::Requests,
        quantity: invocations.into(),
        free_tier,
    };
    bill.charge(resource, requests);
    let milliseconds = invocations.saturating_mul(u64::from(context.load.assumed.duration_ms));
    let used = memory(resource).times(Decimal::ratio(milliseconds, 1000));
    // As if requests came evenly: what the environments that are kept started can do, they do.
    let kept = kept(resource, function.provisioned);
    let by_kept = used.min(kept);
    let architecture = architecture(resource);
    let duration = |what: &str, key: &str, quantity: Decimal, free_tier: bool| Charge {
        what: what.to_owned(),
        service: SERVICE,
        key: format!("{architecture}.{key}"),
        unit: Unit::GbSeconds,
        quantity,
        free_tier,
    };
    if function.provisioned > 0 {
        let what = "duration in environments that are kept started";
        bill.charge(
            resource,
            duration(what, "provisioned_duration", by_kept, false),
        );
    }
    bill.charge(
        resource,
        duration("duration", "duration", used - by_kept, free_tier),
    );
    if resource
        .number("/EphemeralStorage/Size")
        .is_some_and(|size| size > 512)
    {
        bill.unknown(
            resource,
            "temporary storage beyond 512 MB",
            "the price table has none",
        );
    }
}

/// Environments that are kept started, by the hour, used or not.
pub(super) fn alias<'a>(resource: &Resource<'a>, context: &Context<'a>, bill: &mut Bill) {
    let config = "/ProvisionedConcurrencyConfig/ProvisionedConcurrentExecutions";
    let count = resource.number(config).unwrap_or_default();
    let Some(function) = context
        .inventory
        .function_of(resource)
        .filter(|_| count > 0)
    else {
        return;
    };
    let architecture = architecture(&function.resource);
    bill.charge(
        resource,
        Charge {
            what: format!("{count} of `{}` kept started", function.name),
            service: SERVICE,
            key: format!("{architecture}.provisioned_concurrency"),
            unit: Unit::GbSeconds,
            quantity: kept(&function.resource, count),
            free_tier: false,
        },
    );
}

/// GB-seconds of so many environments for a month.
fn kept(function: &Resource<'_>, count: u64) -> Decimal {
    memory(function).times(count.saturating_mul(SECONDS_PER_MONTH))
}

/// GB of memory.
fn memory(function: &Resource<'_>) -> Decimal {
    Decimal::ratio(
        function.number("/MemorySize").unwrap_or(DEFAULT_MEMORY),
        1024,
    )
}

/// As the price table calls it. Lambda's own default is x86_64.
fn architecture(function: &Resource<'_>) -> &'static str {
    match function.text("/Architectures/0") {
        Some("arm64") => "arm64",
        _ => "x86",
    }
}
