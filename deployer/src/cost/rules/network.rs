//! The VPC and what leaves it (<https://aws.amazon.com/vpc/pricing/>), and certificates.

use serde_json::Value;

use super::super::{
    bill::{Bill, Charge, Context},
    inventory::Resource,
    load::HOURS_PER_MONTH,
    prices::Unit,
};

const SERVICE: &str = "AmazonVPC";

fn hours(what: &str, key: &str, count: u64) -> Charge {
    Charge {
        what: what.to_owned(),
        service: SERVICE,
        key: key.to_owned(),
        unit: Unit::Hours,
        quantity: count.saturating_mul(HOURS_PER_MONTH).into(),
        free_tier: true,
    }
}

/// A NAT gateway by the hour.
pub(super) fn nat_gateway<'a>(resource: &Resource<'a>, _: &Context<'a>, bill: &mut Bill) {
    bill.charge(resource, hours("NAT gateway", "nat_gateway.hour", 1));
    let why = "it depends on what the functions send over IPv4";
    bill.unpriced(
        resource,
        "traffic through it",
        SERVICE,
        "nat_gateway.gb",
        why,
    );
}

/// A public IPv4 address, used or not.
pub(super) fn address<'a>(resource: &Resource<'a>, _: &Context<'a>, bill: &mut Bill) {
    bill.charge(resource, hours("public IPv4 address", "public_ipv4", 1));
}

/// A gateway endpoint is free; an interface endpoint costs by the hour and zone.
pub(super) fn endpoint<'a>(resource: &Resource<'a>, _: &Context<'a>, bill: &mut Bill) {
    match resource.text("/VpcEndpointType") {
        Some("Interface") => {
            let subnets = resource.at("/SubnetIds").and_then(Value::as_array);
            let zones = subnets.map_or(1, |subnets| subnets.len() as u64);
            bill.charge(
                resource,
                hours("endpoint", "interface_endpoint.hour", zones),
            );
            let why = "it depends on what the functions send to that service";
            let key = "interface_endpoint.gb";
            bill.unpriced(resource, "traffic through it", SERVICE, key, why);
        }
        // The default: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-vpcendpoint.html
        Some("Gateway") | None => (),
        Some(_) => bill.unknown(
            resource,
            "endpoint",
            "the price table has no endpoints of its kind",
        ),
    }
}

/// The VPC itself is free; what crosses zones inside of it is not.
pub(super) fn vpc<'a>(resource: &Resource<'a>, _: &Context<'a>, bill: &mut Bill) {
    let why = "the price table has no price, and where AWS starts the functions is not known";
    bill.unknown(resource, "traffic between availability zones", why);
}

/// Free by the table.
pub(super) fn egress_only_gateway<'a>(resource: &Resource<'a>, _: &Context<'a>, bill: &mut Bill) {
    bill.charge(resource, hours("egress-only gateway", "egress_only_igw", 1));
}

/// Public certificates are free by the table.
pub(super) fn certificate<'a>(resource: &Resource<'a>, _: &Context<'a>, bill: &mut Bill) {
    bill.charge(
        resource,
        Charge {
            what: "public certificate".to_owned(),
            service: "ACM",
            key: "public_certificate".to_owned(),
            unit: Unit::Months,
            quantity: 1.into(),
            free_tier: true,
        },
    );
}
