//! What load balancers and Auto Scaling do by themselves.

use super::world::World;
use crate::model::EniId;

impl World {
    /// A load balancer has found out how a target fares.
    pub(super) fn checked(&mut self, eni: &EniId, port: u16, healthy: bool) {
        let Some(instance) = self.estate.eni(eni).and_then(|it| it.instance.clone()) else {
            return;
        };
        let health = if healthy { "healthy" } else { "unhealthy" };
        self.estate.update_target_memberships(|all| {
            let own = all.iter_mut().filter(|it| {
                it.instance == instance
                    && it.port.is_none_or(|it| it == port)
                    && it.health != "draining"
            });
            for target in own {
                health.clone_into(&mut target.health);
            }
        });
        self.changed();
    }
}
