//! Names of the template language as Rust names.

const KEYWORDS: &[&str] = &[
    "as", "async", "box", "const", "default", "enum", "extern", "final", "fn", "for", "if", "impl",
    "in", "macro", "match", "mod", "move", "override", "priv", "pub", "ref", "return", "static",
    "struct", "trait", "type", "use", "virtual", "where", "while", "yield",
];

/// `VPCZoneId` -> `vpc_zone_id`, `S3Bucket` -> `s3_bucket`, `Type` -> `r#type`.
pub(crate) fn field(key: &str) -> String {
    let characters: Vec<char> = key.chars().collect();
    let mut name = String::new();
    for (index, &character) in characters.iter().enumerate() {
        if !character.is_ascii_alphanumeric() {
            name.push('_');
            continue;
        }
        let before = index.checked_sub(1).map(|before| characters[before]);
        let after = characters.get(index + 1);
        let starts_word = character.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && after.is_some_and(char::is_ascii_lowercase))
            });
        if starts_word && !name.ends_with('_') {
            name.push('_');
        }
        name.push(character.to_ascii_lowercase());
    }
    if KEYWORDS.contains(&name.as_str()) {
        format!("r#{name}")
    } else {
        name
    }
}

/// `io-optimized` -> `IoOptimized`, `x86_64` -> `X86_64`, `2` -> `V2`.
pub(crate) fn pascal(value: &str) -> String {
    let mut name = String::new();
    let mut upper = true;
    let mut last_digit = false;
    for character in value.chars() {
        if !character.is_ascii_alphanumeric() {
            upper = true;
            continue;
        }
        // Digits that a separator kept apart stay apart: `1.10` is not `11.0`.
        if upper && last_digit && character.is_ascii_digit() {
            name.push('_');
        }
        last_digit = character.is_ascii_digit();
        if upper {
            name.push(character.to_ascii_uppercase());
        } else {
            name.push(character);
        }
        upper = false;
    }
    if name.starts_with(|first: char| first.is_ascii_digit()) {
        name.insert(0, 'V');
    }
    name
}

/// `READ_UNCOMMITTED` -> `ReadUncommitted`; everything else as [`pascal`].
pub(crate) fn variant(value: &str) -> String {
    let shouting = value.len() > 1
        && value
            .chars()
            .any(|character| character.is_ascii_alphabetic())
        && !value
            .chars()
            .any(|character| character.is_ascii_lowercase());
    if shouting {
        let words: Vec<String> = value
            .split(['_', '-', ' '])
            .map(str::to_lowercase)
            .collect();
        return pascal(&words.join("-"));
    }
    let name = pascal(value);
    if name.is_empty() {
        "Empty".to_owned()
    } else {
        name
    }
}
