//! Spans of time as scenarios write them: `250ms`, `45s`, `-50m`, `2h`.

use std::fmt;
use std::str::FromStr;

use chrono::TimeDelta;
use serde::{Deserialize, Deserializer, de::Error};

/// A signed span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span(pub(super) TimeDelta);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.num_milliseconds();
        let units = [(3_600_000, "h"), (60_000, "m"), (1_000, "s")];
        let unit = units.into_iter().find(|(unit, _)| millis % unit == 0);
        let (unit, name) = unit.unwrap_or((1, "ms"));
        write!(f, "{}{name}", millis / unit)
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("{text:?} is no span of time: write 250ms, 45s, 5m or 2h");
        let unit_at = text.find(|c: char| c.is_ascii_alphabetic());
        let (number, unit) = text.split_at(unit_at.ok_or_else(wrong)?);
        let millis = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return Err(wrong()),
        };
        let number: i64 = number.parse().map_err(|_| wrong())?;
        let span = number
            .checked_mul(millis)
            .and_then(TimeDelta::try_milliseconds)
            .filter(|it| it.abs() <= TimeDelta::days(30));
        span.map(Self).ok_or_else(wrong)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_with_their_unit_and_sign() {
        for (text, millis) in [
            ("250ms", Some(250)),
            ("45s", Some(45_000)),
            ("-50m", Some(-3_000_000)),
            ("2h", Some(7_200_000)),
            ("", None),
            ("5", None),
            ("s", None),
            ("1.5s", None),
            ("1d", None),
            ("9223372036854775807h", None),
            ("1000h", None),
        ] {
            let read = text.parse::<Span>().ok().map(|it| it.0.num_milliseconds());
            assert_eq!(read, millis, "{text}");
            if let Ok(span) = text.parse::<Span>() {
                assert_eq!(span.to_string(), text);
            }
        }
    }
}
