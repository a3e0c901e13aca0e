//! The page as HTML.

use std::fmt::Write;

use time::OffsetDateTime;

use super::{
    chart::{scale, svg},
    panel::{Panel, WINDOWS, Window},
};
use crate::local::metrics::Metrics;

/// The page of a stage at the second `now` since 1970.
pub(super) fn html(
    stage: &str,
    panels: &[Panel],
    metrics: &Metrics,
    window: Window,
    now: u64,
) -> String {
    let stage = escaped(stage);
    let mut graphs = String::new();
    let mut has_values = false;
    for panel in panels {
        let values = panel.read(metrics, window, now);
        has_values |= values.iter().flatten().any(Option::is_some);
        graphs.push_str(&graph(panel, &values, window, now));
    }
    let notice = match (panels.is_empty(), has_values) {
        (true, _) => format!(
            "<p class=\"notice\">The stage has no dashboard yet: its stack <code>ops</code> is not deployed. Run <code>cargo xtask deploy --stage {stage}</code>.</p>\n"
        ),
        (false, false) => "<p class=\"notice\">No metrics yet. The database reports every few seconds, the functions with their first requests; a data point is shown when its period is over.</p>\n".to_owned(),
        (false, true) => String::new(),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{stage}: operations (this machine)</title>\n\
         <link rel=\"stylesheet\" href=\"/_ops/style.css\">\n\
         <script src=\"/_ops/refresh.js\" defer></script>\n</head>\n<body>\n<header>\n\
         <h1>Operations of <code>{stage}</code></h1>\n\
         <p class=\"label\">Metrics of this machine, not of CloudWatch: three hours in memory, since the stage was last started. On AWS the same graphs are the dashboard <code>miyabi-STAGE-operations</code>.</p>\n\
         <nav aria-label=\"Time shown\">\n{}</nav>\n</header>\n<main id=\"graphs\">\n\
         <p class=\"updated\">Updated {} UTC, every 10 s.</p>\n{notice}{graphs}</main>\n</body>\n</html>\n",
        windows(window),
        clock(now, true),
    )
}

fn windows(shown: Window) -> String {
    let mut links = String::new();
    for minutes in WINDOWS {
        let current = match minutes == shown.minutes {
            true => " aria-current=\"page\"",
            false => "",
        };
        let _ = writeln!(
            links,
            "<a href=\"/_ops?minutes={minutes}\"{current}>{minutes} minutes</a>"
        );
    }
    links
}

/// A graph with its scale, its times and its lines.
fn graph(panel: &Panel, values: &[Vec<Option<f64>>], window: Window, now: u64) -> String {
    let title = escaped(&panel.title);
    let mut html = format!("<figure>\n<figcaption>{title}</figcaption>\n");
    if !values.iter().flatten().any(Option::is_some) {
        let _ = write!(
            html,
            "<p class=\"empty\">No data point in the last {} minutes.</p>\n</figure>\n",
            window.minutes
        );
        return html;
    }
    let highest = scale(values);
    let from = now.saturating_sub(window.seconds());
    let _ = write!(
        html,
        "<div class=\"plot\"><span class=\"top\">{}</span>\n{}<span class=\"from\">{}</span><span class=\"to\">{}</span></div>\n",
        number(highest),
        svg(values, highest, &title),
        clock(from, false),
        clock(now, false),
    );
    html.push_str("<table>\n<tr><th scope=\"col\">line</th><th scope=\"col\">last</th><th scope=\"col\">highest</th></tr>\n");
    for (place, (line, values)) in panel.lines.iter().zip(values).enumerate() {
        let last = values.iter().rev().copied().flatten().next();
        let highest = values.iter().copied().flatten().reduce(f64::max);
        let text = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), number);
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\"><svg class=\"key\" viewBox=\"0 0 24 8\" aria-hidden=\"true\"><path class=\"line l{place}\" d=\"M0 4h24\"/></svg>{}</th><td>{}</td><td>{}</td></tr>",
            escaped(&line.label),
            text(last),
            text(highest),
        );
    }
    html.push_str("</table>\n</figure>\n");
    html
}

/// Short: `0.4`, `312`, `2.1G`.
fn number(value: f64) -> String {
    let (value, unit) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, "G"),
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = if value.abs() >= 100.0 { 0 } else { 2 };
    let text = format!("{value:.digits$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{text}{unit}")
}

/// `14:05`, or `14:05:30`.
fn clock(second: u64, with_seconds: bool) -> String {
    let second = i64::try_from(second).unwrap_or_default();
    let at = OffsetDateTime::from_unix_timestamp(second).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    match with_seconds {
        true => format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second()),
        false => format!("{:02}:{:02}", at.hour(), at.minute()),
    }
}

/// Text and values of attributes.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
