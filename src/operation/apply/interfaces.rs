//! Network interfaces: their groups, timers, addresses and attachments.

use std::net::IpAddr;

use super::super::GroupRef;
use crate::model::{
    Eni, EniId, EniKind, Estate, GroupId, PublicAddress, SubnetId, TrackingTimeouts,
};

pub(super) fn set_groups(estate: &mut Estate, eni: &EniId, groups: &[GroupRef]) {
    let groups: Vec<GroupId> = groups.iter().map(super::Ref::id).collect();
    estate.update_eni(eni, |eni| eni.groups = groups);
}

/// An absent timeout is left as it is.
pub(super) fn set_timeouts(estate: &mut Estate, eni: &EniId, timeouts: TrackingTimeouts) {
    estate.update_eni(eni, |eni| {
        let was = eni.timeouts;
        eni.timeouts = TrackingTimeouts {
            tcp_established: timeouts.tcp_established.or(was.tcp_established),
            udp: timeouts.udp.or(was.udp),
            udp_stream: timeouts.udp_stream.or(was.udp_stream),
        };
    });
}

/// AWS picks the addresses, so a new interface has none here.
pub(super) fn create(estate: &mut Estate, id: EniId, subnet: &SubnetId, groups: &[GroupRef]) {
    let Some(vpc) = estate.subnet(subnet).map(|it| it.vpc.clone()) else {
        return;
    };
    estate.put_eni(Eni {
        id,
        vpc,
        subnet: subnet.clone(),
        kind: EniKind::Unattached,
        description: String::new(),
        addresses: Vec::new(),
        public: Vec::new(),
        groups: groups.iter().map(super::Ref::id).collect(),
        instance: None,
        device_index: None,
        requester_managed: false,
        source_dest_check: true,
        timeouts: TrackingTimeouts::default(),
    });
}

pub(super) fn detach(estate: &mut Estate, eni: &EniId) {
    estate.attach_eni(eni, None);
    estate.update_eni(eni, |it| it.kind = EniKind::Unattached);
}

pub(super) fn associate_address(
    estate: &mut Estate,
    eni: &EniId,
    private: IpAddr,
    address: IpAddr,
) {
    estate.update_eni(eni, |it| {
        it.public.retain(|mapped| mapped.private != private);
        it.public.push(PublicAddress {
            private,
            address,
            elastic: true,
        });
        // In the order of the private addresses.
        let place = |of: &PublicAddress| it.addresses.iter().position(|own| *own == of.private);
        it.public.sort_by_key(place);
    });
}
