//! Why a line of a flow log was not read.
//!
//! Reasons are shown to the analyst: they name the field, and quote the token only after it was cut
//! short and made printable, since a log may hold anything.

use super::field::Field;
use crate::model::text;

/// Why a line was not read. Tokens are cut short and made printable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// The log's format itself can't be read, and so none of its lines.
    #[error(transparent)]
    Format(#[from] super::FormatError),
    /// The line ends early.
    #[error("the line ends before {missing}: {found} values for {expected} fields")]
    TooFew {
        /// The first field without a value: its name.
        missing: Box<str>,
        /// Values in the line.
        found: usize,
        /// Fields in the format.
        expected: usize,
    },
    /// The line goes on after its last field.
    #[error("{token} stands after the last of {expected} fields")]
    TooMany {
        /// The first surplus token.
        token: Box<str>,
        /// Fields in the format.
        expected: usize,
    },
    /// Something else than digits.
    #[error("{field}: {token} is not a whole number")]
    NotANumber {
        /// The field.
        field: Field,
        /// What stands there.
        token: Box<str>,
    },
    /// A number that the field can't hold.
    #[error("{field}: {token} is more than {max}")]
    OutOfRange {
        /// The field.
        field: Field,
        /// What stands there.
        token: Box<str>,
        /// The largest number that it can hold.
        max: i64,
    },
    /// Not an IPv4 or IPv6 address.
    #[error("{field}: {token} is not an address")]
    NotAnAddress {
        /// The field.
        field: Field,
        /// What stands there.
        token: Box<str>,
    },
    /// A word that the field does not know.
    #[error("{field}: {token} is none of {}", .known.join(", "))]
    UnknownWord {
        /// The field.
        field: Field,
        /// What stands there.
        token: Box<str>,
        /// The words that it knows.
        known: &'static [&'static str],
    },
    /// Bytes that are not UTF-8.
    #[error("{field}: {token} is not UTF-8")]
    NotText {
        /// The field.
        field: Field,
        /// What stands there.
        token: Box<str>,
    },
    /// Without a time a record can't be placed.
    #[error("neither start nor end has a value: the flow log's format needs one of them")]
    NoTime,
}

/// A token as a reason may show it: printable, and not longer than a line.
pub(super) fn shown(token: &[u8]) -> Box<str> {
    const LONGEST: usize = 40;
    let whole = String::from_utf8_lossy(token);
    let short: String = whole.chars().take(LONGEST).collect();
    let more = if short.len() < whole.len() { "…" } else { "" };
    format!("{}{more}", text::visible(&short)).into()
}
