//! How the database takes a text apart for a search: alike in labels and searches, and in bounded
//! time.

use std::time::{Duration, Instant};

use miyabi_core::fold;
use miyabi_tests::Database;
use sqlx::{Executor, PgConnection};

/// What text of 20,000 characters may take.
const BUDGET: Duration = Duration::from_millis(50);

/// All characters that Unicode may give a meaning, each behind a letter.
fn characters() -> impl Iterator<Item = String> {
    let printable = ('!'..=char::MAX).filter(|c| !c.is_control());
    printable.map(|c| format!("x{c}"))
}

#[tokio::test]
async fn labels_and_searches_fold_a_text_alike() {
    let mut admin = Database::migrated().await.connect_as_superuser().await;
    let texts: Vec<String> = characters().collect();
    let folded: Vec<String> = texts.iter().map(|text| fold(text)).collect();
    let different: Vec<(String, String, String)> = sqlx::query_as(
        "select t, f, app.search_fold(t) from unnest($1::text[], $2::text[]) u (t, f) where app.search_fold(t) <> f",
    )
    .bind(&texts)
    .bind(&folded)
    .fetch_all(&mut admin)
    .await
    .unwrap();
    // A search takes both letters i for one, has capitals of Cherokee as small letters, and leaves out
    // half-width sound marks that are not on kana. Characters of a later Unicode than PostgreSQL's
    // have no other case there.
    let is_known = |text: &str| {
        text.chars().all(|c| {
            matches!(c, 'x' | 'ı' | '𝚤' | '\u{13A0}'..='\u{13FD}' | '\u{AB70}'..='\u{ABBF}' | 'ﾞ' | 'ﾟ')
                || is_later(c)
        })
    };
    let unknown: Vec<_> = different
        .iter()
        .filter(|(text, ..)| !is_known(text))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    // The control: it can find a difference at all.
    assert!(different.iter().any(|(text, ..)| text == "xı"));
}

/// Characters since Unicode 15: PostgreSQL 15 has 14, and leaves them as they are.
fn is_later(character: char) -> bool {
    matches!(character,
        '\u{558}' | '\u{58B}' | '\u{58C}' | '\u{1C89}' | '\u{209D}'..='\u{209F}' | '\u{A7CB}'..='\u{A7F1}'
        | '\u{AB6C}' | '\u{AB6D}' | '\u{107BB}'..='\u{107BF}' | '\u{10D50}'..='\u{10D65}'
        | '\u{16EA0}'..='\u{16EB8}' | '\u{1B123}'..='\u{1B126}' | '\u{1D6A6}' | '\u{1DF2B}'..='\u{1DFFF}' | '\u{1CCD6}'..='\u{1CCF9}' | '\u{1E030}'..='\u{1E08F}')
}

/// Texts of 20,000 characters that cost some way of taking them apart far more than others.
fn attacks() -> Vec<(&'static str, String)> {
    let cycle = |pattern: &str| pattern.chars().cycle().take(20_000).collect::<String>();
    let numbered = |character: fn(u32) -> Option<char>| {
        let all = (0..).map(|number| character(number * 7919 % 20_000));
        all.flatten().take(20_000).collect::<String>()
    };
    let words = (0_u32..).map(|number| format!("{number:x} "));
    let words: String = words
        .flat_map(|word| word.chars().collect::<Vec<_>>())
        .take(20_000)
        .collect();
    vec![
        ("distinct Han", numbered(|n| char::from_u32(0x4E00 + n))),
        (
            "distinct Han of a later plane",
            numbered(|n| char::from_u32(0x20000 + n)),
        ),
        (
            "distinct Hangul",
            numbered(|n| char::from_u32(0xAC00 + n % 11_172)),
        ),
        (
            "any assigned or unassigned character",
            numbered(|n| char::from_u32(0x80 + n * 3)),
        ),
        ("emoji", numbered(|n| char::from_u32(0x1F300 + n % 1_000))),
        ("distinct words", words),
        ("letters", cycle("a ")),
        ("one word", cycle("a")),
        ("one word of words", cycle("ab-")),
        ("hosts", cycle("a.")),
        ("paths", cycle("a/")),
        ("addresses", cycle("a@a.b ")),
        ("tags", cycle("<a ")),
        ("quotes", cycle("'\\")),
        ("marks in the wrong order", cycle("\u{301}\u{316}")),
        (
            "marks that compatibility puts in the wrong order",
            cycle("\u{301}ﾞ"),
        ),
        ("half-width kana", cycle("ｶﾞ")),
        ("sound marks", cycle("ﾞ")),
        ("one character for eighteen", cycle("\u{FDFA}")),
        ("one character for eight", cycle("\u{FDFB}")),
        ("one character for four kana", cycle("㌀")),
        ("one letter for three", cycle("ΐ")),
        ("capitals", cycle("ẞİ")),
        ("invisible", cycle("\u{200B}a")),
        ("variation selectors", cycle("a\u{FE0F}")),
        ("Korean in parts", cycle("\u{1100}\u{1161}\u{11A8}")),
        ("Thai", cycle("ก็")),
    ]
}

/// Time that a process has spent on a CPU
/// (<https://docs.kernel.org/scheduler/sched-stats.html#proc-pid-schedstat>): other work on the machine
/// does not count. `None` where the system has no such file.
fn cpu_time(process: i32) -> Option<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{process}/schedstat")).ok()?;
    let nanoseconds = text.split_whitespace().next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}

/// What a statement takes the server of this connection.
async fn cost(
    connection: &mut PgConnection,
    process: i32,
    statement: &str,
    text: &str,
) -> Duration {
    let (begun, before) = (Instant::now(), cpu_time(process));
    sqlx::query(statement)
        .bind(text)
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{statement}: {error}"));
    match (before, cpu_time(process)) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => begun.elapsed(),
    }
}

#[tokio::test]
async fn no_text_takes_longer_than_its_budget() {
    /// Takes 5 ms on a machine that takes 15 to 35 ms for the texts.
    const READING: &str =
        "select sum(ascii(c)) from unnest(string_to_array(repeat($1, 6667), null)) c";
    const SPLITTING: &str = "select app.words_of_task(gen_random_uuid(), 'A title', $1)";
    let mut admin = Database::migrated().await.connect_as_superuser().await;
    let process: i32 = sqlx::query_scalar("select pg_backend_pid()")
        .fetch_one(&mut admin)
        .await
        .unwrap();
    let mut slow = String::new();
    for (what, text) in attacks() {
        assert_eq!(text.chars().count(), 20_000, "{what}");
        // A CPU that is shared is slower, for both: the fastest of some, each measured beside the other.
        let (mut reading, mut fastest) = (Duration::MAX, Duration::MAX);
        let is_within = |fastest, reading: Duration| fastest < BUDGET.max(12 * reading);
        for _ in 0..20 {
            reading = reading.min(cost(&mut admin, process, READING, "東京都").await);
            fastest = fastest.min(cost(&mut admin, process, SPLITTING, &text).await);
            if is_within(fastest, reading) {
                break;
            }
        }
        if !is_within(fastest, reading) {
            slow += &format!("{what}: {fastest:?}, reading characters {reading:?}\n");
        }
    }
    assert!(slow.is_empty(), "\n{slow}");
}

#[tokio::test]
async fn a_phrase_is_found_at_any_place_of_a_long_text() {
    let mut admin = Database::migrated().await.connect_as_superuser().await;
    for before in [0, 1, 15_897, 15_898, 15_899, 15_900, 15_901, 16_383, 19_000] {
        for filler in ["あ", "a "] {
            let text = format!("{}東京都庁", filler.repeat(before));
            if text.chars().count() > 20_000 {
                continue;
            }
            let is_found: bool = sqlx::query_scalar(
                "select app.search_words($1, 'B') @@ (app.search_query('東京都庁')).wanted",
            )
            .bind(&text)
            .fetch_one(&mut admin)
            .await
            .unwrap();
            assert!(is_found, "behind {before} times {filler:?}");
        }
    }
}

#[tokio::test]
async fn no_role_reaches_the_words_but_through_the_search() {
    let database = Database::migrated().await;
    for role in [
        "miyabi_tasks",
        "miyabi_activity",
        "miyabi_auth",
        "miyabi_orgs",
    ] {
        let mut connection = database.connect_as(role).await;
        for statement in [
            "select words from task_words",
            "select count(*) from task_words",
            "insert into task_words (organization_id, task_id, source_id, words) values (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '')",
            "update task_words set words = ''",
            "delete from task_words",
            "select * from ts_stat('select words from task_words')",
            "select app.search_candidates(gen_random_uuid(), 'a', null, false)",
            "select app.search_words('a', 'A')",
        ] {
            let refused = connection.execute(statement).await.unwrap_err();
            let refused = refused.into_database_error().unwrap();
            assert_eq!(
                refused.code().as_deref(),
                Some("42501"),
                "{role}: {statement}"
            );
        }
        // The control, and who may search: without an organization, not even an empty result.
        let search = "select app.search_tasks('a', 1, p_after_is_open => null, p_after_created_at => null, p_after_id => null)";
        let refused = connection.execute(search).await.unwrap_err();
        let refused = refused.into_database_error().unwrap();
        let expected = if role == "miyabi_tasks" {
            "42704"
        } else {
            "42501"
        };
        assert_eq!(refused.code().as_deref(), Some(expected), "{role}");
    }
}
