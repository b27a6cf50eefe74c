//! Random flows of an estate, and how they behave.

use std::net::IpAddr;

use firedoor::analysis::Activity;
use firedoor::drill::net::Packet;
use firedoor::model::{Eni, EniId, EniKind};

use crate::dice::Dice;
use crate::parts::Parts;

/// A flow: its first packet, as our interfaces see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) packet: Packet,
    pub(crate) activity: Activity,
}

pub(crate) fn flow(dice: &mut Dice, parts: &Parts, suspect: &EniId) -> Case {
    let hosts: Vec<&Eni> = parts
        .enis
        .iter()
        .filter(|it| it.kind == EniKind::Instance && it.source_dest_check)
        .collect();
    let suspect = hosts.iter().find(|it| it.id == *suspect);
    let own = match suspect {
        Some(it) if dice.in_hundred(75) => *it,
        _ => *dice.pick(&hosts),
    };
    let v6 = dice.in_hundred(20);
    let address = |eni: &Eni, dice: &mut Dice| -> IpAddr {
        let of_family = eni.addresses.iter().filter(|it| it.is_ipv6() == v6);
        let all: Vec<IpAddr> = of_family.copied().collect();
        let at = if dice.in_hundred(70) {
            0
        } else {
            dice.below(all.len())
        };
        all.get(at).copied().unwrap_or(eni.addresses[0])
    };
    let outside = |dice: &mut Dice| -> IpAddr {
        let all: &[&str] = if v6 {
            &["2001:db8:bad::66", "2001:db8:600d::1"]
        } else {
            &["203.0.113.66", "203.0.113.9", "192.0.2.25", "192.0.2.200"]
        };
        dice.pick(all).parse().unwrap()
    };
    let far = |dice: &mut Dice| -> IpAddr {
        match dice.below(24) {
            0 if own.vpc.as_str() == "vpc-1" => return "10.0.0.2".parse().unwrap(),
            1 => return "169.254.169.254".parse().unwrap(),
            2 | 3 => return "52.216.0.5".parse().unwrap(),
            4 => return "10.200.0.5".parse().unwrap(),
            5 | 6 if own.id.as_str() != "eni-a1" => {
                return "198.51.100.20".parse().unwrap();
            }
            _ => {}
        }
        if dice.in_hundred(45) {
            return outside(dice);
        }
        let others: Vec<&Eni> = parts
            .enis
            .iter()
            .filter(|it| it.id != own.id && !it.groups.is_empty())
            .filter(|it| it.id.as_str() != "eni-fw")
            .collect();
        let other = *dice.pick(&others);
        address(other, dice)
    };
    let (src, dst) = if dice.in_hundred(30) {
        (outside(dice), address(own, dice))
    } else {
        (address(own, dice), far(dice))
    };
    let src = if src.is_ipv6() == dst.is_ipv6() {
        src
    } else {
        own.addresses[0]
    };
    Case {
        packet: packet(dice, src, dst),
        activity: activity(dice),
    }
}

fn packet(dice: &mut Dice, src: IpAddr, dst: IpAddr) -> Packet {
    let with = |protocol, src_port, dst_port| Packet {
        protocol,
        src,
        dst,
        src_port,
        dst_port,
    };
    let port = *dice.pick(&[22, 80, 443, 443, 443, 8080]);
    match dice.below(10) {
        0 | 1 => Packet::ping(src, dst, 7),
        2 => with(50, 0, 0),
        3 | 4 => with(Packet::UDP, 40_001, *dice.pick(&[53, 4444])),
        _ => with(Packet::TCP, 50_000, port),
    }
}

fn activity(dice: &mut Dice) -> Activity {
    Activity {
        dormant: dice.in_hundred(25),
        gap: None,
        one_way: false,
        idle: *dice.pick(&[0, 0, 0, 0, 20, 100, 400]),
    }
}
