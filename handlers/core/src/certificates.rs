//! The root certificates of Amazon RDS by region; see certs/README.md for where they come from.

/// The certificates of a region as PEM; `None`: none is known.
pub(crate) fn of_region(region: &str) -> Option<&'static str> {
    let pem = match region {
        "af-south-1" => include_str!("../certs/af-south-1.pem"),
        "ap-east-1" => include_str!("../certs/ap-east-1.pem"),
        "ap-northeast-1" => include_str!("../certs/ap-northeast-1.pem"),
        "ap-northeast-2" => include_str!("../certs/ap-northeast-2.pem"),
        "ap-northeast-3" => include_str!("../certs/ap-northeast-3.pem"),
        "ap-south-1" => include_str!("../certs/ap-south-1.pem"),
        "ap-south-2" => include_str!("../certs/ap-south-2.pem"),
        "ap-southeast-1" => include_str!("../certs/ap-southeast-1.pem"),
        "ap-southeast-2" => include_str!("../certs/ap-southeast-2.pem"),
        "ap-southeast-3" => include_str!("../certs/ap-southeast-3.pem"),
        "ap-southeast-4" => include_str!("../certs/ap-southeast-4.pem"),
        "ca-central-1" => include_str!("../certs/ca-central-1.pem"),
        "eu-central-1" => include_str!("../certs/eu-central-1.pem"),
        "eu-central-2" => include_str!("../certs/eu-central-2.pem"),
        "eu-north-1" => include_str!("../certs/eu-north-1.pem"),
        "eu-south-1" => include_str!("../certs/eu-south-1.pem"),
        "eu-south-2" => include_str!("../certs/eu-south-2.pem"),
        "eu-west-1" => include_str!("../certs/eu-west-1.pem"),
        "eu-west-2" => include_str!("../certs/eu-west-2.pem"),
        "eu-west-3" => include_str!("../certs/eu-west-3.pem"),
        "me-central-1" => include_str!("../certs/me-central-1.pem"),
        "me-south-1" => include_str!("../certs/me-south-1.pem"),
        "sa-east-1" => include_str!("../certs/sa-east-1.pem"),
        "us-east-1" => include_str!("../certs/us-east-1.pem"),
        "us-east-2" => include_str!("../certs/us-east-2.pem"),
        "us-west-1" => include_str!("../certs/us-west-1.pem"),
        "us-west-2" => include_str!("../certs/us-west-2.pem"),
        _ => return None,
    };
    Some(pem)
}
