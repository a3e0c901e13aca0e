//! What a migration file is: how it is called, which text counts, in which order files may arrive.
//!
//! One rule for both sides: the deployer, which plans from the files, and the function `migrate`,
//! which has them built in. Reads nothing and has no dependencies.

mod statements;

use std::{borrow::Cow, fmt};

/// What else may lie beside the migrations.
const NEIGHBOURS: &[&str] = &["README.md", "schema.sql"];

/// The name of a migration file, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The number at its beginning, 1 or more.
    pub version: i64,
    /// The rest, with spaces: `add labels`.
    pub description: String,
}

/// Why a file cannot be a migration, or cannot be applied. Each is a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It lies among the migrations and is not called like one.
    Misnamed(String),
    /// It asks to run without a transaction and has more than one statement.
    ManyWithoutTransaction {
        /// How many it has.
        statements: usize,
    },
    /// A later one was applied already.
    BelowApplied {
        /// Its version.
        version: i64,
        /// The latest that was applied.
        applied: i64,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Misnamed(name) => write!(
                formatter,
                "migrations/{name} is not named like a migration, so it would never run. A migration is called `NNNN_what_it_does.sql`: digits, an underscore, then lowercase letters, digits and underscores."
            ),
            Refusal::ManyWithoutTransaction { statements } => write!(
                formatter,
                "It begins with `-- no-transaction` and has {statements} statements; PostgreSQL would run them as one transaction. Put each into a file of its own."
            ),
            Refusal::BelowApplied { version, applied } => write!(
                formatter,
                "The migration {version} was not applied and {applied} was, so it would run after one that was written later. Give it the next free number."
            ),
        }
    }
}

impl std::error::Error for Refusal {}

/// Takes the name of a file in `migrations/` apart. `None`: it is not a migration and need not be
/// (`README.md`, `schema.sql`, hidden files).
///
/// # Errors
///
/// [`Refusal::Misnamed`] for every other file.
pub fn parse_name(file: &str) -> Result<Option<Name>, Refusal> {
    if NEIGHBOURS.contains(&file) || file.starts_with('.') {
        return Ok(None);
    }
    let parsed = || {
        let (digits, words) = file.strip_suffix(".sql")?.split_once('_')?;
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let well = !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !words.is_empty()
            && words.bytes().all(is_word);
        let version = digits.parse().ok().filter(|version| *version > 0)?;
        well.then(|| Name {
            version,
            description: words.replace('_', " "),
        })
    };
    match parsed() {
        Some(name) => Ok(Some(name)),
        None => Err(Refusal::Misnamed(file.to_owned())),
    }
}

/// The text that counts: without a byte order mark, with `\n` at the ends of lines. What a checkout
/// on another system does to a file changes neither its checksum nor what is run.
pub fn normalize(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match text.contains('\r') {
        true => Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")),
        false => Cow::Borrowed(text),
    }
}

/// Whether a file runs without a transaction: its first line is `-- no-transaction`.
///
/// # Errors
///
/// [`Refusal::ManyWithoutTransaction`] when it has more than one statement then.
pub fn runs_without_transaction(text: &str) -> Result<bool, Refusal> {
    let text = normalize(text);
    if !text.starts_with("-- no-transaction") {
        return Ok(false);
    }
    match statements::count(&text) {
        0 | 1 => Ok(true),
        statements => Err(Refusal::ManyWithoutTransaction { statements }),
    }
}

/// Refuses a version that was not applied although a later one was.
///
/// # Errors
///
/// [`Refusal::BelowApplied`] for the first such file.
pub fn assert_in_order(
    files: impl IntoIterator<Item = i64>,
    applied: impl IntoIterator<Item = i64>,
) -> Result<(), Refusal> {
    let applied: Vec<i64> = applied.into_iter().collect();
    let Some(latest) = applied.iter().copied().max() else {
        return Ok(());
    };
    let below = files
        .into_iter()
        .filter(|version| *version < latest && !applied.contains(version))
        .min();
    match below {
        None => Ok(()),
        Some(version) => Err(Refusal::BelowApplied {
            version,
            applied: latest,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_number_and_words_and_every_other_is_refused() {
        let name = parse_name("0012_add_labels_2.sql").unwrap().unwrap();
        assert_eq!(
            (name.version, name.description.as_str()),
            (12, "add labels 2")
        );
        for neighbour in ["README.md", "schema.sql", ".DS_Store", ".gitkeep"] {
            assert_eq!(parse_name(neighbour), Ok(None));
        }
        let misnamed = "add_labels.sql 12-add.sql 0012add.sql 0012_.sql _add.sql 0012_Add.sql 0012_add.SQL 0012_add.sql.orig \
            0012_add.up.sql 0012_add.down.sql 0000_zero.sql -1_minus.sql 0012_add~ 99999999999999999999_a.sql 0012 schema.sql.bak";
        for file in misnamed.split_whitespace() {
            let refused = parse_name(file).unwrap_err().to_string();
            assert!(refused.contains(file), "{refused}");
        }
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_are_not_part_of_the_text() {
        for text in [
            "select 1;\nselect 2;\n",
            "select 1;\r\nselect 2;\r\n",
            "\u{feff}select 1;\r\nselect 2;\n",
        ] {
            assert_eq!(normalize(text), "select 1;\nselect 2;\n");
        }
        assert!(matches!(normalize("a\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn no_transaction_is_recognized_after_a_mark_and_takes_one_statement() {
        let one = "create index concurrently if not exists a on b (c);";
        for text in [
            format!("-- no-transaction\n{one}\n"),
            format!(
                "\u{feff}-- no-transaction\r\n-- why; and more\r\n{one}\r\n/* a; /* b; */ c; */"
            ),
            format!("-- no-transaction\n{}", one.trim_end_matches(';')),
            "-- no-transaction\ndo $x$ begin a; b; end $x$;".to_owned(),
            "-- no-transaction\nselect ';', \"a;b\", E'\\';', $$;$$;;".to_owned(),
        ] {
            assert_eq!(runs_without_transaction(&text), Ok(true), "{text}");
        }
        let two = format!("\u{feff}-- no-transaction\n{one}\nset lock_timeout = '1s'");
        assert_eq!(
            runs_without_transaction(&two),
            Err(Refusal::ManyWithoutTransaction { statements: 2 })
        );
        assert_eq!(
            runs_without_transaction(&format!("{one}\n{one}")),
            Ok(false)
        );
        assert_eq!(
            runs_without_transaction("\n-- no-transaction\nselect 1; select 2;"),
            Ok(false)
        );
    }

    #[test]
    fn what_arrives_below_an_applied_version_is_refused() {
        assert_eq!(assert_in_order([1, 2, 3], []), Ok(()));
        assert_eq!(assert_in_order([1, 2, 3, 4], [1, 2]), Ok(()));
        assert_eq!(
            assert_in_order([1, 2, 3, 4], [1, 4]),
            Err(Refusal::BelowApplied {
                version: 2,
                applied: 4
            })
        );
    }
}
