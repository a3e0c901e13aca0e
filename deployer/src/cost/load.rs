//! The traffic that an estimate counts with: the stage's assumptions, and what the command line
//! puts in their place.

use super::inventory::{Entry, Function};
use crate::Error;

/// Seconds of a month of 730 hours, as AWS's own examples count.
pub(super) const SECONDS_PER_MONTH: u64 = HOURS_PER_MONTH * 3600;
/// Hours of a month.
pub(super) const HOURS_PER_MONTH: u64 = 730;
/// A connection of the WebSocket API ends after two hours at the latest:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>.
const HOURS_PER_CONNECTION: u64 = 2;
/// The most that an option accepts. Beyond it a unit is probably wrong.
const MOST: u64 = 1_000_000_000_000;

/// What replaces the stage's assumptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overrides {
    /// People.
    pub users: Option<u64>,
    /// Requests a month, of all people together.
    pub requests: Option<u64>,
}

/// The traffic of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// People.
    pub users: u64,
    /// Requests to the HTTP API.
    pub requests: u64,
    /// What the stage file assumes of each person and request.
    pub assumed: stacks::stage::Traffic,
}

impl Load {
    /// The traffic that a stage file assumes, with these numbers in place of its own.
    pub fn new(traffic: &stacks::stage::Traffic, overrides: Overrides) -> Load {
        let users = overrides.users.unwrap_or_else(|| u64::from(traffic.users));
        let per_user = users.saturating_mul(u64::from(traffic.requests_per_user));
        Load {
            users,
            requests: overrides.requests.unwrap_or(per_user),
            assumed: traffic.clone(),
        }
    }

    /// Connections to the WebSocket API that are open at the same time.
    pub(super) fn connections(&self) -> u64 {
        percent(self.users, self.assumed.connected_percent)
    }

    /// How often a connection is made: each lives as long as AWS lets it.
    pub(super) fn connects(&self) -> u64 {
        self.connections().saturating_mul(HOURS_PER_MONTH) / HOURS_PER_CONNECTION
    }

    /// Minutes that connections are open.
    pub(super) fn connection_minutes(&self) -> u64 {
        self.connections().saturating_mul(HOURS_PER_MONTH * 60)
    }

    /// Messages that clients send.
    pub(super) fn client_messages(&self) -> u64 {
        self.hourly(self.assumed.client_messages_per_hour)
    }

    /// Messages that clients receive.
    pub(super) fn server_messages(&self) -> u64 {
        self.hourly(self.assumed.server_messages_per_hour)
    }

    fn hourly(&self, messages: u32) -> u64 {
        let hours = self.connections().saturating_mul(HOURS_PER_MONTH);
        hours.saturating_mul(u64::from(messages))
    }

    /// How often the site is loaded.
    pub(super) fn page_loads(&self) -> u64 {
        self.users
            .saturating_mul(u64::from(self.assumed.page_loads_per_user))
    }

    /// Files that these loads ask the edge for.
    pub(super) fn page_files(&self) -> u64 {
        self.page_loads()
            .saturating_mul(u64::from(self.assumed.page_files))
    }

    /// Invocations of a function in a month; the error says what is not known of it.
    pub(super) fn invocations(&self, function: &Function<'_>) -> Result<u64, String> {
        let Some(scheduled) = function.scheduled else {
            return Err("a schedule that is not a rate invokes it".to_owned());
        };
        let mut sum = scheduled;
        if function.entries.contains(&Entry::WebSocket) {
            // Opening, closing, and each message of the client.
            sum = sum
                .saturating_add(self.connects().saturating_mul(2))
                .saturating_add(self.client_messages());
        }
        match self.assumed.functions.get(function.name) {
            Some(share) => Ok(sum.saturating_add(percent(self.requests, *share))),
            None if function.entries.contains(&Entry::WebSocket) => Ok(sum),
            None => Err(format!(
                "`cost.traffic.functions` does not name `{}`, so how often others invoke it is not known",
                function.name
            )),
        }
    }
}

/// So many of a hundred.
fn percent(of: u64, percent: u32) -> u64 {
    let product = u128::from(of) * u128::from(percent) / 100;
    u64::try_from(product).unwrap_or(u64::MAX)
}

/// A number as people write it: `250`, `1M`, `1.5k`, `2G`.
///
/// # Errors
///
/// [`crate::ErrorKind::Usage`] for anything else, a fraction of one, and more than 10^12.
pub fn parse_count(text: &str) -> Result<u64, Error> {
    let wrong = |why: &str| {
        Error::usage(
            format!("`{text}` is not a number of requests or users: {why}."),
            "Write digits with or without K, M or G for thousands, millions or billions: `1500`, `250K`, `1.5M`.",
        )
    };
    let trimmed = text.trim();
    let (digits, factor) = match trimmed.char_indices().next_back() {
        None => return Err(wrong("it is empty")),
        Some((end, 'k' | 'K')) => (&trimmed[..end], 1_000),
        Some((end, 'm' | 'M')) => (&trimmed[..end], 1_000_000),
        Some((end, 'g' | 'G')) => (&trimmed[..end], 1_000_000_000),
        Some(_) => (trimmed, 1_u128),
    };
    if digits
        .strip_prefix('-')
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
    {
        return Err(wrong("it is negative"));
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) || digits.ends_with('.') {
        return Err(wrong("only digits, one point and K, M or G are understood"));
    }
    if whole.len() > 13 || fraction.len() > 9 {
        return Err(wrong("it has too many digits"));
    }
    let power = 10_u128.pow(fraction.len() as u32);
    let number: u128 = format!("{whole}{fraction}")
        .parse()
        .map_err(|_| wrong("it is too large"))?;
    let scaled = number * factor;
    if !scaled.is_multiple_of(power) {
        return Err(wrong("it is not a whole number"));
    }
    match u64::try_from(scaled / power) {
        Ok(count) if count <= MOST => Ok(count),
        _ => Err(wrong("it is more than a thousand billion a month")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_write_it() {
        let read = [
            "0",
            "250",
            "1k",
            "1.5M",
            "2G",
            "0.001K",
            " 3M ",
            "1000000000000",
        ]
        .map(|text| parse_count(text).unwrap());
        assert_eq!(
            read,
            [
                0,
                250,
                1_000,
                1_500_000,
                2_000_000_000,
                1,
                3_000_000,
                1_000_000_000_000
            ]
        );
    }

    #[test]
    fn nonsense_is_refused_with_the_reason() {
        let refused: Vec<String> = [
            "",
            "M",
            "-5",
            "1X",
            "1e6",
            "1,000",
            "1.M",
            ".5M",
            "0.5",
            "1.0005K",
            "1MM",
            "2000G",
            "99999999999999",
            "NaN",
            "１",
        ]
        .iter()
        .map(|text| parse_count(text).unwrap_err().message().to_owned())
        .collect();
        insta::assert_snapshot!(refused.join("\n"));
    }

    #[test]
    fn the_command_line_replaces_what_the_stage_assumes() {
        let traffic = stacks::Stage::built_in("prod").unwrap().cost.traffic;
        let load = |users, requests| Load::new(&traffic, Overrides { users, requests });
        assert_eq!(load(None, None).requests, 1_000_000);
        assert_eq!(load(Some(1_000), None).requests, 10_000_000);
        let both = load(Some(7), Some(9));
        assert_eq!((both.users, both.requests), (7, 9));
        // A tenth of 1,000 users for 730 hours, connected again every two.
        let thousand = load(Some(1_000), None);
        assert_eq!(
            (
                thousand.connections(),
                thousand.connects(),
                thousand.connection_minutes()
            ),
            (100, 36_500, 4_380_000)
        );
    }
}
