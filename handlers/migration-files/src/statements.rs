//! How many statements a text of SQL has.

/// Counts the statements between semicolons, past comments, quoted text and dollar quotes, by
/// PostgreSQL's lexical rules (section 4.1 of its documentation).
pub(crate) fn count(text: &str) -> usize {
    let mut rest = text;
    let mut statements = 0;
    let mut begun = false;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("--") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            comment(rest)
        } else if first == ';' {
            statements += usize::from(begun);
            begun = false;
            1
        } else if first.is_whitespace() {
            first.len_utf8()
        } else {
            begun = true;
            token(rest, first)
        };
        rest = &rest[length..];
    }
    statements + usize::from(begun)
}

/// The length of a token: quoted text as one, a word as one, anything else a character.
fn token(rest: &str, first: char) -> usize {
    match first {
        'e' | 'E' if rest[1..].starts_with('\'') => 1 + quoted(&rest[1..], true),
        '\'' | '"' => quoted(rest, false),
        '$' => dollar(rest).unwrap_or(1),
        // A dollar inside of a word begins no quote.
        first if first.is_alphanumeric() || first == '_' => rest
            .find(|part: char| !(part.is_alphanumeric() || part == '_' || part == '$'))
            .unwrap_or(rest.len()),
        first => first.len_utf8(),
    }
}

/// From the first quote to the end; a doubled quote ends one text and begins the next. With
/// `escapes`, a backslash takes the next character along.
fn quoted(rest: &str, escapes: bool) -> usize {
    let quote = rest.as_bytes()[0];
    let bytes = rest.as_bytes();
    let mut index = 1;
    while index < bytes.len() {
        if escapes && bytes[index] == b'\\' {
            index += 1;
        } else if bytes[index] == quote {
            return index + 1;
        }
        index += 1;
    }
    rest.len()
}

/// `$tag$ .. $tag$`; `None` when no quote begins here (`$1`).
fn dollar(rest: &str) -> Option<usize> {
    let tag_end = rest[1..].find('$')? + 2;
    let tag = &rest[..tag_end];
    let inner = &tag[1..tag_end - 1];
    let is_tag = inner
        .chars()
        .all(|part| part.is_alphanumeric() || part == '_')
        && !inner.starts_with(|first: char| first.is_ascii_digit());
    if !is_tag {
        return None;
    }
    let end = rest[tag_end..].find(tag);
    Some(end.map_or(rest.len(), |end| tag_end + end + tag_end))
}

/// A comment, with those inside of it.
fn comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut index = 0;
    while index < rest.len() {
        let here = &rest.as_bytes()[index..];
        if here.starts_with(b"/*") {
            depth += 1;
            index += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            index += 2;
            if depth == 0 {
                return index;
            }
        } else {
            index += 1;
        }
    }
    rest.len()
}
