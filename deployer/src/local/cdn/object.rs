//! S3's answers: an object or a part of it, 304 when the client has it, and errors as XML
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>).

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use time::{
    OffsetDateTime, PrimitiveDateTime, format_description::BorrowedFormatItem,
    macros::format_description,
};

use super::bucket::{Bucket, Object};
use crate::local::http::{Reply, bytes};

const HTTP_DATE: &[BorrowedFormatItem<'_>] = format_description!(
    "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
);
/// The longest key of an object, in bytes.
const LONGEST_KEY: usize = 1024;

/// The answer to GET and HEAD of a key. `gzip`: the client takes it, and the behaviour gives it.
pub(super) fn get(bucket: &Bucket, key: &str, headers: &HeaderMap, gzip: bool) -> Reply {
    if key.len() > LONGEST_KEY {
        return error(
            StatusCode::BAD_REQUEST,
            "KeyTooLongError",
            "Your key is too long",
        );
    }
    // A part is of the bytes as they are.
    let gzip = gzip && !headers.contains_key(header::RANGE);
    match bucket.get(key, gzip) {
        Ok(Some((object, body, gzip))) => answer(&object, body, gzip, headers),
        Ok(None) => error(
            StatusCode::NOT_FOUND,
            "NoSuchKey",
            "The specified key does not exist.",
        ),
        Err(_) => error(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            "We encountered an internal error. Please try again.",
        ),
    }
}

fn answer(object: &Object, body: Bytes, gzip: bool, headers: &HeaderMap) -> Reply {
    // CloudFront weakens the tag of what it compresses.
    let etag = if gzip {
        format!("W/{}", object.etag())
    } else {
        object.etag()
    };
    let modified = object.last_modified;
    if let Some(status) = condition(headers, &object.etag(), modified) {
        let mut reply = bytes(status, "", "");
        reply.headers_mut().remove(header::CONTENT_TYPE);
        if status == StatusCode::NOT_MODIFIED {
            describe(&mut reply, object, &etag, gzip);
        }
        return reply;
    }
    let part = part(headers, &object.etag(), modified, object.size);
    let mut reply = match part {
        Part::All => bytes(StatusCode::OK, &object.content_type, body),
        Part::Some(from, to) => {
            let mut reply = bytes(
                StatusCode::PARTIAL_CONTENT,
                &object.content_type,
                body.slice(from..=to),
            );
            set(
                &mut reply,
                header::CONTENT_RANGE,
                &format!("bytes {from}-{to}/{}", object.size),
            );
            reply
        }
        Part::None => {
            let mut reply = error(
                StatusCode::RANGE_NOT_SATISFIABLE,
                "InvalidRange",
                "The requested range is not satisfiable",
            );
            set(
                &mut reply,
                header::CONTENT_RANGE,
                &format!("bytes */{}", object.size),
            );
            return reply;
        }
    };
    describe(&mut reply, object, &etag, gzip);
    set(&mut reply, header::ACCEPT_RANGES, "bytes");
    if gzip {
        set(&mut reply, header::CONTENT_ENCODING, "gzip");
    }
    reply
}

/// What is said with a 304, too.
fn describe(reply: &mut Reply, object: &Object, etag: &str, gzip: bool) {
    set(reply, header::ETAG, etag);
    set(reply, header::CACHE_CONTROL, &object.cache_control);
    let modified = OffsetDateTime::from_unix_timestamp(object.last_modified);
    if let Some(date) = modified.ok().and_then(|at| at.format(HTTP_DATE).ok()) {
        set(reply, header::LAST_MODIFIED, &date);
    }
    if gzip || object.has_gzip {
        set(reply, header::VARY, "Accept-Encoding");
    }
}

/// The status of a request whose conditions do not hold.
fn condition(headers: &HeaderMap, etag: &str, modified: i64) -> Option<StatusCode> {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(wanted) = text(header::IF_MATCH) {
        if !names(wanted, etag) {
            return Some(StatusCode::PRECONDITION_FAILED);
        }
    } else if let Some(since) = text(header::IF_UNMODIFIED_SINCE).and_then(date)
        && modified > since
    {
        return Some(StatusCode::PRECONDITION_FAILED);
    }
    let has_it = match text(header::IF_NONE_MATCH) {
        Some(known) => names(known, etag),
        None => text(header::IF_MODIFIED_SINCE)
            .and_then(date)
            .is_some_and(|since| modified <= since),
    };
    has_it.then_some(StatusCode::NOT_MODIFIED)
}

/// Whether a list of tags has this one. Weak ones count: the contents are the same.
fn names(list: &str, etag: &str) -> bool {
    list.split(',').any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.trim_start_matches("W/") == etag
    })
}

fn date(text: &str) -> Option<i64> {
    let parsed = PrimitiveDateTime::parse(text, HTTP_DATE).ok()?;
    Some(parsed.assume_utc().unix_timestamp())
}

/// Which bytes are asked for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    All,
    /// First and last, both included.
    Some(usize, usize),
    None,
}

fn part(headers: &HeaderMap, etag: &str, modified: i64, size: usize) -> Part {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(range) = text(header::RANGE).and_then(|range| range.strip_prefix("bytes=")) else {
        return Part::All;
    };
    if let Some(of) = text(header::IF_RANGE)
        && of != etag
        && date(of) != Some(modified)
    {
        return Part::All;
    }
    // Several parts at once are answered with the whole, as S3 does.
    let Some((from, to)) = range.split_once('-').filter(|_| !range.contains(',')) else {
        return Part::All;
    };
    let last = size.saturating_sub(1);
    let (from, to) = match (from.trim().parse::<usize>(), to.trim()) {
        (Ok(from), "") => (from, last),
        (Ok(from), to) => match to.parse::<usize>() {
            Ok(to) if to >= from => (from, to.min(last)),
            _ => return Part::All,
        },
        (Err(_), to) if from.trim().is_empty() => match to.parse::<usize>() {
            Ok(0) => return Part::None,
            Ok(length) => (size.saturating_sub(length), last),
            Err(_) => return Part::All,
        },
        _ => return Part::All,
    };
    if from < size {
        Part::Some(from, to)
    } else {
        Part::None
    }
}

/// An error as S3 words it.
pub(super) fn error(status: StatusCode, code: &str, message: &str) -> Reply {
    let id = uuid::Uuid::new_v4().simple();
    bytes(
        status,
        "application/xml",
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{id}</RequestId></Error>"
        ),
    )
}

fn set(reply: &mut Reply, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn conditions_are_judged_as_http_says() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        let (etag, modified) = ("\"e\"", 784_111_777);
        let (at, before) = (
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:36 GMT",
        );
        type Case<'a> = (&'a [(HeaderName, &'a str)], Option<u16>);
        let cases: [Case<'_>; 12] = [
            (&[], None),
            (&[(header::IF_NONE_MATCH, "\"e\"")], Some(304)),
            (&[(header::IF_NONE_MATCH, "\"x\", W/\"e\"")], Some(304)),
            (&[(header::IF_NONE_MATCH, "*")], Some(304)),
            (&[(header::IF_NONE_MATCH, "\"x\"")], None),
            (&[(header::IF_MODIFIED_SINCE, at)], Some(304)),
            (&[(header::IF_MODIFIED_SINCE, before)], None),
            (
                &[
                    (header::IF_NONE_MATCH, "\"x\""),
                    (header::IF_MODIFIED_SINCE, at),
                ],
                None,
            ),
            (&[(header::IF_MODIFIED_SINCE, "yesterday")], None),
            (&[(header::IF_MATCH, "\"x\"")], Some(412)),
            (&[(header::IF_MATCH, "\"e\"")], None),
            (&[(header::IF_UNMODIFIED_SINCE, before)], Some(412)),
        ];
        for (headers, expected) in cases {
            let status = condition(&with(headers), etag, modified);
            assert_eq!(
                status.map(|status| status.as_u16()),
                expected,
                "{headers:?}"
            );
        }
    }

    #[test]
    fn one_part_is_given_and_several_are_the_whole() {
        let cases = [
            ("bytes=0-3", Part::Some(0, 3)),
            ("bytes=4-", Part::Some(4, 9)),
            ("bytes=-3", Part::Some(7, 9)),
            ("bytes=-30", Part::Some(0, 9)),
            ("bytes=8-99", Part::Some(8, 9)),
            ("bytes=10-", Part::None),
            ("bytes=-0", Part::None),
            ("bytes=3-1", Part::All),
            ("bytes=a-b", Part::All),
            ("bytes=99999999999999999999-", Part::All),
            ("bytes=0-1,3-4", Part::All),
            ("items=0-1", Part::All),
        ];
        for (range, expected) in cases {
            let asked = part(&with(&[(header::RANGE, range)]), "\"e\"", 0, 10);
            assert_eq!(asked, expected, "{range}");
        }
        let stale = with(&[(header::RANGE, "bytes=0-1"), (header::IF_RANGE, "\"old\"")]);
        assert_eq!(part(&stale, "\"e\"", 0, 10), Part::All);
        assert_eq!(
            part(&with(&[(header::RANGE, "bytes=0-1")]), "\"e\"", 0, 0),
            Part::None
        );
    }
}
