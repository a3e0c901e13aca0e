//! Paths: which behaviour a path belongs to, and which key of a bucket it names.

/// A path pattern of a cache behaviour
/// (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html#DownloadDistValuesPathPattern>):
/// `*` is any number of characters, `?` is one; upper and lower case differ; the query is not
/// looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(String);

impl Pattern {
    /// A pattern without its leading slash means the same with it.
    pub(super) fn new(pattern: &str) -> Pattern {
        Pattern(if pattern.starts_with(['/', '*']) {
            pattern.to_owned()
        } else {
            format!("/{pattern}")
        })
    }

    /// Whether a path, as [`normal`] gives it, fits.
    pub(super) fn fits(&self, path: &str) -> bool {
        let (pattern, path) = (self.0.as_bytes(), path.as_bytes());
        let (mut at, mut of_path) = (0, 0);
        // Where the last star was, and how much of the path it has taken so far.
        let mut star: Option<(usize, usize)> = None;
        while of_path < path.len() {
            match pattern.get(at) {
                Some(b'*') => {
                    star = Some((at, of_path));
                    at += 1;
                }
                Some(byte) if *byte == b'?' || *byte == path[of_path] => {
                    at += 1;
                    of_path += 1;
                }
                _ => {
                    let Some((place, taken)) = star else {
                        return false;
                    };
                    star = Some((place, taken + 1));
                    at = place + 1;
                    of_path = taken + 1;
                }
            }
        }
        pattern[at..].iter().all(|byte| *byte == b'*')
    }
}

/// The path by which CloudFront chooses a behaviour: normalized as RFC 3986 says, without `.` and
/// `..` and doubled slashes. The origin gets the path as it came.
pub(super) fn normal(path: &str) -> String {
    let mut segments: Vec<String> = Vec::new();
    let mut ends_with_slash = false;
    for segment in path.split('/') {
        let segment = decode_unreserved(segment);
        ends_with_slash = matches!(segment.as_str(), "" | "." | "..");
        match segment.as_str() {
            "" | "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    let end = if ends_with_slash && !segments.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{end}", segments.join("/"))
}

/// `%61` is `a` to everybody; `%2F` is no slash.
fn decode_unreserved(segment: &str) -> String {
    let mut out = String::with_capacity(segment.len());
    let mut rest = segment;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match escaped(rest) {
            Some(byte) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                out.push(char::from(byte));
                rest = &rest[3..];
            }
            _ => {
                out.push('%');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

/// The key in a bucket that a path names; `None` when it is no text.
pub(super) fn key(path: &str) -> Option<String> {
    let mut rest = path.strip_prefix('/').unwrap_or(path);
    let mut bytes = Vec::with_capacity(rest.len());
    while let Some(at) = rest.find('%') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        bytes.push(escaped(&rest[at..])?);
        rest = &rest[at + 3..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok()
}

/// The byte of `%41..`.
fn escaped(text: &str) -> Option<u8> {
    let digits = text.get(1..3)?;
    let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex.then(|| u8::from_str_radix(digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_number_of_characters_and_a_question_mark_is_one() {
        let cases = [
            ("/api/*", "/api/", true),
            ("/api/*", "/api/tasks/1", true),
            ("/api/*", "/api", false),
            ("/api/*", "/Api/x", false),
            ("api/*", "/api/x", true),
            ("*.jpg", "/a/b.jpg", true),
            ("*.jpg", "/a/b.jpg.txt", false),
            ("/a?c", "/abc", true),
            ("/a?c", "/ac", false),
            ("/*a*b", "/xxaxxaxb", true),
            ("/*a*b", "/xxaxxaxbc", false),
            ("*", "/", true),
            ("/swagger-ui", "/swagger-ui", true),
            ("/swagger-ui", "/swagger-ui/", false),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(
                Pattern::new(pattern).fits(path),
                expected,
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn a_behaviour_is_chosen_by_the_normal_path() {
        let cases = [
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a/b/", "/a/b/"),
            ("/a/../b", "/b"),
            ("/api/../index.html", "/index.html"),
            ("/x/%2e%2E/api/y", "/api/y"),
            ("//api//x", "/api/x"),
            ("/a/./b/.", "/a/b/"),
            ("/../../etc/passwd", "/etc/passwd"),
            ("/%61pi/x", "/api/x"),
            ("/api%2fx", "/api%2fx"),
            ("/a%", "/a%"),
            ("/a%e9b", "/a%e9b"),
            ("/a%+1", "/a%+1"),
            ("/é%é", "/é%é"),
        ];
        for (path, expected) in cases {
            assert_eq!(normal(path), expected, "{path}");
        }
    }

    #[test]
    fn a_key_is_the_decoded_path_and_no_path_of_this_machine() {
        let cases = [
            ("/index.html", Some("index.html")),
            ("/a%20b+c", Some("a b+c")),
            ("/%2e%2e/x", Some("../x")),
            ("//etc/passwd", Some("/etc/passwd")),
            ("/%C3%A9", Some("é")),
            ("/%ff", None),
            ("/a%2", None),
            ("/a%+1", None),
            ("/a%zz", None),
        ];
        for (path, expected) in cases {
            assert_eq!(key(path).as_deref(), expected, "{path}");
        }
    }
}
