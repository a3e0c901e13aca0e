//! Signatures of botocore, checked, and what breaks them.

use http::Request;

use super::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const PATH: &str = "/live/@connections/L0SM9cOFvHcCIhw%3D";
const BODY: &[u8] = br#"{"type":"event","seq":1}"#;

/// Signed by botocore, which we did not write.
const POST: &str = "AWS4-HMAC-SHA256 Credential=LOCAL/20261127/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=257f47f4af20fdd3413943b30e0413e0f625064cd1655ce42d4d45de6dd945fe";
const DELETE: &str = "AWS4-HMAC-SHA256 Credential=LOCAL/20261127/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=1e293b8c30edbdf9e5dec079801cd69e7fbd2044081a2a4b7c140ca481643441";

/// 2026-11-27T01:02:03Z
fn signed_at() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_741_323)
}

struct Sent<'a> {
    method: &'a str,
    path: &'a str,
    authorization: &'a str,
    token: &'a str,
    body: &'a [u8],
    secret: &'a str,
    at: SystemTime,
}

fn post() -> Sent<'static> {
    Sent {
        method: "POST",
        path: PATH,
        authorization: POST,
        token: "token-of-the-function",
        body: BODY,
        secret: SECRET,
        at: signed_at(),
    }
}

fn check(sent: &Sent<'_>) -> Result<(), &'static str> {
    let request = Request::builder()
        .method(sent.method)
        .uri(sent.path)
        .header("host", "127.0.0.1:8790")
        .header("x-amz-date", "20261127T010203Z")
        .header("x-amz-security-token", sent.token)
        .header("authorization", sent.authorization)
        .body(())
        .unwrap();
    let (head, ()) = request.into_parts();
    verify(&head, sent.body, "LOCAL", sent.secret, sent.at).map_err(|denied| denied.kind)
}

#[test]
fn what_aws_signs_is_taken_and_nothing_else_is() {
    assert_eq!(check(&post()), Ok(()));
    let delete = Sent {
        method: "DELETE",
        authorization: DELETE,
        body: b"",
        ..post()
    };
    assert_eq!(check(&delete), Ok(()));
    let (early, late) = (signed_at() - SKEW, signed_at() + SKEW);
    for at in [early, late] {
        assert_eq!(check(&Sent { at, ..post() }), Ok(()));
    }
    let second = Duration::from_secs(1);
    let other_key = POST.replace("Credential=LOCAL/", "Credential=OTHER/");
    let other_service = POST.replace("/execute-api/", "/lambda/");
    let other_region = POST.replace("/us-east-1/", "/eu-west-1/");
    let without_token = POST.replace(";x-amz-security-token", "");
    let without_host = POST.replace("host;", "");
    let wrong = [
        Sent {
            method: "DELETE",
            ..post()
        },
        Sent {
            path: "/live/@connections/L0SM9cOFvHcCIhw=",
            ..post()
        },
        Sent {
            path: "/live/@connections/other",
            ..post()
        },
        Sent {
            body: b"{}",
            ..post()
        },
        Sent {
            secret: "another",
            ..post()
        },
        Sent {
            token: "another",
            ..post()
        },
        Sent {
            at: early - second,
            ..post()
        },
        Sent {
            at: late + second,
            ..post()
        },
        Sent {
            authorization: &other_key,
            ..post()
        },
        Sent {
            authorization: &other_service,
            ..post()
        },
        Sent {
            authorization: &other_region,
            ..post()
        },
        Sent {
            authorization: &without_token,
            ..post()
        },
        Sent {
            authorization: &without_host,
            ..post()
        },
    ];
    for (number, sent) in wrong.iter().enumerate() {
        assert_eq!(
            check(sent),
            Err("InvalidSignatureException"),
            "case {number}"
        );
    }
    for authorization in ["", "Bearer x", "AWS4-HMAC-SHA256 Credential=LOCAL/x"] {
        let sent = Sent {
            authorization,
            ..post()
        };
        assert_eq!(
            check(&sent),
            Err("IncompleteSignatureException"),
            "{authorization}"
        );
    }
}

/// The headers of a request that is signed now.
pub(in crate::local::socket) fn signed(
    method: &http::Method,
    host: &str,
    path: &str,
    body: &[u8],
    secret: &str,
    token: &str,
) -> [(&'static str, String); 3] {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let date = OffsetDateTime::now_utc().format(format).unwrap_or_default();
    let signed_headers = "host;x-amz-date;x-amz-security-token";
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("host", host)
        .header("x-amz-date", &date)
        .header("x-amz-security-token", token);
    let (head, ()) = request.body(()).unwrap_or_default().into_parts();
    let scope = format!("{}/{REGION}/{SERVICE}/aws4_request", &date[..8]);
    let canonical = canonical(&head, body, signed_headers);
    let digest = hex(digest(&SHA256, canonical.as_bytes()).as_ref());
    let signature = sign(
        secret,
        &scope,
        &format!("{ALGORITHM}\n{date}\n{scope}\n{digest}"),
    );
    let authorization = format!(
        "{ALGORITHM} Credential=LOCAL/{scope}, SignedHeaders={signed_headers}, Signature={signature}"
    );
    [
        ("x-amz-date", date),
        ("x-amz-security-token", token.to_owned()),
        ("authorization", authorization),
    ]
}
