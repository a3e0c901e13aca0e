//! The network: a VPC with two private dual-stack subnets and a way out to AWS's own services.

use cfn::{Handle, Intrinsic, List, Output, Stack, Value, ec2};

use crate::{Stage, identity::Identity, names::physical, stage::Egress};

/// What other stacks need of the network; empty where the stage has no VPC.
pub(crate) struct NetworkOutputs {
    /// Changes when the private subnets are replaced.
    pub(crate) identity: Identity,
    subnets: Vec<Output>,
    function_group: Option<Output>,
    database_group: Option<Output>,
}

impl NetworkOutputs {
    /// The private subnets, in a stack that lives in them.
    pub(crate) fn subnets(&self, stack: &mut Stack) -> List<Value<String>> {
        self.subnets
            .iter()
            .map(|subnet| stack.import(subnet))
            .collect()
    }

    /// The security group of the functions.
    pub(crate) fn function_groups(&self, stack: &mut Stack) -> List<Value<String>> {
        self.function_group
            .iter()
            .map(|group| stack.import(group))
            .collect()
    }

    /// The security group of database and cache.
    pub(crate) fn database_groups(&self, stack: &mut Stack) -> List<Value<String>> {
        self.database_group
            .iter()
            .map(|group| stack.import(group))
            .collect()
    }
}

const POSTGRES: i32 = 5432;
const VALKEY: i32 = 6379;

/// Everything between functions, database and AWS's own services.
pub(crate) fn network(stage: &Stage) -> (Stack, NetworkOutputs) {
    let mut stack = Stack::new("network", &format!("Miyabi {}: the network.", stage.name));
    if !stage.network.vpc {
        return (
            stack,
            NetworkOutputs {
                identity: Identity::default(),
                subnets: Vec::new(),
                function_group: None,
                database_group: None,
            },
        );
    }
    let vpc = ec2::VPC {
        cidr_block: Some(stage.network.cidr.clone().into()),
        enable_dns_hostnames: Some(true.into()),
        enable_dns_support: Some(true.into()),
        tags: Some([ec2::VPCTag::new("Name", physical(stage, "vpc"))].into()),
        ..Default::default()
    };
    let mut identity = Identity::default().and(&vpc);
    let vpc = stack.add("Vpc", vpc);
    let ipv6 = stack.add(
        "Ipv6Block",
        ec2::VPCCidrBlock {
            amazon_provided_ipv6_cidr_block: Some(true.into()),
            ..ec2::VPCCidrBlock::new(vpc.reference())
        },
    );
    let table = stack.add("PrivateRoutes", ec2::RouteTable::new(vpc.reference()));
    let private: Vec<_> = (0..2)
        .map(|zone| {
            let name = ["PrivateSubnetA", "PrivateSubnetB"][zone];
            let subnet = subnet(stage, &vpc, zone, zone, name);
            identity = std::mem::take(&mut identity).and(&subnet);
            let subnet = stack.add(name, subnet);
            stack.depends_on(&subnet, &ipv6);
            stack.add(
                format!("{name}Routes"),
                ec2::SubnetRouteTableAssociation::new(table.reference(), subnet.reference()),
            );
            subnet
        })
        .collect();
    let egress = stack.add(
        "EgressGateway",
        ec2::EgressOnlyInternetGateway::new(vpc.reference()),
    );
    stack.add(
        "EgressRoute",
        ec2::Route {
            destination_ipv6_cidr_block: Some("::/0".into()),
            egress_only_internet_gateway_id: Some(egress.reference().into()),
            ..ec2::Route::new(table.reference())
        },
    );
    if stage.network.egress == Egress::NatGateway {
        nat(&mut stack, stage, &vpc, &ipv6, &table);
    }

    let (functions, database) = security_groups(&mut stack, stage, &vpc);
    let outputs = NetworkOutputs {
        identity,
        subnets: private
            .iter()
            .enumerate()
            .map(|(zone, subnet)| {
                stack.output(
                    ["privateSubnetA", "privateSubnetB"][zone],
                    subnet.reference(),
                )
            })
            .collect(),
        function_group: Some(stack.output("functionGroup", functions.group_id())),
        database_group: Some(stack.output("databaseGroup", database.group_id())),
    };
    (stack, outputs)
}

/// The security groups of the functions, and of database and cache.
fn security_groups(
    stack: &mut Stack,
    stage: &Stage,
    vpc: &Handle<ec2::VPC>,
) -> (Handle<ec2::SecurityGroup>, Handle<ec2::SecurityGroup>) {
    let functions = stack.add(
        "FunctionGroup",
        ec2::SecurityGroup {
            vpc_id: Some(vpc.reference().into()),
            security_group_egress: Some(way_out(stage)),
            ..ec2::SecurityGroup::new(
                "Functions: out to AWS, the database and the cache, nothing in.",
            )
        },
    );
    let database = stack.add(
        "DatabaseGroup",
        ec2::SecurityGroup {
            vpc_id: Some(vpc.reference().into()),
            security_group_ingress: Some(
                [
                    from_functions("The database, from the functions.", POSTGRES, &functions),
                    from_functions("The cache, from the functions.", VALKEY, &functions),
                ]
                .into(),
            ),
            // Without an entry, AWS adds one that allows everything.
            security_group_egress: Some(
                [ec2::SecurityGroupEgressProperty {
                    cidr_ip: Some("255.255.255.255/32".into()),
                    from_port: Some(252.into()),
                    to_port: Some(86.into()),
                    description: Some("Nowhere.".into()),
                    ..ec2::SecurityGroupEgressProperty::new("icmp")
                }]
                .into(),
            ),
            ..ec2::SecurityGroup::new("Database and cache: in from the functions, nothing out.")
        },
    );
    (functions, database)
}

/// Subnet number `block` of the VPC, a /20 and a /64, in the zone number `zone` of the region.
fn subnet(
    stage: &Stage,
    vpc: &Handle<ec2::VPC>,
    zone: usize,
    block: usize,
    name: &str,
) -> ec2::Subnet {
    let ipv4 = Intrinsic::cidr(stage.network.cidr.as_str(), 8, 12);
    let ipv6 = Intrinsic::cidr(Intrinsic::select(0, vpc.ipv6_cidr_blocks()), 8, 64);
    ec2::Subnet {
        availability_zone: Some(Intrinsic::select(zone, Intrinsic::availability_zones()).into()),
        cidr_block: Some(Intrinsic::select(block, ipv4).into()),
        ipv6_cidr_block: Some(Intrinsic::select(block, ipv6).into()),
        assign_ipv6_address_on_creation: Some(true.into()),
        tags: Some(
            [ec2::SubnetTag::new(
                "Name",
                physical(stage, &name.to_lowercase()),
            )]
            .into(),
        ),
        ..ec2::Subnet::new(vpc.reference())
    }
}

/// A way out over IPv4: a public subnet with a NAT gateway in it.
fn nat(
    stack: &mut Stack,
    stage: &Stage,
    vpc: &Handle<ec2::VPC>,
    ipv6: &Handle<ec2::VPCCidrBlock>,
    private: &Handle<ec2::RouteTable>,
) {
    let internet = stack.add("InternetGateway", ec2::InternetGateway::default());
    let attached = stack.add(
        "InternetGatewayAttachment",
        ec2::VPCGatewayAttachment {
            internet_gateway_id: Some(internet.reference().into()),
            ..ec2::VPCGatewayAttachment::new(vpc.reference())
        },
    );
    let public = stack.add("PublicSubnet", subnet(stage, vpc, 0, 2, "PublicSubnet"));
    stack.depends_on(&public, ipv6);
    let table = stack.add("PublicRoutes", ec2::RouteTable::new(vpc.reference()));
    stack.add(
        "PublicSubnetRoutes",
        ec2::SubnetRouteTableAssociation::new(table.reference(), public.reference()),
    );
    let route = stack.add(
        "InternetRoute",
        ec2::Route {
            destination_cidr_block: Some("0.0.0.0/0".into()),
            gateway_id: Some(internet.reference().into()),
            ..ec2::Route::new(table.reference())
        },
    );
    stack.depends_on(&route, &attached);
    let address = stack.add(
        "NatAddress",
        ec2::EIP {
            domain: Some("vpc".into()),
            ..Default::default()
        },
    );
    stack.depends_on(&address, &attached);
    let nat = stack.add(
        "NatGateway",
        ec2::NatGateway {
            allocation_id: Some(address.allocation_id()),
            subnet_id: Some(public.reference().into()),
            ..Default::default()
        },
    );
    stack.add(
        "NatRoute",
        ec2::Route {
            destination_cidr_block: Some("0.0.0.0/0".into()),
            nat_gateway_id: Some(nat.reference().into()),
            ..ec2::Route::new(private.reference())
        },
    );
}

/// HTTPS to AWS's services, PostgreSQL and Valkey inside the VPC.
fn way_out(stage: &Stage) -> List<ec2::SecurityGroupEgressProperty> {
    let rule = |port: i32, ipv4: Option<String>, ipv6: Option<&str>, why: &str| {
        ec2::SecurityGroupEgressProperty {
            cidr_ip: ipv4.map(Into::into),
            cidr_ipv6: ipv6.map(Into::into),
            from_port: Some(port.into()),
            to_port: Some(port.into()),
            description: Some(why.into()),
            ..ec2::SecurityGroupEgressProperty::new("tcp")
        }
    };
    let cidr = &stage.network.cidr;
    let mut rules = vec![
        rule(443, None, Some("::/0"), "The services of AWS over IPv6."),
        rule(POSTGRES, Some(cidr.clone()), None, "The database."),
        rule(VALKEY, Some(cidr.clone()), None, "The cache."),
    ];
    if stage.network.egress == Egress::NatGateway {
        rules.push(rule(
            443,
            Some("0.0.0.0/0".to_owned()),
            None,
            "The services of AWS over IPv4.",
        ));
    }
    rules.into()
}

fn from_functions(
    description: &str,
    port: i32,
    functions: &Handle<ec2::SecurityGroup>,
) -> ec2::SecurityGroupIngressProperty {
    let group: Value<String> = functions.group_id();
    ec2::SecurityGroupIngressProperty {
        description: Some(description.into()),
        source_security_group_id: Some(group),
        from_port: Some(port.into()),
        to_port: Some(port.into()),
        ..ec2::SecurityGroupIngressProperty::new("tcp")
    }
}
