//! Networks: there are none on this machine. They are accepted and have ids, because functions and
//! databases name them.

use async_trait::async_trait;
use serde_json::json;

use super::{Made, Provider, PutRequest, RunningStage};

/// A resource of which only the id matters.
pub(super) struct Named {
    properties: &'static [&'static str],
    prefix: &'static str,
    attributes: &'static [Attribute],
}

/// What such a resource gives besides its id.
enum Attribute {
    /// Its id again, under this name.
    Id(&'static str),
    /// A property again, under this name.
    Property(&'static str),
    /// The IPv6 block that AWS would have given.
    Ipv6Blocks(&'static str),
}

use Attribute::{Id, Ipv6Blocks, Property};

pub(super) const VPC: Named = Named {
    properties: &[
        "CidrBlock",
        "EnableDnsHostnames",
        "EnableDnsSupport",
        "InstanceTenancy",
        "Tags",
    ],
    prefix: "vpc-",
    attributes: &[
        Id("VpcId"),
        Property("CidrBlock"),
        Ipv6Blocks("Ipv6CidrBlocks"),
    ],
};
pub(super) const VPC_CIDR_BLOCK: Named = Named {
    properties: &["AmazonProvidedIpv6CidrBlock", "CidrBlock", "VpcId"],
    prefix: "vpc-cidr-assoc-",
    attributes: &[Id("Id")],
};
pub(super) const SUBNET: Named = Named {
    properties: &[
        "AssignIpv6AddressOnCreation",
        "AvailabilityZone",
        "CidrBlock",
        "Ipv6CidrBlock",
        "MapPublicIpOnLaunch",
        "Tags",
        "VpcId",
    ],
    prefix: "subnet-",
    attributes: &[Id("SubnetId"), Property("AvailabilityZone")],
};
pub(super) const ROUTE_TABLE: Named = Named {
    properties: &["Tags", "VpcId"],
    prefix: "rtb-",
    attributes: &[Id("RouteTableId")],
};
pub(super) const ROUTE: Named = Named {
    properties: &[
        "DestinationCidrBlock",
        "DestinationIpv6CidrBlock",
        "EgressOnlyInternetGatewayId",
        "GatewayId",
        "NatGatewayId",
        "RouteTableId",
    ],
    prefix: "r-",
    attributes: &[],
};
pub(super) const SUBNET_ROUTE_TABLE_ASSOCIATION: Named = Named {
    properties: &["RouteTableId", "SubnetId"],
    prefix: "rtbassoc-",
    attributes: &[Id("Id")],
};
pub(super) const EGRESS_ONLY_INTERNET_GATEWAY: Named = Named {
    properties: &["Tags", "VpcId"],
    prefix: "eigw-",
    attributes: &[Id("Id")],
};
pub(super) const SECURITY_GROUP: Named = Named {
    properties: &[
        "GroupDescription",
        "GroupName",
        "SecurityGroupEgress",
        "SecurityGroupIngress",
        "Tags",
        "VpcId",
    ],
    prefix: "sg-",
    attributes: &[Id("GroupId"), Id("Id"), Property("VpcId")],
};

#[async_trait]
impl Provider for Named {
    fn properties(&self) -> &'static [&'static str] {
        self.properties
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let id = request.id(running, self.prefix);
        let mut made = Made::new(&id);
        for attribute in self.attributes {
            made = match attribute {
                Id(name) => made.with(name, id.as_str()),
                Property(name) => made.with(name, request.properties[name].clone()),
                Ipv6Blocks(name) => made.with(name, json!(["fd00::/56"])),
            };
        }
        Ok(made)
    }
}
