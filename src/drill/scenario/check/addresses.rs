//! Blocks and addresses: all in their place, and no two alike.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::TimeDelta;
use ipnet::IpNet;
use toml::Spanned;

use crate::drill::scenario::names::File;
use crate::drill::scenario::span::Span;
use crate::drill::scenario::spec::{InstanceSpec, InterfaceSpec, Spec, TimeoutsSpec};

pub(super) fn check(file: File<'_>, spec: &Spec, instances: &[InstanceSpec]) {
    blocks(file, spec);
    let of_instances = instances.iter().flat_map(|it| &it.interfaces);
    let mut taken = BTreeSet::new();
    for it in of_instances.chain(&spec.interfaces) {
        interface(file, spec, it, &mut taken);
    }
    for it in &spec.outside {
        for address in &it.addresses {
            let mut ours = spec.vpc.cidrs.iter();
            let inside = ours.any(|cidr| cidr.get_ref().contains(address.get_ref()));
            let problem = "it is outside, and its address lies in the VPC";
            file.refuse(inside, "addresses", address, problem);
            once(file, "addresses", address, &mut taken);
        }
        let none = it.addresses.is_empty();
        file.refuse(none, "addresses", &it.name, "it needs an address");
    }
}

/// Subnets lie in the VPC, and no two overlap.
fn blocks(file: File<'_>, spec: &Spec) {
    let vpc = || spec.vpc.cidrs.iter();
    let mut before: Vec<&Spanned<IpNet>> = Vec::new();
    for cidr in vpc() {
        whole(file, cidr);
        overlap(file, cidr, &before);
        before.push(cidr);
    }
    before.clear();
    for subnet in &spec.subnets {
        let none = subnet.cidrs.is_empty();
        file.refuse(none, "cidrs", &subnet.name, "a subnet has a block");
        for cidr in &subnet.cidrs {
            whole(file, cidr);
            let inside = vpc().any(|vpc| vpc.get_ref().contains(cidr.get_ref()));
            file.refuse(!inside, "cidrs", cidr, "it lies outside of the VPC");
            overlap(file, cidr, &before);
            before.push(cidr);
        }
        let zoned = subnet.zone.starts_with(spec.region.get_ref().as_str());
        let problem = "its zone is not one of the Region";
        file.refuse(!zoned, "zone", &subnet.name, problem);
    }
}

/// AWS keeps `10.0.0.5/24` as `10.0.0.0/24`: whoever writes it means something else.
fn whole(file: File<'_>, cidr: &Spanned<IpNet>) {
    let block = cidr.get_ref();
    let problem = format!("the block is written {}", block.trunc());
    file.refuse(*block != block.trunc(), "cidrs", cidr, &problem);
}

fn overlap(file: File<'_>, cidr: &Spanned<IpNet>, before: &[&Spanned<IpNet>]) {
    let block = cidr.get_ref();
    let meets =
        |it: &&&Spanned<IpNet>| it.get_ref().contains(block) || block.contains(it.get_ref());
    if let Some(other) = before.iter().find(meets) {
        let problem = format!("it overlaps {}", other.get_ref());
        file.note(file.invalid("cidrs", cidr, problem));
    }
}

fn interface(file: File<'_>, spec: &Spec, it: &InterfaceSpec, taken: &mut BTreeSet<IpAddr>) {
    let mut subnets = spec.subnets.iter();
    let subnet = subnets.find(|subnet| subnet.name.get_ref() == it.subnet.get_ref());
    let none = it.addresses.is_empty();
    let problem = "an interface needs an address";
    file.refuse(none, "addresses", &it.id, problem);
    for address in &it.addresses {
        once(file, "addresses", address, taken);
        let Some(subnet) = subnet else {
            continue;
        };
        let mut cidrs = subnet.cidrs.iter().map(Spanned::get_ref);
        let cidr = cidrs.find(|it| it.contains(address.get_ref()));
        let problem = "the addresses of an interface are all in its subnet";
        file.refuse(cidr.is_none(), "addresses", address, problem);
        let reserved = cidr.is_some_and(|it| is_reserved(it, address.get_ref()));
        let problem = "AWS keeps the first four addresses of a subnet and the last one for itself";
        file.refuse(reserved, "addresses", address, problem);
    }
    if let Some(public) = &it.public {
        once(file, "public", public, taken);
        let first = it.addresses.first();
        let mapped = public.get_ref().is_ipv4() && first.is_some_and(|it| it.get_ref().is_ipv4());
        let problem = "a public address is an IPv4 one, and mapped to the first address";
        file.refuse(!mapped, "public", public, problem);
    }
    let problem = "AWS gave no public address by itself, because there is none";
    let alone = it.automatic && it.public.is_none();
    file.refuse(alone, "automatic", &it.id, problem);
    timeouts(file, &it.timeouts);
    let problem = "an interface has five groups at the most";
    file.refuse(it.groups.len() > 5, "groups", &it.id, problem);
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html#connection-tracking-timeouts>
fn timeouts(file: File<'_>, it: &TimeoutsSpec) {
    let ranges = [
        ("tcp_established", &it.tcp_established, 60, 432_000),
        ("udp", &it.udp, 30, 60),
        ("udp_stream", &it.udp_stream, 60, 180),
    ];
    for (key, span, least, most) in ranges {
        let Some(span) = span else {
            continue;
        };
        let bounds = [least, most].map(|it| Span(TimeDelta::seconds(it)));
        let sane = (bounds[0]..=bounds[1]).contains(span.get_ref());
        let problem = format!("it lies between {} and {}", bounds[0], bounds[1]);
        file.refuse(!sane, key, span, &problem);
    }
}

/// <https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html>
fn is_reserved(cidr: &IpNet, address: &IpAddr) -> bool {
    match (cidr, address) {
        (IpNet::V4(cidr), IpAddr::V4(it)) => {
            let first = u32::from(cidr.network());
            (first..first.saturating_add(4)).contains(&u32::from(*it)) || *it == cidr.broadcast()
        }
        (IpNet::V6(cidr), IpAddr::V6(it)) => {
            let first = u128::from(cidr.network());
            (first..first.saturating_add(4)).contains(&u128::from(*it)) || *it == cidr.broadcast()
        }
        _ => false,
    }
}

fn once(
    file: File<'_>,
    key: &'static str,
    address: &Spanned<IpAddr>,
    taken: &mut BTreeSet<IpAddr>,
) {
    let again = !taken.insert(*address.get_ref());
    file.refuse(
        again,
        key,
        address,
        "two interfaces or hosts have this address",
    );
}
