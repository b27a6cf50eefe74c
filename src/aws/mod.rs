//! AWS: the read and write ports on top of the official SDK.
//!
//! The only place that names an AWS crate; nothing of the SDK leaves it, neither types nor errors.
//! Reads retry as the SDK does; writes are sent once, because whoever executes a plan retries
//! visibly. Every text that AWS answers is made printable here. Nothing here decides anything.

mod actuator;
mod connect;
mod convert;
mod error;
mod estate;
mod failure;
mod guardduty;
mod logs;
mod own_host;
mod probe;
mod source;

pub use actuator::AwsActuator;
pub use connect::{Account, ConnectError, Connection, Keys, connect, connect_as};
pub use own_host::{OwnHost, own_host};
pub use probe::AwsProbe;
pub use source::AwsSource;
