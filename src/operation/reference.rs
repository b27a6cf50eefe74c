//! Names for objects that don't exist yet.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::id::{Id, kind};

/// A step of a plan, counted from 1 as people do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StepId(pub u16);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// An object of kind `K`: known by id, or made by an earlier step of the same plan.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", bound = "")]
pub enum Ref<K> {
    /// It exists.
    Id(Id<K>),
    /// The step that makes it.
    Made(StepId),
}

/// A security group.
pub type GroupRef = Ref<kind::Group>;
/// A network ACL.
pub type AclRef = Ref<kind::Acl>;
/// A network interface.
pub type EniRef = Ref<kind::Eni>;
/// A route table.
pub type RouteTableRef = Ref<kind::RouteTable>;
/// What a route points at: a gateway, an interface, or whatever else a route can name.
pub type TargetRef = Ref<kind::Gateway>;

impl<K> Ref<K> {
    /// The id, where it is known; that of an object still to be made is written `new:STEP`.
    pub fn id(&self) -> Id<K> {
        match self {
            Self::Id(id) => id.clone(),
            Self::Made(step) => Id::new(format!("new:{step}")),
        }
    }
}

impl<K> Clone for Ref<K> {
    fn clone(&self) -> Self {
        match self {
            Self::Id(id) => Self::Id(id.clone()),
            Self::Made(step) => Self::Made(*step),
        }
    }
}

impl<K> PartialEq for Ref<K> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Id(a), Self::Id(b)) => a == b,
            (Self::Made(a), Self::Made(b)) => a == b,
            _ => false,
        }
    }
}

impl<K> Eq for Ref<K> {}

impl<K> fmt::Debug for Ref<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K> fmt::Display for Ref<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Made(step) => write!(f, "new:{step}"),
        }
    }
}

/// What steps have made so far: the id by step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bindings(BTreeMap<StepId, String>);

impl Bindings {
    /// Records what a step made.
    pub fn insert(&mut self, step: StepId, made: impl Into<String>) {
        self.0.insert(step, made.into());
    }

    /// What a step made.
    pub fn get(&self, step: StepId) -> Option<&str> {
        self.0.get(&step).map(String::as_str)
    }
}

/// An operation refers to a step that has made nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("step {0} has not made anything yet")]
pub struct Unbound(pub StepId);
