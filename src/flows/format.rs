//! The format of a flow log: which field stands in which column.
//!
//! Formats come from `DescribeFlowLogs` (`${field}` tokens), from the header line of a file, or from
//! the user. Columns that this program does not know are kept, so that newer logs still load.

use super::field::{Field, Kind};
use crate::model::text;

/// The columns of a flow log, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    pub(super) columns: Vec<Column>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    /// A known field, with what it holds at hand.
    Known(Field, Kind),
    /// A field that is skipped: its name, made printable.
    Unknown(Box<str>),
}

/// Why a format can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// It names no field at all.
    #[error("the flow log format is empty: name its fields, such as \"srcaddr dstaddr\"")]
    Empty,
}

impl Format {
    /// Reads a format: `${field}` tokens or bare names, separated by white space.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let columns: Vec<Column> = text.split_whitespace().map(Column::named).collect();
        if columns.is_empty() {
            return Err(FormatError::Empty);
        }
        Ok(Self { columns })
    }

    /// The format of a flow log for which none was chosen: version 2, 14 fields.
    ///
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html#flow-logs-default>
    pub fn default_v2() -> Self {
        let version_2 = Field::ALL.into_iter().filter(|field| field.version() == 2);
        Self {
            columns: version_2.map(Column::known).collect(),
        }
    }

    /// Takes a file's first line for a header if it reads like one: most of its words are fields.
    pub fn from_header(line: &[u8]) -> Option<Self> {
        let format = Self::parse(str::from_utf8(line).ok()?).ok()?;
        (format.fields().count() > format.unknown().count()).then_some(format)
    }

    /// The known fields, in column order.
    pub fn fields(&self) -> impl Iterator<Item = Field> {
        self.columns.iter().filter_map(|column| match column {
            Column::Known(field, _) => Some(*field),
            Column::Unknown(_) => None,
        })
    }

    /// Whether it has this field.
    pub fn has(&self, field: Field) -> bool {
        self.fields().any(|known| known == field)
    }

    /// The names of columns that are skipped because they are not known, made printable.
    pub fn unknown(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().filter_map(|column| match column {
            Column::Known(..) => None,
            Column::Unknown(name) => Some(&**name),
        })
    }
}

impl Column {
    fn named(token: &str) -> Self {
        let braced = token.strip_prefix("${").and_then(|t| t.strip_suffix('}'));
        let name = braced.unwrap_or(token);
        Field::named(name).map_or_else(|| Self::Unknown(text::visible(name).into()), Self::known)
    }

    fn known(field: Field) -> Self {
        Self::Known(field, field.kind())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_give_the_same_format() {
        let bare = Format::parse("interface-id srcaddr pkt-dstaddr").unwrap();
        for text in [
            "${interface-id} ${srcaddr} ${pkt-dstaddr}",
            "  interface_id\tsrcaddr\n pkt_dstaddr ",
        ] {
            assert_eq!(Format::parse(text), Ok(bare.clone()));
        }
        assert!(bare.has(Field::PktDstAddr));
        assert!(!bare.has(Field::DstAddr));
    }

    #[test]
    fn an_empty_format_is_refused_and_an_unknown_field_is_kept() {
        assert_eq!(Format::parse(" \n"), Err(FormatError::Empty));
        let format = Format::parse("srcaddr ${moon-phase} \u{1b}[2J dstaddr").unwrap();
        assert_eq!(
            format.unknown().collect::<Vec<_>>(),
            ["moon-phase", "\\u{1b}[2J"]
        );
        let known: Vec<Field> = format.fields().collect();
        assert_eq!(known, [Field::SrcAddr, Field::DstAddr]);
    }

    #[test]
    fn the_default_format_is_version_2_in_the_documented_order() {
        let documented = "version account-id interface-id srcaddr dstaddr srcport dstport protocol \
                          packets bytes start end action log-status";
        assert_eq!(Ok(Format::default_v2()), Format::parse(documented));
    }

    #[test]
    fn a_header_is_told_from_a_record() {
        for (line, header) in [
            (&b"version srcaddr dstaddr new-field"[..], true),
            (b"version", true),
            (b"5 10.0.0.1 10.0.0.2 -", false),
            (b"eni-0a us-east-1 type", false),
            (b"", false),
            (b"\xff\xfe", false),
        ] {
            assert_eq!(Format::from_header(line).is_some(), header, "{line:?}");
        }
    }
}
