//! Flow logs as files: text with or without a header, plain or packed, and what `CloudWatch` Logs
//! and Security Lake write as JSON. However they are kept, what comes out is lines of a format.

use std::io::{self, BufRead};
use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::doubt::{Doubt, DoubtKind};
use super::envelope::Events;
use super::files::DumpFile;
use super::json::Object;
use super::ocsf;
use crate::flows::{BadLine, Field, FlowTable, Format};
use crate::model::{Estate, FlowLogDestination};

/// Lines at the start of a file without a header that are tried: one that fits is enough.
const TRIED: usize = 20;

/// Events are numbered by file and line; no file has more lines than this.
const LINES: u64 = 1 << 40;

/// A part of a flow log.
#[derive(Debug)]
pub(super) struct FlowFile {
    file: Option<Arc<str>>,
    number: u64,
    format: Format,
    /// The format as a header or a flow log writes it.
    pub(super) format_text: String,
    lines: Lines,
}

#[derive(Debug)]
enum Lines {
    /// Of a text file, which begins with the format as a header, or doesn't.
    Of(DumpFile, bool),
    /// Taken from JSON.
    Kept(Vec<String>),
}

impl FlowFile {
    /// A text file, if it is a flow log: by its header, or by lines that have a format that the
    /// estate's flow logs have, or the default one.
    pub(super) fn of_text(
        file: &DumpFile,
        number: usize,
        estate: &Estate,
    ) -> io::Result<Option<Self>> {
        let mut beginning = Vec::new();
        let mut reader = file.open()?;
        while beginning.len() < TRIED
            && let Some(line) = next_line(&mut reader)?
        {
            beginning.push(line);
        }
        let header = beginning.first().and_then(|line| Format::from_header(line));
        let has_header = header.is_some();
        let first = beginning
            .first()
            .map(|it| String::from_utf8_lossy(it).into_owned());
        let found = match header.zip(first) {
            Some((format, text)) => Some((format, text)),
            None => format_of(&beginning, None, None, estate),
        };
        Ok(found.map(|(format, format_text)| Self {
            file: Some(Arc::clone(&file.name)),
            number: to_number(number),
            format,
            format_text,
            lines: Lines::Of(file.clone(), has_header),
        }))
    }

    /// Events out of JSON; `None` if they are no flow records.
    pub(super) fn of_events(it: Events, number: usize, estate: &Estate) -> Option<Self> {
        let (format_text, lines) = if it.ocsf {
            let lines = it.all.iter().filter_map(ocsf::line).collect();
            (ocsf::FORMAT.to_owned(), lines)
        } else {
            of_messages(&it.all, it.group.as_deref(), estate)?
        };
        Some(Self {
            file: it.file,
            number: to_number(number),
            format: Format::parse(&format_text).ok()?,
            format_text,
            lines: Lines::Kept(lines),
        })
    }

    /// The format of its lines.
    pub(super) fn format(&self) -> &Format {
        &self.format
    }

    /// Gives every line with its event's number and its own, from 1 on, until told to stop.
    pub(super) fn each_line(
        &self,
        mut take: impl FnMut(u64, usize, &[u8]) -> ControlFlow<()>,
    ) -> io::Result<()> {
        let mut take = |line: usize, text: &[u8]| {
            let event = self.number * LINES + to_number(line);
            take(event, line, text)
        };
        match &self.lines {
            Lines::Kept(lines) => {
                for (text, line) in lines.iter().zip(1..) {
                    if take(line, text.as_bytes()).is_break() {
                        break;
                    }
                }
            }
            Lines::Of(file, has_header) => {
                let header = has_header.then(|| self.format_text.as_bytes());
                let mut reader = file.open()?;
                let (mut line, mut text) = (0, Vec::new());
                loop {
                    text.clear();
                    if reader.read_until(b'\n', &mut text)? == 0 {
                        break;
                    }
                    line += 1;
                    let text = trimmed(&text);
                    // Files that were put together repeat their header.
                    if text.is_empty() || header == Some(text) {
                        continue;
                    }
                    if take(line, text).is_break() {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Counts every record into a table.
    pub(super) fn count(&self, table: &mut FlowTable, estate: &Estate) -> Vec<Doubt> {
        let mut bad: Option<(usize, u64, BadLine)> = None;
        let read = self.each_line(|event, line, text| {
            match self.format.record(text) {
                Ok(record) => {
                    table.add(event, &record, |eni, address| {
                        let eni = estate.eni(eni);
                        eni.is_some_and(|it| it.addresses.contains(&address))
                    });
                }
                Err(reason) => {
                    table.count_bad(event, reason.clone());
                    bad.get_or_insert((line, 0, reason)).1 += 1;
                }
            }
            ControlFlow::Continue(())
        });
        let mut doubts = Vec::new();
        if let Some((line, count, first)) = bad {
            doubts.push(self.doubt(Some(line), DoubtKind::BadFlowLines { count, first }));
        }
        if let Err(error) = read {
            let why = error.to_string();
            doubts.push(self.doubt(None, DoubtKind::Io { why }));
        }
        doubts
    }

    fn doubt(&self, line: Option<usize>, kind: DoubtKind) -> Doubt {
        Doubt {
            file: self.file.clone(),
            line,
            kind,
        }
    }
}

/// The format that a line of the beginning has: that of the flow log that writes to the log group,
/// the default one, or that of any flow log.
fn format_of(
    beginning: &[Vec<u8>],
    logged: Option<DateTime<Utc>>,
    group: Option<&str>,
    estate: &Estate,
) -> Option<(Format, String)> {
    let logs = estate.flow_logs().iter();
    let writes_there = |it: &FlowLogDestination| match it {
        FlowLogDestination::LogGroup(name) => Some(name.as_str()) == group,
        FlowLogDestination::Elsewhere(_) => false,
    };
    let of_group = logs.clone().filter(|it| writes_there(&it.destination));
    let texts = of_group.map(|it| it.format.as_str());
    let default = default_format();
    let texts = texts.chain([default.as_str()]);
    let texts = texts.chain(logs.map(|it| it.format.as_str()));
    let mut formats = texts.filter_map(|text| Some((Format::parse(text).ok()?, text)));
    let fits = |format: &Format, line: &Vec<u8>| format.record_at(line, logged).is_ok();
    let found = formats.find(|(format, _)| beginning.iter().any(|line| fits(format, line)));
    found.map(|(format, text)| (format, text.to_owned()))
}

/// The format of a flow log for which none was chosen, as a header.
pub(super) fn default_format() -> String {
    let fields: Vec<&str> = Format::default_v2().fields().map(Field::name).collect();
    fields.join(" ")
}

/// A line that is not blank, without its end.
fn next_line(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    loop {
        text.clear();
        if reader.read_until(b'\n', &mut text)? == 0 {
            return Ok(None);
        }
        let line = trimmed(&text);
        if !line.is_empty() {
            return Ok(Some(line.to_vec()));
        }
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(line)
        .trim_ascii()
}

/// The format of events' messages, and these as lines. In a format without times each line gets the
/// time at which it was logged as one column more.
fn of_messages(
    events: &[Value],
    group: Option<&str>,
    estate: &Estate,
) -> Option<(String, Vec<String>)> {
    let read = |event| {
        let event = Object::of(event)?;
        Some((event.text("Message")?.trim(), event.number("Timestamp")))
    };
    let events: Vec<(&str, Option<i64>)> = events.iter().filter_map(read).collect();
    let beginning = events
        .iter()
        .take(TRIED)
        .map(|(text, _)| text.as_bytes().to_vec());
    let beginning: Vec<Vec<u8>> = beginning.collect();
    let logged = Some(DateTime::UNIX_EPOCH);
    let (format, text) = format_of(&beginning, logged, group, estate)?;
    if format.has(Field::Start) || format.has(Field::End) {
        let lines = events.into_iter().map(|(text, _)| text.to_owned());
        return Some((text, lines.collect()));
    }
    let lines = events.into_iter().map(|(text, logged)| match logged {
        Some(logged) => format!("{text} {logged}"),
        None => format!("{text} -"),
    });
    Some((format!("{text} start"), lines.collect()))
}

fn to_number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{FlowLog, Part};

    fn estate(format: &str) -> Estate {
        let log = FlowLog {
            id: "fl-1".into(),
            resource: "vpc-1".into(),
            destination: FlowLogDestination::LogGroup("/vpc/custom".into()),
            format: format.into(),
            aggregation_seconds: 60,
            traffic: "ALL".into(),
            delivery_error: None,
        };
        Estate::from_parts([Part::FlowLogs(vec![log])], chrono::DateTime::UNIX_EPOCH)
    }

    fn of_text(text: &[u8], estate: &Estate) -> Option<FlowFile> {
        let dir = tempfile::tempdir().unwrap().keep();
        let path = dir.join("flow.log");
        std::fs::write(&path, text).unwrap();
        let file = DumpFile {
            path,
            name: "flow.log".into(),
            modified: None,
        };
        FlowFile::of_text(&file, 1, estate).unwrap()
    }

    const V2: &str =
        "2 123456789010 eni-1 10.0.0.1 10.0.0.2 40000 443 6 1 40 1418530010 1418530070 ACCEPT OK";

    #[test]
    fn text_is_known_by_its_header_or_by_a_line_that_fits() {
        let custom = estate("${interface-id} ${srcaddr} ${dstaddr} ${start}");
        let header = default_format();
        for (text, records, bad) in [
            (format!("{header}\n{V2}\n\n{header}\r\n{V2}\r\n"), 2, 0),
            (
                "dstaddr srcaddr start\n10.0.0.1 10.0.0.2 1418530010\nnonsense\n".into(),
                1,
                1,
            ),
            (format!("{V2}\n{V2}"), 2, 0),
            (format!("cut off\n{V2}\n"), 1, 1),
            ("eni-1 10.0.0.1 10.0.0.2 1418530010\n".into(), 1, 0),
        ] {
            let file = of_text(text.as_bytes(), &custom).unwrap();
            let mut table = FlowTable::default();
            let doubts = file.count(&mut table, &custom);
            let coverage = table.coverage();
            assert_eq!(
                (coverage.records, coverage.bad_lines),
                (records, bad),
                "{text}"
            );
            assert_eq!(doubts.len(), usize::from(bad > 0), "{doubts:?}");
        }
        for text in [
            "# Notes\nThese are notes.\n",
            "account_id,action,bytes\n1,REJECT,40\n",
        ] {
            assert!(of_text(text.as_bytes(), &custom).is_none(), "{text}");
        }
    }

    #[test]
    fn events_have_the_format_of_their_log_group() {
        let custom = estate("${interface-id} ${srcaddr} ${dstaddr} ${start}");
        let events = |group: &str, message: &str| Events {
            file: None,
            group: Some(group.into()),
            ocsf: false,
            all: vec![
                json!({"message": message, "timestamp": 1_418_530_000_000_i64}),
                json!({"timestamp": 1}),
                json!(null),
            ],
        };
        let default = default_format();
        for (group, message, format) in [
            (
                "/vpc/custom",
                "eni-1 10.0.0.1 10.0.0.2 1418530010",
                "${interface-id} ${srcaddr} ${dstaddr} ${start}",
            ),
            ("/vpc/other", V2, default.as_str()),
        ] {
            let file = FlowFile::of_events(events(group, message), 1, &custom).unwrap();
            assert_eq!(file.format_text, format);
            let mut seen = Vec::new();
            file.each_line(|event, line, _| {
                seen.push((event, line));
                ControlFlow::Continue(())
            })
            .unwrap();
            assert_eq!(seen, [(LINES + 1, 1)]);
        }
        assert!(FlowFile::of_events(events("/aws/lambda", "START"), 1, &custom).is_none());
    }

    #[test]
    fn lines_without_times_get_those_at_which_they_were_logged() {
        let custom = estate("${interface-id} ${srcaddr} ${dstaddr}");
        let message = "eni-1 10.0.0.1 10.0.0.2";
        let events = Events {
            file: None,
            group: None,
            ocsf: false,
            all: vec![
                json!({"message": message, "timestamp": 1_418_530_000_000_i64}),
                json!({"message": message}),
            ],
        };
        let file = FlowFile::of_events(events, 1, &custom).unwrap();
        let mut table = FlowTable::default();
        assert_eq!(file.count(&mut table, &custom).len(), 1);
        let coverage = table.coverage();
        assert_eq!((coverage.records, coverage.bad_lines), (1, 1));
        let newest = coverage.newest_end.map(|it| it.timestamp());
        assert_eq!(newest, Some(1_418_530_000));
    }
}
