//! Instances that are alike: one entry with a `count` stands for so many, whose names, ids and
//! addresses count on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use toml::Spanned;

use super::names::{File, Resolved};
use super::spec::{InstanceSpec, InterfaceSpec, Name};

/// More of them than this nobody wants to look at.
const MOST: u16 = 200;

/// Every instance on its own.
pub(super) fn instances(file: File<'_>, listed: &[InstanceSpec]) -> Vec<InstanceSpec> {
    let mut all = Vec::new();
    for it in listed {
        let count = it.count.as_ref().map_or(1, |count| {
            let sane = (1..=MOST).contains(count.get_ref());
            file.refuse(!sane, "count", count, "a count lies between 1 and 200");
            if sane { *count.get_ref() } else { 1 }
        });
        for number in 0..count {
            all.extend(file.ok(nth(file, it, number)));
        }
    }
    all
}

fn nth(file: File<'_>, it: &InstanceSpec, number: u16) -> Resolved<InstanceSpec> {
    if number == 0 {
        return Ok(it.clone());
    }
    let interfaces = it.interfaces.iter().map(|it| interface(file, it, number));
    let volumes = it
        .volumes
        .iter()
        .map(|id| counted(file, "volumes", id, 16, number));
    Ok(InstanceSpec {
        name: counted(file, "name", &it.name, 10, number)?,
        id: counted(file, "id", &it.id, 16, number)?,
        volumes: volumes.collect::<Resolved<_>>()?,
        interfaces: interfaces.collect::<Resolved<_>>()?,
        ..it.clone()
    })
}

fn interface(file: File<'_>, it: &InterfaceSpec, number: u16) -> Resolved<InterfaceSpec> {
    let address = |it: &Spanned<IpAddr>| Spanned::new(it.span(), later(*it.get_ref(), number));
    Ok(InterfaceSpec {
        id: counted(file, "id", &it.id, 16, number)?,
        addresses: it.addresses.iter().map(address).collect(),
        public: it.public.as_ref().map(address),
        ..it.clone()
    })
}

/// A name whose last digits, of this radix, count on.
fn counted(
    file: File<'_>,
    key: &'static str,
    name: &Name,
    radix: u32,
    number: u16,
) -> Resolved<Name> {
    let text = name.get_ref();
    let start = text.trim_end_matches(|it: char| it.is_digit(radix));
    let digits = text.get(start.len()..).unwrap_or_default();
    let width = digits.len();
    let next = u128::from_str_radix(digits, radix)
        .ok()
        .and_then(|it| it.checked_add(u128::from(number)));
    let next = next.map(|it| match radix {
        16 => format!("{it:0width$x}"),
        _ => format!("{it:0width$}"),
    });
    match next.filter(|it| it.len() == width) {
        Some(next) => Ok(Spanned::new(name.span(), format!("{start}{next}"))),
        None => Err(file.invalid(
            key,
            name,
            "with a count it ends in digits that can count on",
        )),
    }
}

fn later(address: IpAddr, number: u16) -> IpAddr {
    match address {
        IpAddr::V4(it) => Ipv4Addr::from(u32::from(it).wrapping_add(u32::from(number))).into(),
        IpAddr::V6(it) => Ipv6Addr::from(u128::from(it).wrapping_add(u128::from(number))).into(),
    }
}
