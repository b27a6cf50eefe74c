//! The flow-log engine: formats, a record parser, and the table of who talks to whom.
//!
//! Lines come in one at a time, from any version and column order of VPC flow logs; edges go out.
//! What could not be read, was skipped by AWS or had to be dropped is counted, never hidden.
//! No I/O and no clock, and no judgement of rules: times and addresses come from the records.

pub mod bad_line;
mod conversation;
pub mod coverage;
pub mod edge;
pub mod evidence;
pub mod field;
pub mod format;
mod minutes;
pub mod record;
mod seen;
pub mod table;

pub use bad_line::BadLine;
pub use conversation::is_private;
pub use coverage::{EniCoverage, TableCoverage, Window};
pub use edge::{Edge, EdgeKey, Sums, mean_gap};
pub use evidence::{AwsService, Evidence, NextHop};
pub use field::{Field, Kind};
pub use format::{Format, FormatError};
pub use record::Value;
pub use table::{EniLog, FlowTable, UNKNOWN_ENI};
