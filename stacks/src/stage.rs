//! A stage: everything in which one deployment of the application differs from another.
//!
//! The files in `stages/` are its only source. [`Stage::parse`] is pure; what a key means stands in
//! `stages/base.yaml`, which names every key there is.

mod alarms;
mod architecture;
pub(crate) mod check;
mod cost;
mod error;
mod limits;
pub mod name;
mod ops;
mod parse;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use alarms::{Alarms, Thresholds};
pub use architecture::Architecture;
pub use check::DATABASE_REGIONS;
pub use cost::{Cost, Traffic};
pub use error::StageError;
pub use limits::{Limits, RateLimit};
pub use ops::Ops;
pub use parse::{BUILT_IN, Files, built_in};

/// One stage, complete and checked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Stage {
    /// `dev`; the name of its file.
    #[serde(skip)]
    pub name: String,
    /// Twelve digits; `None`: not on AWS.
    pub account: Option<String>,
    /// `us-east-1`
    pub region: String,
    /// What the functions are built for.
    pub architecture: Architecture,
    /// The network.
    pub network: Network,
    /// The database.
    pub database: Database,
    /// Whether there is a Valkey.
    pub cache: bool,
    /// The functions.
    pub functions: Functions,
    /// Limits of the HTTP API.
    pub throttling: Throttling,
    /// Limits of each address, person and API token.
    pub limits: Limits,
    /// How a new version gets traffic.
    pub rollout: Rollout,
    /// Whether functions may be given code past their stacks.
    pub hotswap: bool,
    /// Whether a deploy needs a checkout without changes that no commit has.
    pub require_clean_tree: bool,
    /// The site.
    pub site: Site,
    /// The HTTP API.
    pub api: Api,
    /// The audit trail.
    pub audit: AuditTrail,
    /// When its alarms are raised.
    pub alarms: Alarms,
    /// What operators have besides them.
    pub ops: Ops,
    /// What an estimate of its cost assumes.
    pub cost: Cost,
}

impl Stage {
    /// Whether it is for an emulator of AWS: no account, and a database that is given by URL.
    pub fn is_for_emulators(&self) -> bool {
        self.account.is_none() && !self.database.managed
    }
}

/// The network of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Network {
    /// Whether functions run inside a VPC.
    pub vpc: bool,
    /// IPv4 block, a /16.
    pub cidr: String,
    /// The way out.
    pub egress: Egress,
}

/// The way out of the private subnets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Egress {
    /// An egress-only internet gateway.
    #[default]
    Ipv6,
    /// A NAT gateway, for IPv4 too.
    NatGateway,
}

/// The database of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Database {
    /// Whether it is an RDS instance of the stage's own.
    pub managed: bool,
    /// `db.t3.small`
    pub class: String,
    /// GiB.
    pub storage: u32,
    /// A standby in another zone.
    pub multi_az: bool,
    /// How functions log in.
    pub auth: DatabaseAuth,
    /// How connections are protected.
    pub tls: DatabaseTls,
    /// Days that automatic backups are kept.
    pub backup_days: u8,
    /// Whether AWS refuses to delete it.
    pub deletion_protection: bool,
}

/// How functions log in to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatabaseAuth {
    /// With a token that they sign.
    #[default]
    Iam,
    /// With the password of their role.
    Password,
}

impl DatabaseAuth {
    /// As functions read it.
    pub fn as_str(self) -> &'static str {
        match self {
            DatabaseAuth::Iam => "iam",
            DatabaseAuth::Password => "password",
        }
    }
}

/// How connections to the database are protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatabaseTls {
    /// TLS, certificate and host name verified.
    #[default]
    VerifyFull,
    /// Not at all.
    Disable,
}

impl DatabaseTls {
    /// As functions read it.
    pub fn as_str(self) -> &'static str {
        match self {
            DatabaseTls::VerifyFull => "verify-full",
            DatabaseTls::Disable => "disable",
        }
    }
}

/// The functions of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Functions {
    /// What holds where nothing else is said.
    pub defaults: FunctionSize,
    /// By the function's name.
    pub overrides: BTreeMap<String, FunctionOverride>,
    /// Days that logs are kept.
    pub log_retention_days: u16,
}

/// How large a function is and how many of it there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct FunctionSize {
    /// MB.
    pub memory: u32,
    /// Seconds.
    pub timeout: u32,
    /// How many may run at once; `None`: what the account has left.
    pub reserved_concurrency: Option<u32>,
    /// How many are kept started.
    pub provisioned_concurrency: u32,
}

/// What is different for one function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct FunctionOverride {
    /// MB.
    pub memory: Option<u32>,
    /// Seconds.
    pub timeout: Option<u32>,
    /// How many may run at once.
    pub reserved_concurrency: Option<u32>,
    /// How many are kept started.
    pub provisioned_concurrency: Option<u32>,
}

impl Functions {
    /// What holds for the function of that name.
    pub fn size(&self, name: &str) -> FunctionSize {
        let own = self.overrides.get(name).copied().unwrap_or_default();
        FunctionSize {
            memory: own.memory.unwrap_or(self.defaults.memory),
            timeout: own.timeout.unwrap_or(self.defaults.timeout),
            reserved_concurrency: own
                .reserved_concurrency
                .or(self.defaults.reserved_concurrency),
            provisioned_concurrency: own
                .provisioned_concurrency
                .unwrap_or(self.defaults.provisioned_concurrency),
        }
    }
}

/// Limits of the HTTP API, for each route of its own, all clients together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Throttling {
    /// Requests a second.
    pub rate: u32,
    /// How many at once on top.
    pub burst: u32,
}

/// The audit trail of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct AuditTrail {
    /// Months that its entries are kept.
    pub retention_months: u32,
}

/// How a new version of a function gets traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rollout {
    /// All of it, at once.
    #[default]
    AllAtOnce,
    /// A tenth for five minutes, then the rest.
    Canary,
}

/// The site of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Site {
    /// Host name.
    pub domain: Option<String>,
    /// ARN of its certificate in us-east-1.
    pub certificate: Option<String>,
    /// Hosted zone that gets the host name.
    pub hosted_zone: Option<String>,
    /// What the header of CloudFront is worth.
    pub origin_secret: OriginSecret,
    /// The scheme of the address that people use.
    pub scheme: Scheme,
}

/// The scheme of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// With TLS.
    #[default]
    Https,
    /// Without: on this machine only.
    Http,
}

/// What the header by which the API knows CloudFront is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OriginSecret {
    /// Requests without it are refused.
    #[default]
    Required,
    /// Requests with it are believed about their viewer; others are answered too.
    Accepted,
    /// There is none.
    None,
}

/// The HTTP API of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Api {
    /// Host name.
    pub domain: Option<String>,
    /// ARN of its certificate in the stage's region.
    pub certificate: Option<String>,
    /// Hosted zone that gets the host name.
    pub hosted_zone: Option<String>,
    /// Origins of other sites.
    pub cors_origins: Vec<String>,
}
