//! The lines of a graph as SVG. Colours and widths are in the style sheet: the page's policy takes no
//! style of an element.

use std::fmt::Write;

/// The inner size of a graph, in units of its view box.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 160.0;

/// The lines; `label` names the graph to who does not see it. The scale begins at zero and ends at
/// `highest`.
pub(super) fn svg(lines: &[Vec<Option<f64>>], highest: f64, label: &str) -> String {
    let mut svg = format!(
        "<svg viewBox=\"0 -4 {WIDTH} {}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{label}\">\n",
        HEIGHT + 8.0
    );
    for part in [0.0, 0.5, 1.0] {
        let y = HEIGHT * part;
        let _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"0\" x2=\"{WIDTH}\" y1=\"{y}\" y2=\"{y}\"/>"
        );
    }
    for (number, values) in lines.iter().enumerate() {
        let path = path(values, highest);
        if !path.is_empty() {
            let _ = writeln!(svg, "<path class=\"line l{number}\" d=\"{path}\"/>");
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// A move to each value that follows a gap, a line to each other; one without neighbours is a dash.
fn path(values: &[Option<f64>], highest: f64) -> String {
    let step = WIDTH / (values.len().max(2) - 1) as f64;
    let mut path = String::new();
    let mut is_drawing = false;
    for (place, value) in values.iter().enumerate() {
        let Some(value) = value else {
            is_drawing = false;
            continue;
        };
        let share = if highest > 0.0 { value / highest } else { 0.0 };
        let (x, y) = (place as f64 * step, HEIGHT * (1.0 - share.clamp(0.0, 1.0)));
        let command = if is_drawing { 'L' } else { 'M' };
        let _ = write!(path, "{command}{x:.1} {y:.1}");
        let is_alone = !is_drawing && !matches!(values.get(place + 1), Some(Some(_)));
        if is_alone {
            let _ = write!(path, "h3");
        }
        is_drawing = true;
    }
    path
}

/// The end of a scale: 1, 2 or 5 times a power of ten, at least the highest value; 1 for nothing.
pub(super) fn scale(lines: &[Vec<Option<f64>>]) -> f64 {
    let values = lines.iter().flatten().flatten().copied();
    let highest = values.fold(0.0, f64::max);
    if highest <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(highest.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps
        .into_iter()
        .find(|step| *step >= highest)
        .unwrap_or(highest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_not_drawn_and_a_lone_value_is() {
        let values = [Some(0.0), Some(10.0), None, Some(5.0), None];
        assert_eq!(path(&values, 10.0), "M0.0 160.0L150.0 0.0M450.0 80.0h3");
        assert_eq!(path(&[None, None], 10.0), "");
    }

    #[test]
    fn a_scale_ends_at_a_round_number_above_every_value() {
        let of = |value: f64| scale(&[vec![Some(value), None]]);
        let ends = [0.0, 0.3, 1.0, 7.0, 130.0, 2_100_000.0].map(of);
        assert_eq!(ends, [1.0, 0.5, 1.0, 10.0, 200.0, 5_000_000.0]);
    }
}
