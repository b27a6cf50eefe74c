//! One line of a flow log becomes one record, or a reason why not.
//!
//! It works on bytes, because nothing says that a log is UTF-8, and it refuses what it can't place:
//! a line is read completely or counted as bad. Nothing here panics, whatever the line holds.

use std::net::IpAddr;

use chrono::{DateTime, Utc};

use super::bad_line::{BadLine, shown};
use super::field::{Field, Kind};
use super::format::{Column, Format};
use crate::model::{
    EniId, FlowAction, FlowDirection, FlowRecord, InstanceId, LogStatus, SubnetId, TcpFlags, VpcId,
    text,
};

/// The value of one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// `-`: not applicable, or not computed.
    Absent,
    /// A whole number, as written: times keep their unit.
    Number(i64),
    /// An address.
    Address(IpAddr),
    /// Text as it stands: hostile until made visible.
    Text(&'a str),
}

impl Format {
    /// Reads a line into a record. The line may end in a line break; columns are separated by one
    /// or more spaces or tabs.
    ///
    /// Times from 10^11 on are milliseconds, others seconds. If only one of `start` and `end` has a
    /// value it stands for both.
    pub fn record(&self, line: &[u8]) -> Result<FlowRecord, BadLine> {
        self.record_at(line, None)
    }

    /// [`Format::record`], with the time at which the line was logged for formats that have neither
    /// `start` nor `end`: a custom format may leave both out.
    /// <https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html#flow-logs-custom>
    pub fn record_at(
        &self,
        line: &[u8],
        logged: Option<DateTime<Utc>>,
    ) -> Result<FlowRecord, BadLine> {
        let timeless = !self.has(Field::Start) && !self.has(Field::End);
        let mut record = FlowRecord::empty(DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH);
        let (mut start, mut end) = (None, None);
        self.each_value(line, |field, value| match (field, value) {
            (Field::Start, Value::Number(number)) => start = instant(number),
            (Field::End, Value::Number(number)) => end = instant(number),
            (_, Value::Absent) => {}
            (_, Value::Number(number)) => set_number(&mut record, field, number),
            (_, Value::Address(address)) => set_address(&mut record, field, address),
            (_, Value::Text(text)) => set_text(&mut record, field, text),
        })?;
        let logged = logged.filter(|_| timeless);
        record.start = start.or(end).or(logged).ok_or(BadLine::NoTime)?;
        record.end = end.unwrap_or(record.start);
        Ok(record)
    }

    /// Reads a line into its fields' values, in column order; unknown columns are left out.
    pub fn values<'a>(&'a self, line: &'a [u8]) -> Result<Vec<(Field, Value<'a>)>, BadLine> {
        let mut values = Vec::with_capacity(self.columns.len());
        self.each_value(line, |field, value| values.push((field, value)))?;
        Ok(values)
    }

    fn each_value<'a>(
        &self,
        line: &'a [u8],
        mut take: impl FnMut(Field, Value<'a>),
    ) -> Result<(), BadLine> {
        let mut tokens = line
            .split(u8::is_ascii_whitespace)
            .filter(|token| !token.is_empty());
        for (found, column) in self.columns.iter().enumerate() {
            let Some(token) = tokens.next() else {
                return Err(self.too_few(found, column));
            };
            if let Column::Known(field, kind) = column {
                take(*field, decode(*field, *kind, token)?);
            }
        }
        tokens.next().map_or(Ok(()), |surplus| {
            Err(BadLine::TooMany {
                token: shown(surplus),
                expected: self.columns.len(),
            })
        })
    }

    fn too_few(&self, found: usize, missing: &Column) -> BadLine {
        BadLine::TooFew {
            missing: match missing {
                Column::Known(field, _) => field.name().into(),
                Column::Unknown(name) => shown(name.as_bytes()),
            },
            found,
            expected: self.columns.len(),
        }
    }
}

fn decode(field: Field, kind: Kind, token: &[u8]) -> Result<Value<'_>, BadLine> {
    if token == b"-" {
        return Ok(Value::Absent);
    }
    match kind {
        Kind::Number(max) => number(field, max, token).map(Value::Number),
        Kind::Address => address(field, token).map(Value::Address),
        Kind::Text => utf8(field, token).map(Value::Text),
        Kind::Choice(known) => word(field, known, token).map(Value::Text),
    }
}

fn number(field: Field, max: i64, token: &[u8]) -> Result<i64, BadLine> {
    let mut number = Some(0_i64);
    for byte in token {
        if !byte.is_ascii_digit() {
            let token = shown(token);
            return Err(BadLine::NotANumber { field, token });
        }
        let digit = i64::from(byte - b'0');
        number = number
            .and_then(|number| number.checked_mul(10))
            .and_then(|number| number.checked_add(digit));
    }
    number
        .filter(|number| *number <= max)
        .ok_or_else(|| BadLine::OutOfRange {
            field,
            token: shown(token),
            max,
        })
}

fn address(field: Field, token: &[u8]) -> Result<IpAddr, BadLine> {
    let address = str::from_utf8(token).ok().and_then(|t| t.parse().ok());
    address.ok_or_else(|| BadLine::NotAnAddress {
        field,
        token: shown(token),
    })
}

fn utf8(field: Field, token: &[u8]) -> Result<&str, BadLine> {
    str::from_utf8(token).map_err(|_| BadLine::NotText {
        field,
        token: shown(token),
    })
}

fn word(
    field: Field,
    known: &'static [&'static str],
    token: &[u8],
) -> Result<&'static str, BadLine> {
    let found = known.iter().find(|word| word.as_bytes() == token);
    found.copied().ok_or_else(|| BadLine::UnknownWord {
        field,
        token: shown(token),
        known,
    })
}

fn set_number(record: &mut FlowRecord, field: Field, number: i64) {
    let octet = || u8::try_from(number).ok();
    match field {
        Field::SrcPort => record.src_port = u16::try_from(number).ok(),
        Field::DstPort => record.dst_port = u16::try_from(number).ok(),
        Field::Protocol => record.protocol = octet(),
        Field::Packets => record.packets = number.unsigned_abs(),
        Field::Bytes => record.bytes = number.unsigned_abs(),
        Field::TcpFlags => record.tcp_flags = octet().map(TcpFlags),
        Field::TrafficPath => record.traffic_path = octet(),
        _ => {}
    }
}

fn set_address(record: &mut FlowRecord, field: Field, address: IpAddr) {
    match field {
        Field::SrcAddr => record.src = Some(address),
        Field::DstAddr => record.dst = Some(address),
        Field::PktSrcAddr => record.pkt_src = Some(address),
        Field::PktDstAddr => record.pkt_dst = Some(address),
        _ => {}
    }
}

fn set_text(record: &mut FlowRecord, field: Field, word: &str) {
    match field {
        Field::InterfaceId => record.eni = Some(EniId::new(word)),
        Field::VpcId => record.vpc = Some(VpcId::new(word)),
        Field::SubnetId => record.subnet = Some(SubnetId::new(word)),
        Field::InstanceId => record.instance = Some(InstanceId::new(word)),
        Field::Action => record.action = Some(action(word)),
        Field::LogStatus => record.status = status(word),
        Field::FlowDirection => record.direction = Some(direction(word)),
        Field::NextHopInterfaceType => record.next_hop_type = Some(text::visible(word).into()),
        Field::PktDstAwsService => record.dst_service = Some(text::visible(word).into()),
        Field::RejectReason => record.reject_reason = Some(text::visible(word).into()),
        _ => {}
    }
}

// The three below only meet words that their field knows: `word` refused all others.

fn action(word: &str) -> FlowAction {
    match word {
        "ACCEPT" => FlowAction::Accept,
        _ => FlowAction::Reject,
    }
}

fn status(word: &str) -> LogStatus {
    match word {
        "OK" => LogStatus::Ok,
        "NODATA" => LogStatus::NoData,
        _ => LogStatus::SkipData,
    }
}

fn direction(word: &str) -> FlowDirection {
    match word {
        "ingress" => FlowDirection::Ingress,
        _ => FlowDirection::Egress,
    }
}

fn instant(number: i64) -> Option<DateTime<Utc>> {
    const FIRST_MILLISECONDS: i64 = 100_000_000_000;
    if number >= FIRST_MILLISECONDS {
        DateTime::from_timestamp_millis(number)
    } else {
        DateTime::from_timestamp(number, 0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_becomes_a_record() {
        let format = "interface-id srcaddr dstaddr srcport dstport protocol packets bytes start \
                      end action log-status tcp-flags flow-direction traffic-path \
                      next-hop-interface-type pkt-dst-aws-service reject-reason instance-id";
        let line = b"eni-0c 10.1.2.3 2001:db8::7 50000 443 6 7 900 1700000000 1700000060 REJECT \
                     SKIPDATA 18 egress 8 nat\x1bgateway S3 BPA -\r\n";
        let record = Format::parse(format).unwrap().record(line).unwrap();
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let want = FlowRecord {
            eni: Some(EniId::new("eni-0c")),
            src: Some([10, 1, 2, 3].into()),
            dst: Some("2001:db8::7".parse().unwrap()),
            src_port: Some(50000),
            dst_port: Some(443),
            protocol: Some(6),
            packets: 7,
            bytes: 900,
            action: Some(FlowAction::Reject),
            status: LogStatus::SkipData,
            tcp_flags: Some(TcpFlags(18)),
            direction: Some(FlowDirection::Egress),
            traffic_path: Some(8),
            next_hop_type: Some("nat\\u{1b}gateway".into()),
            dst_service: Some("S3".into()),
            reject_reason: Some("BPA".into()),
            ..FlowRecord::empty(at(1_700_000_000), at(1_700_000_060))
        };
        assert_eq!(record, want);
    }

    #[test]
    fn times_are_seconds_or_milliseconds_and_one_of_them_is_enough() {
        let format = Format::parse("start end").unwrap();
        for (line, start, end) in [
            (
                "1700000000 1700000060",
                1_700_000_000_000,
                1_700_000_060_000,
            ),
            (
                "1700000000123 1700000060000",
                1_700_000_000_123,
                1_700_000_060_000,
            ),
            ("- 60", 60_000, 60_000),
            ("60 -", 60_000, 60_000),
            (
                "99999999999 100000000000",
                99_999_999_999_000,
                100_000_000_000,
            ),
        ] {
            let record = format.record(line.as_bytes()).unwrap();
            let window = (
                record.start.timestamp_millis(),
                record.end.timestamp_millis(),
            );
            assert_eq!(window, (start, end), "{line}");
        }
        assert_eq!(format.record(b"- -"), Err(BadLine::NoTime));
    }

    #[test]
    fn a_format_without_times_takes_the_time_at_which_it_was_logged() {
        let logged = DateTime::from_timestamp(7, 0);
        let timeless = Format::parse("srcaddr srcport").unwrap();
        let record = timeless.record_at(b"10.0.0.1 80", logged).unwrap();
        assert_eq!(Some(record.start), logged);
        assert_eq!(Some(record.end), logged);
        let bad = timeless.record(b"10.0.0.1 80");
        assert_eq!(bad, Err(BadLine::NoTime));
        let timed = Format::parse("start srcport").unwrap();
        assert_eq!(timed.record_at(b"- 80", logged), Err(BadLine::NoTime));
    }

    #[test]
    fn what_can_not_be_read_is_refused_with_the_field_and_the_token() {
        let format = "srcaddr srcport bytes action log-status vpc-id start";
        let format = Format::parse(format).unwrap();
        for (line, reason) in [
            ("", "the line ends before srcaddr: 0 values for 7 fields"),
            (
                "- - - - -",
                "the line ends before vpc-id: 5 values for 7 fields",
            ),
            ("- - - - - - 1 x y", "x stands after the last of 7 fields"),
            (
                "10.0.0.256 - - - - - 1",
                "srcaddr: 10.0.0.256 is not an address",
            ),
            (
                "10.0.0.01 - - - - - 1",
                "srcaddr: 10.0.0.01 is not an address",
            ),
            ("- 65536 - - - - 1", "srcport: 65536 is more than 65535"),
            ("- -1 - - - - 1", "srcport: -1 is not a whole number"),
            ("- +1 - - - - 1", "srcport: +1 is not a whole number"),
            ("- 0x50 - - - - 1", "srcport: 0x50 is not a whole number"),
            (
                "- - 9223372036854775808 - - - 1",
                "bytes: 9223372036854775808 is more than 9223372036854775807",
            ),
            (
                "- - - accept - - 1",
                "action: accept is none of ACCEPT, REJECT",
            ),
            (
                "- - - - LOST - 1",
                "log-status: LOST is none of OK, NODATA, SKIPDATA",
            ),
            (
                "- - - - - - 253402300800000",
                "start: 253402300800000 is more than 253402300799999",
            ),
        ] {
            let bad = format.record(line.as_bytes()).unwrap_err();
            assert_eq!(bad.to_string(), reason, "{line}");
        }
    }

    #[test]
    fn tokens_in_reasons_are_short_and_printable() {
        let format = Format::parse("srcport").unwrap();
        let bad = format.record(b"\x1b[2J\xff").unwrap_err();
        assert_eq!(
            bad.to_string(),
            "srcport: \\u{1b}[2J\u{fffd} is not a whole number"
        );
        let bad = format.record(&[b'x'; 500]).unwrap_err();
        assert_eq!(bad.to_string().chars().filter(|c| *c == 'x').count(), 40);
        let format = Format::parse("vpc-id start").unwrap();
        let bad = format.record(b"vpc-\xff 1").unwrap_err();
        assert_eq!(bad.to_string(), "vpc-id: vpc-\u{fffd} is not UTF-8");
    }

    #[test]
    fn unknown_columns_are_skipped_whatever_they_hold() {
        let format = Format::parse("moon-phase srcport").unwrap();
        let values = format.values(b"\xff\xff   80").unwrap();
        assert_eq!(values, [(Field::SrcPort, Value::Number(80))]);
        assert!(format.values(b"full").is_err());
    }

    fn any_format() -> impl Strategy<Value = Format> {
        proptest::sample::subsequence(Field::ALL.to_vec(), 1..=20)
            .prop_shuffle()
            .prop_map(|fields| {
                let names: Vec<&str> = fields.into_iter().map(Field::name).collect();
                Format::parse(&names.join(" ")).unwrap()
            })
    }

    fn any_token() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            Just(b"-".to_vec()),
            any::<u64>().prop_map(|n| n.to_string().into_bytes()),
            any::<IpAddr>().prop_map(|a| a.to_string().into_bytes()),
            proptest::sample::select(vec!["ACCEPT", "OK", "egress", "NODATA", "S3"])
                .prop_map(|word| word.as_bytes().to_vec()),
            proptest::collection::vec(any::<u8>(), 0..12),
        ]
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_parser_panic(
            format in any_format(),
            line in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let values = format.values(&line).map(drop);
            prop_assert!(format.record(&line).is_err() || values.is_ok());
            let _ = Format::from_header(&line);
        }

        #[test]
        fn a_record_is_refused_when_its_values_are_or_it_has_no_time(
            format in any_format(),
            tokens in proptest::collection::vec(any_token(), 0..22),
        ) {
            let line = tokens.join(&b"  "[..]);
            match (format.values(&line), format.record(&line)) {
                (Err(a), Err(b)) => prop_assert_eq!(a, b),
                (Ok(values), Ok(_)) => prop_assert_eq!(values.len(), format.fields().count()),
                (Ok(_), Err(reason)) => prop_assert_eq!(reason, BadLine::NoTime),
                (Err(reason), Ok(_)) => prop_assert!(false, "{}", reason),
            }
        }
    }
}
