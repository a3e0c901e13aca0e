//! What a bucket policy lets a distribution do: so that a statement that is missing in the template
//! is missed here, and not only on AWS.

use serde_json::Value;

/// What a distribution may do with a bucket.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Access {
    /// `s3:GetObject`: otherwise everything is 403.
    pub(super) get: bool,
    /// `s3:ListBucket`: a key that is not there is 404, otherwise 403.
    pub(super) list: bool,
}

/// What that policy document lets the distribution of that ARN do. `Deny` with a condition about
/// transport is not looked at: CloudFront asks S3 over TLS.
pub(super) fn access(policy: &Value, bucket_arn: &str, distribution_arn: &str) -> Access {
    let objects = format!("{bucket_arn}/*");
    let mut access = Access::default();
    for statement in items(&policy["Statement"]) {
        if statement["Effect"] != "Allow"
            || !is_cloudfront(&statement["Principal"])
            || !holds(&statement["Condition"], distribution_arn)
        {
            continue;
        }
        let on =
            |arn: &str| items(&statement["Resource"]).any(|named| *named == arn || *named == "*");
        for action in items(&statement["Action"]) {
            access.get |= on(&objects) && (action == "s3:GetObject" || action == "s3:*");
            access.list |= on(bucket_arn) && (action == "s3:ListBucket" || action == "s3:*");
        }
    }
    access
}

/// IAM lets one element stand for a list of one.
fn items(value: &Value) -> impl Iterator<Item = &Value> {
    let (several, one) = match value {
        Value::Array(items) => (Some(items), None),
        Value::Null => (None, None),
        one => (None, Some(one)),
    };
    several.into_iter().flatten().chain(one)
}

fn is_cloudfront(principal: &Value) -> bool {
    items(&principal["Service"]).any(|service| service == "cloudfront.amazonaws.com")
}

/// Without a condition, any distribution of anybody may.
fn holds(condition: &Value, distribution_arn: &str) -> bool {
    let Some(operators) = condition.as_object() else {
        return true;
    };
    operators.iter().all(|(operator, keys)| {
        let equals = matches!(
            operator.as_str(),
            "StringEquals" | "ArnEquals" | "ArnLike" | "StringLike"
        );
        keys.as_object().into_iter().flatten().all(|(key, wanted)| {
            equals
                && key.eq_ignore_ascii_case("aws:SourceArn")
                && items(wanted).any(|arn| arn == distribution_arn)
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_distribution_may_do_what_the_policy_says_of_it() {
        let (bucket, ours) = ("arn:aws:s3:::b", "arn:aws:cloudfront::0:distribution/E1");
        let statement = |action: &str, resource: &str, arn: &str| {
            json!({
                "Effect": "Allow", "Principal": {"Service": "cloudfront.amazonaws.com"}, "Action": action,
                "Resource": resource, "Condition": {"StringEquals": {"AWS:SourceArn": arn}},
            })
        };
        let get = statement("s3:GetObject", "arn:aws:s3:::b/*", ours);
        let list = statement("s3:ListBucket", bucket, ours);
        let mut anybody = get.clone();
        anybody["Principal"] = json!("*");
        let mut denied = get.clone();
        denied["Effect"] = json!("Deny");
        let cases = [
            (json!([get, list]), (true, true)),
            (json!([get]), (true, false)),
            (get.clone(), (true, false)),
            (json!([list]), (false, true)),
            (
                json!([statement("s3:GetObject", bucket, ours)]),
                (false, false),
            ),
            (
                json!([statement("s3:GetObject", "arn:aws:s3:::b/*", "another")]),
                (false, false),
            ),
            (json!([anybody, denied]), (false, false)),
            (Value::Null, (false, false)),
        ];
        for (statements, (get, list)) in cases {
            let policy = json!({"Version": "2012-10-17", "Statement": statements});
            assert_eq!(
                access(&policy, bucket, ours),
                Access { get, list },
                "{policy}"
            );
        }
    }
}
