//! Code spans of Markdown, in which nothing is read as Markdown.

/// A code span that shows exactly this text, on one line, whatever is in it.
pub(super) fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    if text.trim().is_empty() {
        return "`(empty)`".to_owned();
    }
    // A longer fence than any inside; a space keeps a backtick or a space at the end apart from it.
    let (mut longest, mut run) = (0, 0);
    for letter in text.chars() {
        run = if letter == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    let awkward = |letter: Option<char>| matches!(letter, Some('`' | ' '));
    let space = if awkward(text.chars().next()) || awkward(text.chars().next_back()) {
        " "
    } else {
        ""
    };
    format!("{fence}{space}{text}{space}{fence}")
}
