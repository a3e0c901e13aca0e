//! A graph of a dashboard, as the body of `AWS::CloudWatch::Dashboard` describes it.

use serde_json::Value;

use crate::local::metrics::{KEPT, Metric, Metrics, Statistic};

/// A graph.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::local) struct Panel {
    pub(super) title: String,
    pub(super) lines: Vec<Line>,
    /// Seconds of a data point.
    period: u64,
}

/// A line of a graph.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) label: String,
    metric: Metric,
    statistic: Statistic,
}

/// The time that a page shows, up to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) minutes: u64,
}

/// The windows that a page offers, in minutes; the metrics are kept for the longest.
pub(super) const WINDOWS: [u64; 3] = [15, 60, KEPT / 60];
/// The most data points of a line: about one for two pixels.
const POINTS: u64 = 180;

impl Window {
    /// `minutes=60`; anything else is the shortest.
    pub(super) fn of_query(query: &str) -> Window {
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        let minutes = pairs.find(|(name, _)| name == "minutes");
        let minutes = minutes.and_then(|(_, value)| value.parse().ok());
        let minutes = minutes.filter(|minutes| WINDOWS.contains(minutes));
        Window {
            minutes: minutes.unwrap_or(WINDOWS[0]),
        }
    }

    pub(super) fn seconds(self) -> u64 {
        self.minutes * 60
    }
}

impl Panel {
    /// The graphs in the body of a dashboard, before or after its names are filled in.
    ///
    /// # Errors
    ///
    /// What cannot be drawn here, a sentence.
    pub(in crate::local) fn parse_all(body: &str) -> Result<Vec<Panel>, String> {
        let body: Value = serde_json::from_str(body)
            .map_err(|error| format!("DashboardBody is not JSON: {error}."))?;
        let widgets = body["widgets"].as_array();
        let widgets = widgets.ok_or("DashboardBody has no widgets.")?;
        widgets.iter().map(Panel::parse).collect()
    }

    fn parse(widget: &Value) -> Result<Panel, String> {
        if widget["type"] != "metric" {
            return Err(format!(
                "A widget of the type {} is not drawn.",
                widget["type"]
            ));
        }
        let properties = &widget["properties"];
        let period = properties["period"].as_u64().unwrap_or(60);
        if !period.is_multiple_of(10) || period == 0 {
            return Err(format!("A period of {period} s is not drawn."));
        }
        let lines = properties["metrics"].as_array().into_iter().flatten();
        Ok(Panel {
            title: properties["title"].as_str().unwrap_or_default().to_owned(),
            lines: lines.map(Line::parse).collect::<Result<_, _>>()?,
            period,
        })
    }

    /// The lines with their data points of the window, the oldest first; `None`: no value.
    pub(super) fn read(
        &self,
        metrics: &Metrics,
        window: Window,
        now: u64,
    ) -> Vec<Vec<Option<f64>>> {
        let period = self.step(window);
        let to = now - now % period;
        let from = to.saturating_sub(window.seconds() / period * period);
        let read = |line: &Line| metrics.values(&line.metric, line.statistic, period, from, to);
        self.lines.iter().map(read).collect()
    }

    /// Seconds of a data point in that window: the panel's period, or a multiple that fits.
    fn step(&self, window: Window) -> u64 {
        let shortest = window.seconds().div_ceil(POINTS);
        self.period * shortest.div_ceil(self.period).max(1)
    }
}

impl Line {
    /// `["AWS/Lambda", "Errors", "FunctionName", "miyabi-local-tasks", {"stat": "Sum", "label": ".."}]`
    /// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html>).
    fn parse(line: &Value) -> Result<Line, String> {
        let unknown = || format!("The line {line} is not drawn.");
        let parts = line.as_array().ok_or_else(unknown)?;
        let [words @ .., options] = parts.as_slice() else {
            return Err(unknown());
        };
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        let [namespace, name, dimensions @ ..] = words.as_slice() else {
            return Err(unknown());
        };
        let statistic = options["stat"].as_str().and_then(Statistic::parse);
        let dimensions = dimensions.chunks_exact(2).map(|pair| (pair[0], pair[1]));
        Ok(Line {
            label: options["label"].as_str().unwrap_or(name).to_owned(),
            metric: Metric::new(namespace, name, dimensions),
            statistic: statistic.ok_or_else(unknown)?,
        })
    }
}
