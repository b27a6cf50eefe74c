//! Who is behind the interfaces: whether it runs, whom its own firewall blocks, and how often it went
//! down. Judging packets on the way is `net`'s.

use std::net::IpAddr;

use crate::drill::beside::Blocks;
use crate::drill::net::{EniIx, Net};
use crate::model::{Eni, EniKind, Estate, InstanceState};

/// The guests of all interfaces.
#[derive(Debug, Default)]
pub(super) struct Hosts(Vec<Host>);

#[derive(Debug, Clone, Default)]
struct Host {
    up: bool,
    /// How often it went down: what it knew before is forgotten.
    boots: u32,
    /// Peers whose packets its own firewall drops, both ways.
    blocked: Vec<IpAddr>,
}

impl Hosts {
    /// Brings everything in line with an estate.
    pub(super) fn update(&mut self, estate: &Estate, blocks: &Blocks, net: &Net) {
        let mut present = vec![false; self.0.len()];
        for eni in estate.enis() {
            let Some(ix) = net.eni(&eni.id) else {
                continue;
            };
            let at = ix.index();
            if at >= self.0.len() {
                self.0.resize(at + 1, Host::default());
                present.resize(at + 1, false);
            }
            let Some(host) = self.0.get_mut(at) else {
                continue;
            };
            host.be(is_up(estate, eni));
            host.blocked = eni
                .instance
                .as_ref()
                .map_or(Vec::new(), |id| blocks.of(id).collect());
            if let Some(seen) = present.get_mut(at) {
                *seen = true;
            }
        }
        let gone = self.0.iter_mut().zip(present);
        for (host, _) in gone.filter(|(_, present)| !present) {
            host.be(false);
        }
    }

    /// Whether somebody runs behind an interface.
    pub(super) fn is_up(&self, eni: EniIx) -> bool {
        self.0.get(eni.index()).is_some_and(|it| it.up)
    }

    /// How often it went down.
    pub(super) fn boots(&self, eni: EniIx) -> u32 {
        self.0.get(eni.index()).map_or(0, |it| it.boots)
    }

    /// Whether whoever is behind an interface exchanges packets with a peer: it is up, and its own
    /// firewall does not block the peer.
    #[inline]
    pub(super) fn talks(&self, eni: EniIx, peer: IpAddr) -> bool {
        let host = self.0.get(eni.index());
        host.is_some_and(|it| it.up && (it.blocked.is_empty() || !it.blocked.contains(&peer)))
    }
}

impl Host {
    fn be(&mut self, up: bool) {
        if self.up && !up {
            self.boots = self.boots.wrapping_add(1);
        }
        self.up = up;
    }
}

/// A stopped instance sends and hears nothing, and nor does an interface that is attached to nothing.
fn is_up(estate: &Estate, eni: &Eni) -> bool {
    match &eni.instance {
        Some(id) => estate.instance(id).is_some_and(|it| {
            let state = it.state;
            matches!(state, InstanceState::Running | InstanceState::Stopping)
        }),
        None => eni.kind != EniKind::Unattached,
    }
}
