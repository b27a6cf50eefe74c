//! Network interfaces, and the Elastic IPs that are mapped to them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::super::doubt::DoubtKind;
use super::super::envelope::Found;
use super::super::json::Object;
use super::super::list::List;
use super::super::notes::{Notes, Subject, Target};
use super::{Item, compute, each_once, items, things};
use crate::model::notation::EniTraits;
use crate::model::{Eni, EniId, EniKind, InstanceId, PublicAddress, TrackingTimeouts};

/// The key under which the kind is written where AWS's own fields don't tell it.
pub(in super::super) const KIND: &str = "FiredoorKind";

pub(super) fn enis(found: &Found, notes: &mut Notes) -> Vec<Eni> {
    let mut all = things(
        items(found, List::NetworkInterfaces),
        "NetworkInterfaceId",
        notes,
        |it| eni(it, None),
    );
    from_instances(found, &mut all, notes);
    let all = all.into_iter().map(|it| (it.id.clone(), it));
    let mut by_id: BTreeMap<EniId, Eni> = all.collect();
    for item in items(found, List::Addresses) {
        map_address(item, &mut by_id, notes);
    }
    by_id.into_values().collect()
}

/// The interfaces that instances describe, each with its instance.
pub(super) fn of_instances(found: &Found) -> impl Iterator<Item = (Item<'_>, &str)> {
    compute::instance_items(found).flat_map(|of| {
        let object = of.object;
        let own = object
            .into_iter()
            .flat_map(|it| it.list("NetworkInterfaces"));
        let id = object
            .and_then(|it| it.text("InstanceId"))
            .unwrap_or_default();
        own.zip(1..).map(move |(value, at)| {
            let item = Item {
                file: of.file,
                list: "NetworkInterfaces of an instance",
                at,
                object: Object::of(value),
            };
            (item, id)
        })
    })
}

/// Adds those that only their instances describe.
fn from_instances(found: &Found, all: &mut Vec<Eni>, notes: &mut Notes) {
    let mut known: BTreeSet<EniId> = all.iter().map(|it| it.id.clone()).collect();
    for (item, instance) in of_instances(found) {
        let Some(mut subject) = item.subject("NetworkInterfaceId", notes) else {
            continue;
        };
        if !known.insert(subject.id.into()) {
            continue;
        }
        let instance = InstanceId::new(instance);
        if let Some(eni) = eni(&mut subject, Some(&instance)) {
            let kind = DoubtKind::FromInstance {
                eni: eni.id.clone(),
                instance,
            };
            notes.doubt(kind);
            all.push(eni);
        }
    }
}

/// An interface; `described_by` the instance that describes it, which leaves out what is its own.
fn eni(it: &mut Subject<'_, '_>, described_by: Option<&InstanceId>) -> Option<Eni> {
    let object = it.object;
    let attachment = object.object("Attachment");
    let attached_to = attachment.and_then(|it| it.text("InstanceId"));
    let instance = attached_to.map(InstanceId::from).or(described_by.cloned());
    if let Some(instance) = &instance {
        it.names("Attachment", instance.as_str(), Target::Instance);
    }
    Some(Eni {
        id: it.id.into(),
        vpc: it.needs_id("VpcId", Target::Vpc)?.into(),
        subnet: it.needs_id("SubnetId", Target::Subnet)?.into(),
        kind: kind(object, instance.is_some()),
        description: object.shown("Description"),
        addresses: addresses(it),
        public: public(it),
        groups: it.ids("Groups", "GroupId", Target::Group),
        instance,
        device_index: attachment.and_then(|it| it.small("DeviceIndex")),
        requester_managed: object.flag("RequesterManaged").unwrap_or(false),
        source_dest_check: object.flag("SourceDestCheck").unwrap_or(true),
        timeouts: object
            .object("ConnectionTrackingConfiguration")
            .map(timeouts)
            .unwrap_or_default(),
    })
}

fn kind(it: Object<'_>, of_instance: bool) -> EniKind {
    let written = it.get(KIND).cloned();
    let written = written.and_then(|kind| serde_json::from_value(kind).ok());
    written.unwrap_or_else(|| {
        EniTraits {
            interface_type: it.text("InterfaceType").unwrap_or_default(),
            description: it.text("Description").unwrap_or_default(),
            requester_managed: it.flag("RequesterManaged").unwrap_or(false),
            attached: it.object("Attachment").is_some(),
            of_instance,
        }
        .kind()
    })
}

/// The primary address first, then the others of its family, then IPv6.
fn addresses(it: &mut Subject<'_, '_>) -> Vec<IpAddr> {
    const FIELD: &str = "PrivateIpAddress";
    let object = it.object;
    let listed = || object.objects("PrivateIpAddresses");
    let mut primary = listed().filter(|one| one.flag("Primary") == Some(true));
    let marked = primary.find_map(|one| one.address(FIELD));
    let mut all: Vec<IpAddr> = marked.into_iter().collect();
    all.extend(it.address(object, FIELD));
    for one in listed() {
        all.extend(it.address(one, FIELD));
    }
    for one in object.objects("Ipv6Addresses") {
        all.extend(it.address(one, "Ipv6Address"));
    }
    each_once(all.into_iter())
}

/// The interface's own association is the primary address's.
fn public(it: &mut Subject<'_, '_>) -> Vec<PublicAddress> {
    let object = it.object;
    let own = std::iter::once(object).chain(object.objects("PrivateIpAddresses"));
    let mut all: Vec<PublicAddress> = Vec::new();
    for one in own {
        let association = one.object("Association");
        let address = association.and_then(|one| it.address(one, "PublicIp"));
        let Some((private, address)) = one.address("PrivateIpAddress").zip(address) else {
            continue;
        };
        if all.iter().all(|it| it.private != private) {
            // AWS itself owns the automatic ones.
            let owner = association.and_then(|one| one.text("IpOwnerId"));
            all.push(PublicAddress {
                private,
                address,
                elastic: owner != Some("amazon"),
            });
        }
    }
    all
}

fn timeouts(it: Object<'_>) -> TrackingTimeouts {
    TrackingTimeouts {
        tcp_established: it.small("TcpEstablishedTimeout"),
        udp: it.small("UdpTimeout"),
        udp_stream: it.small("UdpStreamTimeout"),
    }
}

/// Adds an Elastic IP to the interface that it is associated with, if that does not say so itself.
fn map_address(item: Item<'_>, enis: &mut BTreeMap<EniId, Eni>, notes: &mut Notes) {
    let Some(mut it) = item.subject("PublicIp", notes) else {
        return;
    };
    let object = it.object;
    let Some(eni) = it.optional_id("NetworkInterfaceId", Target::Eni) else {
        return;
    };
    let (private, address) = (
        it.address(object, "PrivateIpAddress"),
        it.address(object, "PublicIp"),
    );
    let (Some(private), Some(address)) = (private, address) else {
        return;
    };
    let Some(eni) = enis.get_mut(&EniId::new(eni)) else {
        return;
    };
    let has = match eni.public.iter_mut().find(|it| it.private == private) {
        Some(known) if known.address == address => {
            known.elastic = true;
            return;
        }
        Some(known) => known.address.to_string(),
        None if eni.addresses.contains(&private) => {
            return eni.public.push(PublicAddress {
                private,
                address,
                elastic: true,
            });
        }
        None => "no such address".to_owned(),
    };
    notes.doubt(DoubtKind::Address {
        address: address.to_string(),
        private: private.to_string(),
        eni: eni.id.clone(),
        has,
    });
}
