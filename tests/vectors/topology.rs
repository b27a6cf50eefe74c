//! Topologies of the file, as estates.

use firedoor::model::Estate;
use firedoor::sources::dump::{DoubtKind, estate_of_json};
use serde_json::Value;

/// One topology.
pub(crate) struct Topology {
    pub(crate) estate: Estate,
    pub(crate) value: Value,
    /// What it says in two ways at once.
    pub(crate) contradiction: Option<String>,
}

impl Topology {
    pub(crate) fn of(v: &Value) -> Self {
        let (estate, doubts) = estate_of_json(v);
        let mut twice = doubts
            .iter()
            .filter(|it| matches!(it.kind, DoubtKind::SubnetInTwoAcls { .. }));
        Self {
            estate,
            value: v.clone(),
            contradiction: twice.next().map(ToString::to_string),
        }
    }

    /// Moves every instance to a family of Nitro v6.
    pub(crate) fn on_nitro_v6(&self, estate: &mut Estate) {
        for instance in self.estate.instances() {
            estate.update_instance(&instance.id, |it| it.instance_type = "m8i.large".into());
            for eni in self.estate.enis_of_instance(&instance.id) {
                estate.update_eni(&eni.id, |_| {});
            }
        }
    }
}
