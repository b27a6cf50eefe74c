//! The flow-log engine: formats, a record parser, and the table of who talks to whom.
//!
//! Lines come in one at a time, from any version and column order of VPC flow logs; edges go out.
//! What could not be read, was skipped by AWS or had to be dropped is counted, never hidden.
//! No I/O and no clock, and no judgement of rules: times and addresses come from the records.

pub mod bad_line;
mod conversation;
pub mod coverage;
pub mod edge;
pub mod field;
pub mod format;
mod minutes;
pub mod record;
mod seen;
pub mod table;

pub use bad_line::BadLine;
pub use coverage::{EniCoverage, TableCoverage, Window};
pub use edge::{Edge, EdgeKey};
pub use field::{Field, Kind};
pub use format::{Format, FormatError};
pub use record::Value;
pub use table::{FlowTable, UNKNOWN_ENI};
