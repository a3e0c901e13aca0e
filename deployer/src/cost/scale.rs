//! The three rows of the technology stack document next to what the stage's own templates cost at
//! that traffic, with the reason for each difference and the next limit.

use serde::Serialize;

use super::{
    Estimate, Limit, Overrides, StackTemplate, decimal::Decimal, estimate, inventory::Inventory,
    limits::limits,
};
use crate::{Error, stage::Stage};

/// A row of the document: what it says that so many users cost in a month, USD.
struct Row {
    users: u64,
    requests: u64,
    database: u64,
    lambda: u64,
    frontend: u64,
    /// The row of 100 users is the sum of its parts with 3 USD of monitoring; the others are without.
    monitoring: Option<u64>,
    total: u64,
}

/// "Cost Breakdown" and "Scaling Estimates" of the document.
const DOCUMENT: [Row; 3] = [
    Row {
        users: 100,
        requests: 1_000_000,
        database: 24,
        lambda: 20,
        frontend: 5,
        monitoring: Some(3),
        total: 52,
    },
    Row {
        users: 1_000,
        requests: 10_000_000,
        database: 50,
        lambda: 200,
        frontend: 10,
        monitoring: None,
        total: 260,
    },
    Row {
        users: 10_000,
        requests: 100_000_000,
        database: 200,
        lambda: 2_000,
        frontend: 50,
        monitoring: None,
        total: 2_250,
    },
];

/// A part of the cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// RDS.
    Database,
    /// Lambda.
    Lambda,
    /// CloudFront and S3.
    Frontend,
    /// CloudWatch.
    Monitoring,
    /// What the document leaves out.
    Others,
}

impl Part {
    /// For people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Part::Database => "database",
            Part::Lambda => "Lambda",
            Part::Frontend => "frontend",
            Part::Monitoring => "monitoring",
            Part::Others => "others",
        }
    }

    fn of(service: &str) -> Part {
        match service {
            "RDS" => Part::Database,
            "Lambda" => Part::Lambda,
            "CloudFront" | "S3" => Part::Frontend,
            "CloudWatch" => Part::Monitoring,
            _ => Part::Others,
        }
    }
}

/// The cost at one scale.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scale {
    /// People.
    pub users: u64,
    /// Requests a month.
    pub requests: u64,
    /// What the document says, USD.
    pub document: Decimal,
    /// What the templates cost by the price table, USD.
    pub estimate: Decimal,
    /// The parts, and why they differ.
    pub parts: Vec<Difference>,
    /// The limits, the one that is reached first at the front.
    pub limits: Vec<Limit>,
}

/// A part of the cost by the document and by the estimate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// Which.
    pub part: Part,
    /// What the document says, USD; `None`: it leaves it out.
    pub document: Option<Decimal>,
    /// What the templates cost, USD.
    pub estimate: Decimal,
    /// Why they differ.
    pub why: String,
}

/// The stage's templates, as they are, at the three scales of the document.
///
/// # Errors
///
/// When the price table cannot be read.
pub fn scale(stage: &Stage, templates: &[StackTemplate<'_>]) -> Result<Vec<Scale>, Error> {
    let inventory = Inventory::new(templates);
    DOCUMENT
        .iter()
        .map(|row| {
            let overrides = Overrides {
                users: Some(row.users),
                requests: Some(row.requests),
            };
            let estimate = estimate(stage, templates, overrides)?;
            Ok(Scale {
                users: row.users,
                requests: row.requests,
                document: row.total.into(),
                parts: differences(row, &estimate, &inventory),
                limits: limits(&inventory, &estimate.load),
                estimate: estimate.total,
            })
        })
        .collect()
}

fn differences(row: &Row, estimate: &Estimate, inventory: &Inventory<'_>) -> Vec<Difference> {
    let parts = [
        (Part::Database, Some(row.database)),
        (Part::Lambda, Some(row.lambda)),
        (Part::Frontend, Some(row.frontend)),
        (Part::Monitoring, row.monitoring),
        (Part::Others, None),
    ];
    parts
        .into_iter()
        .map(|(part, document)| Difference {
            part,
            document: document.map(Decimal::from),
            estimate: sum(estimate, part),
            why: why(part, row, estimate, inventory),
        })
        .collect()
}

fn sum(estimate: &Estimate, part: Part) -> Decimal {
    let lines = estimate.lines.iter();
    lines
        .filter(|line| Part::of(&line.service) == part)
        .map(|line| line.monthly)
        .sum()
}

/// What both sides count with, from the lines of the estimate.
fn why(part: Part, row: &Row, estimate: &Estimate, inventory: &Inventory<'_>) -> String {
    let of_key = |found: &dyn Fn(&str) -> bool| -> Decimal {
        let lines = estimate.lines.iter();
        lines
            .filter(|line| Part::of(&line.service) == part && found(&line.price.key))
            .map(|line| line.monthly)
            .sum()
    };
    match part {
        Part::Database => {
            let mut databases = inventory.of("AWS::RDS::DBInstance");
            let Some(database) = databases.next() else {
                return "the stage's database is not in its templates".to_owned();
            };
            let class = database.text("/DBInstanceClass").unwrap_or_default();
            let standby = if database.is("/MultiAZ") {
                " with a standby"
            } else {
                ""
            };
            let storage = database.number("/AllocatedStorage").unwrap_or_default();
            format!(
                "the templates have a {class}{standby} and {storage} GB at every scale; the document says db.t3.small at 100 users and names no class for more"
            )
        }
        Part::Lambda => {
            let kept = of_key(&|key| key.contains("provisioned_concurrency"));
            let others = of_key(&|key| !key.contains("provisioned_concurrency"));
            let million = others.divided(row.requests / 1_000_000);
            format!(
                "the document counts {}.00 for a million requests; at {} ms and list prices it is {}{}",
                row.lambda * 1_000_000 / row.requests,
                estimate.load.assumed.duration_ms,
                million.cents(),
                match kept {
                    Decimal::ZERO => String::new(),
                    kept => format!(", and {} for what is kept started", kept.cents()),
                }
            )
        }
        Part::Frontend => {
            let requests = of_key(&|key| matches!(key, "https_requests" | "functions"));
            let transfer = of_key(&|key| matches!(key, "transfer_out" | "to_origin"));
            format!(
                "CloudFront is in front of the API too: {} for requests and functions at the edge, {} for transfer",
                requests.cents(),
                transfer.cents()
            )
        }
        Part::Monitoring => {
            let logs = of_key(&|key| key.starts_with("logs."));
            let rest = of_key(&|key| !key.starts_with("logs."));
            let document = match row.monitoring {
                Some(_) => "",
                None => "the document leaves it out here; ",
            };
            format!(
                "{document}{} for logs, {} for metrics, alarms and the dashboard",
                logs.cents(),
                rest.cents()
            )
        }
        Part::Others => {
            let others = estimate
                .services
                .iter()
                .filter(|total| Part::of(&total.service) == part && total.monthly > Decimal::ZERO)
                .map(|total| format!("{} {}", total.service, total.monthly.cents()));
            let others: Vec<String> = others.collect();
            format!("the document leaves them out: {}", others.join(", "))
        }
    }
}
