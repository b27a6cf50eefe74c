//! What a dump leaves open: everything that was not read, or can't be relied on, with its place.

use std::fmt;
use std::sync::Arc;

use crate::flows::BadLine;
use crate::model::{AclId, EniId, InstanceId, PartKind, RouteTableId, SubnetId, VpcId};

/// Something in a dump that was not read, or that can't be relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The file, below the dump's folder and made printable; absent: it is about the whole dump.
    pub file: Option<Arc<str>>,
    /// The line, from 1 on, where one is to blame.
    pub line: Option<usize>,
    /// What is wrong, and what became of it.
    pub kind: DoubtKind,
}

/// What is wrong. Ids and values are made printable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DoubtKind {
    /// A kind of answer is not there at all.
    #[error("no {key}, so what is known of {} is incomplete: add the answer of `aws {call}`", .part.name())]
    Missing {
        /// The key under which the answer would stand.
        key: &'static str,
        /// The part of the estate that it makes up.
        part: PartKind,
        /// The call of the aws CLI that answers it.
        call: &'static str,
    },
    /// Something names what the dump does not have.
    #[error("{from}: {field} names {to}, which is not in the dump")]
    Dangling {
        /// What names it.
        from: String,
        /// In which field.
        field: &'static str,
        /// What it names.
        to: String,
    },
    /// An entry of a list without its id: it is left out.
    #[error("{list}: entry {entry} has no {field} and is left out")]
    WithoutId {
        /// The list.
        list: &'static str,
        /// Which entry, from 1 on.
        entry: usize,
        /// The field that would hold the id.
        field: &'static str,
    },
    /// A thing without a field that it can't do without: it is left out.
    #[error("{of} has no {field} and is left out")]
    Incomplete {
        /// What.
        of: String,
        /// The field.
        field: &'static str,
    },
    /// A value that can't be read: it is left out.
    #[error("{of}: {field} is {value}, which can't be read; it is left out")]
    Unreadable {
        /// Whose.
        of: String,
        /// The field.
        field: &'static str,
        /// What stands there.
        value: String,
    },
    /// A subnet that several network ACLs claim: AWS allows one.
    #[error("{subnet} is associated with {}: a subnet has one network ACL", list(.acls))]
    SubnetInTwoAcls {
        /// The subnet.
        subnet: SubnetId,
        /// The network ACLs, by id; the last one is used.
        acls: Vec<AclId>,
    },
    /// A subnet that several route tables claim: AWS allows one.
    #[error("{subnet} is associated with {}: a subnet has one route table", list(.tables))]
    SubnetInTwoTables {
        /// The subnet.
        subnet: SubnetId,
        /// The route tables, by id; the last one is used.
        tables: Vec<RouteTableId>,
    },
    /// Two network ACLs that are a VPC's default, or two route tables that are its main one.
    #[error("{vpc} has two default network ACLs or main route tables: {}", .ids.join(" and "))]
    TwoDefaults {
        /// The VPC.
        vpc: VpcId,
        /// The two.
        ids: Vec<String>,
    },
    /// A subnet without a network ACL or a route table, not even its VPC's.
    #[error("{subnet}: none of the {} in the dump serves it", .part.name())]
    Unserved {
        /// The subnet.
        subnet: SubnetId,
        /// Network ACLs or route tables.
        part: PartKind,
    },
    /// The same id twice, not with the same contents.
    #[error("{id} is described more than once, and not equally: the last description is used")]
    Contradiction {
        /// The id.
        id: String,
    },
    /// An interface that only its instance describes.
    #[error("{eni} is not among the NetworkInterfaces: it is taken from {instance}")]
    FromInstance {
        /// The interface.
        eni: EniId,
        /// The instance.
        instance: InstanceId,
    },
    /// An Elastic IP that its interface maps otherwise: the interface is believed.
    #[error("Addresses maps {address} to {private} of {eni}, which has {has} there")]
    Address {
        /// The Elastic IP.
        address: String,
        /// The private address that it is said to be mapped to.
        private: String,
        /// The interface.
        eni: EniId,
        /// What the interface says instead.
        has: String,
    },
    /// A prefix list of which the dump has only the name.
    #[error("{list} has no entries; add the answer of `aws ec2 get-managed-prefix-list-entries`")]
    NoEntries {
        /// The prefix list.
        list: String,
    },
    /// Findings that somebody has archived: they are left out, as on an account.
    #[error("archived findings are left out: {count}")]
    Archived {
        /// How many.
        count: usize,
    },
    /// A file that holds nothing that is read.
    #[error("ignored: {why}")]
    Ignored {
        /// Why.
        why: String,
    },
    /// Parts of a file that are not read.
    #[error("not read: {}", .keys.join(", "))]
    Unused {
        /// Their keys.
        keys: Vec<String>,
    },
    /// A Parquet file.
    #[error("Parquet is not read: convert it, or read the text delivery")]
    Parquet,
    /// JSON that can't be parsed.
    #[error("not JSON: {why}")]
    NotJson {
        /// Why.
        why: String,
    },
    /// A file, or the rest of one, that can't be read.
    #[error("{why}; what stands before that is used")]
    Io {
        /// Why.
        why: String,
    },
    /// A recording of a call that failed.
    #[error("a recording of a failed call, status {status}: ignored")]
    FailedCall {
        /// The HTTP status.
        status: i64,
    },
    /// Lines of a flow log that can't be read; the first of them is named.
    #[error("lines of the flow log that can't be read: {count}; of the first, {first}")]
    BadFlowLines {
        /// How many.
        count: u64,
        /// Why the first one can't be read.
        first: BadLine,
    },
    /// Flow records of interfaces that the dump does not describe.
    #[error("interfaces in flow records that are not in the dump: {count}, such as {first}")]
    UnknownInterfaces {
        /// How many.
        count: usize,
        /// One of them.
        first: EniId,
    },
}

impl Doubt {
    /// A doubt about the whole dump.
    pub(super) fn of_all(kind: DoubtKind) -> Self {
        Self {
            file: None,
            line: None,
            kind,
        }
    }

    /// A doubt about a file.
    pub(super) fn of_file(file: &Arc<str>, kind: DoubtKind) -> Self {
        Self {
            file: Some(Arc::clone(file)),
            line: None,
            kind,
        }
    }

    /// The same doubt about one line.
    pub(super) fn at_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}")?;
            if let Some(line) = self.line {
                write!(f, ":{line}")?;
            }
            f.write_str(": ")?;
        }
        write!(f, "{}", self.kind)
    }
}

fn list<T: fmt::Display>(all: &[T]) -> String {
    let all: Vec<String> = all.iter().map(ToString::to_string).collect();
    all.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubt_says_where_and_what() {
        let kind = DoubtKind::SubnetInTwoAcls {
            subnet: "subnet-1".into(),
            acls: vec!["acl-1".into(), "acl-2".into()],
        };
        let words = "subnet-1 is associated with acl-1 and acl-2: a subnet has one network ACL";
        assert_eq!(Doubt::of_all(kind.clone()).to_string(), words);
        let file: Arc<str> = "a/b.json".into();
        let doubt = Doubt::of_file(&file, kind);
        assert_eq!(doubt.to_string(), format!("a/b.json: {words}"));
        assert_eq!(doubt.at_line(7).to_string(), format!("a/b.json:7: {words}"));
    }
}
