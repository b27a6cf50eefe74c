//! JSON as tools write AWS's answers: keys in either case, nulls anywhere, numbers as text.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use crate::model::text::visible;

/// An object. Keys are asked for as the aws CLI prints them and found as other tools do, too
/// (`vpcId`); a null is as good as absent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object<'a>(&'a Map<String, Value>);

impl<'a> Object<'a> {
    /// The object that this value is.
    pub(super) fn of(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// The keys, as they are written.
    pub(super) fn keys(self) -> impl Iterator<Item = &'a str> {
        self.0.keys().map(String::as_str)
    }

    /// A value that is not null.
    pub(super) fn get(self, key: &str) -> Option<&'a Value> {
        let value = self.0.get(key).or_else(|| self.0.get(&in_camel_case(key)));
        value.filter(|it| !it.is_null())
    }

    /// A text; empty ones too.
    pub(super) fn text(self, key: &str) -> Option<&'a str> {
        self.get(key)?.as_str()
    }

    /// A text for display.
    pub(super) fn shown(self, key: &str) -> String {
        visible(self.text(key).unwrap_or_default()).into_owned()
    }

    /// A whole number, written as one or as text.
    pub(super) fn number(self, key: &str) -> Option<i64> {
        let value = self.get(key)?;
        let text = || value.as_str()?.trim().parse().ok();
        value.as_i64().or_else(text)
    }

    /// A number that fits.
    pub(super) fn small<T: TryFrom<i64>>(self, key: &str) -> Option<T> {
        T::try_from(self.number(key)?).ok()
    }

    /// Yes or no, written as such or as text.
    pub(super) fn flag(self, key: &str) -> Option<bool> {
        let value = self.get(key)?;
        let text = || value.as_str()?.trim().to_ascii_lowercase().parse().ok();
        value.as_bool().or_else(text)
    }

    /// An object in it.
    pub(super) fn object(self, key: &str) -> Option<Self> {
        Self::of(self.get(key)?)
    }

    /// The values of a list; none if it is absent.
    pub(super) fn list(self, key: &str) -> &'a [Value] {
        self.get(key)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    /// The objects of a list.
    pub(super) fn objects(self, key: &str) -> impl DoubleEndedIterator<Item = Self> {
        self.list(key).iter().filter_map(Self::of)
    }

    /// The texts of a list.
    pub(super) fn texts(self, key: &str) -> impl Iterator<Item = &'a str> {
        self.list(key).iter().filter_map(Value::as_str)
    }

    /// An address.
    pub(super) fn address(self, key: &str) -> Option<IpAddr> {
        self.text(key)?.trim().parse().ok()
    }

    /// A moment: RFC 3339, as Python prints it, or seconds since 1970.
    pub(super) fn time(self, key: &str) -> Option<DateTime<Utc>> {
        match self.get(key)? {
            Value::String(text) => {
                let rfc = DateTime::parse_from_rfc3339(text).map(|it| it.to_utc());
                rfc.ok().or_else(|| text.parse().ok())
            }
            Value::Number(seconds) => {
                let whole = seconds.as_i64();
                let millis = || DateTime::from_timestamp_millis(thousandths(seconds.as_f64()?)?);
                match whole {
                    Some(whole) => DateTime::from_timestamp(whole, 0),
                    None => millis(),
                }
            }
            _ => None,
        }
    }

    /// The value of a tag, for display.
    pub(super) fn tag(self, key: &str) -> String {
        let tag = self
            .objects("Tags")
            .find(|tag| tag.text("Key") == Some(key));
        tag.map(|tag| tag.shown("Value")).unwrap_or_default()
    }
}

/// Whether a key is this one, as the aws CLI prints it or in camel case.
pub(super) fn is_key(key: &str, name: &str) -> bool {
    let (first, of_name) = (key.get(..1), name.get(..1));
    key.get(1..) == name.get(1..)
        && matches!((first, of_name), (Some(a), Some(b)) if a.eq_ignore_ascii_case(b))
}

/// `VpcId` as `vpcId`.
fn in_camel_case(key: &str) -> String {
    let mut key = key.to_owned();
    if let Some(first) = key.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    key
}

/// Seconds with a fraction as milliseconds, if they can be a date.
fn thousandths(seconds: f64) -> Option<i64> {
    let text = format!("{:.0}", seconds * 1000.0);
    text.parse().ok()
}

/// JSON documents one after the other: one, one per line, or just strung together. Each comes with
/// the line on which it begins, counted from 1.
///
/// After one that can't be parsed, reading goes on at the next line that begins with a bracket.
pub(super) fn documents(bytes: &[u8]) -> Vec<(usize, Result<Value, serde_json::Error>)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut all = Vec::new();
    let (mut at, mut line) = (0, 1);
    while let Some(rest) = bytes.get(at..) {
        let mut stream = serde_json::Deserializer::from_slice(rest).into_iter::<Value>();
        let Some(read) = stream.next() else {
            break;
        };
        let blank = rest
            .iter()
            .take_while(|it| it.is_ascii_whitespace())
            .count();
        let begins = line + lines_in(&rest[..blank]);
        let skip = if read.is_ok() {
            stream.byte_offset()
        } else {
            to_next_bracket(rest, blank)
        };
        all.push((begins, read));
        at += skip;
        line += lines_in(rest.get(..skip).unwrap_or(rest));
    }
    all
}

fn lines_in(bytes: &[u8]) -> usize {
    bytes.split(|it| *it == b'\n').count() - 1
}

/// How far it is from `after` to the next line that begins with a bracket; the end, if none does.
fn to_next_bracket(bytes: &[u8], after: usize) -> usize {
    let found = bytes
        .windows(2)
        .skip(after)
        .position(|pair| matches!(pair, b"\n{" | b"\n["));
    found.map_or(bytes.len(), |at| after + at + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_found_in_either_case_and_nulls_are_absent() {
        for value in [
            json!({"VpcId": "vpc-1", "Size": 8, "On": true}),
            json!({"vpcId": "vpc-1", "size": "8", "on": "True", "Tags": null}),
        ] {
            let it = Object::of(&value).unwrap();
            assert_eq!(it.text("VpcId"), Some("vpc-1"), "{value}");
            assert_eq!(it.number("Size"), Some(8), "{value}");
            assert_eq!(it.flag("On"), Some(true), "{value}");
            assert_eq!(it.get("Tags"), None);
            assert_eq!(it.tag("Name"), "");
            assert_eq!(it.objects("Tags").count(), 0);
        }
        let none = json!([1]);
        assert!(Object::of(&none).is_none());
    }

    #[test]
    fn moments_are_read_as_tools_write_them() {
        let value = json!({
            "Cli": "2026-11-02T10:00:00.000Z", "Offset": "2026-11-02T11:00:00+01:00",
            "Python": "2026-11-02 10:00:00+00:00", "Seconds": 1_793_613_600, "Fraction": 1_793_613_600.0,
            "Bad": "yesterday", "Huge": 1e300
        });
        let it = Object::of(&value).unwrap();
        for key in ["Cli", "Offset", "Python", "Seconds", "Fraction"] {
            let read = it.time(key).map(|at| at.timestamp());
            assert_eq!(read, Some(1_793_613_600), "{key}");
        }
        assert_eq!(
            (it.time("Bad"), it.time("Huge"), it.time("No")),
            (None, None, None)
        );
    }

    #[test]
    fn documents_follow_each_other_in_any_way() {
        for (text, lines) in [
            ("{\"a\":1}", &[(1, true)][..]),
            ("\u{feff}\n\n{\"a\":1}\n", &[(3, true)]),
            ("{\"a\":1}\n{\"b\":2}\n", &[(1, true), (2, true)]),
            (
                "{\"a\":1}{\"b\":\n2}[3]",
                &[(1, true), (1, true), (2, true)],
            ),
            (
                "{\"a\":1}\n{\"b\":\n{\"c\":3}\n",
                &[(1, true), (2, false), (3, true)],
            ),
            ("{\n  \"a\": nope\n}\n[1]\n", &[(1, false), (4, true)]),
            ("{\"a\":", &[(1, false)]),
            ("", &[]),
        ] {
            let read: Vec<_> = documents(text.as_bytes())
                .into_iter()
                .map(|(line, read)| (line, read.is_ok()))
                .collect();
            assert_eq!(read, lines, "{text}");
        }
    }
}
