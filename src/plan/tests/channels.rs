//! What stays open after each action: action by channel, on one estate where every channel is open before.

use std::fmt::Write as _;

use super::every_action::{wanted, whole};
use super::*;
use crate::analysis::{Channel, Network, Traffic};
use crate::model::{Gateway, GatewayKind, GroupRule, Peering, PeeringSide, PrefixList, Route};

const CHANNELS: [(Channel, &str); 10] = [
    (Channel::Internet, "out"),
    (Channel::FromInternet, "in"),
    (Channel::SameSubnet, "subnet"),
    (Channel::Vpc, "vpc"),
    (Channel::OtherNetworks, "peering"),
    (Channel::GatewayEndpoints, "s3"),
    (Channel::Dns, "dns"),
    (Channel::Metadata, "imds"),
    (Channel::Credentials, "creds"),
    (Channel::SystemsManager, "ssm"),
];

/// Open rules for everybody, a peering, a gateway endpoint, and an endpoint of Systems Manager in another
/// subnet than the suspect's.
fn open() -> Estate {
    let mut estate = whole();
    for group in ["sg-web", "sg-app"] {
        estate.update_group(&group.into(), |it| {
            for cidr in ["0.0.0.0/0", "::/0"] {
                for direction in Direction::BOTH {
                    it.rules
                        .push(GroupRule::all(direction, cidr.parse().unwrap()));
                }
            }
        });
    }
    estate.update_eni(&"eni-ssm".into(), |it| {
        it.subnet = "subnet-c".into();
        it.addresses = vec!["10.0.2.6".parse().unwrap()];
    });
    for table in ["rtb-public", "rtb-main"] {
        estate.update_routes(&table.into(), |routes| {
            for (destination, target) in [("172.16.0.0/16", "pcx-1"), ("pl-s3", "vpce-s3")] {
                routes.push(Route {
                    destination: destination.into(),
                    target: target.into(),
                    blackhole: false,
                    propagated: false,
                });
            }
        });
    }
    let side = |vpc: &str, cidr: &str| PeeringSide {
        vpc: vpc.into(),
        cidrs: vec![cidr.parse().unwrap()],
        account: String::new(),
        region: String::new(),
    };
    let peering = Peering {
        id: "pcx-1".into(),
        sides: [side("vpc-1", "10.0.0.0/16"), side("vpc-2", "172.16.0.0/16")],
        active: true,
    };
    let list = PrefixList {
        id: "pl-s3".into(),
        cidrs: vec!["52.218.0.0/17".parse().unwrap()],
        name: "com.amazonaws.eu-west-1.s3".into(),
    };
    let mut gateways: Vec<Gateway> = estate.gateways().cloned().collect();
    for gateway in &mut gateways {
        if gateway.id.as_str() == "vpce-1" {
            gateway.name = "com.amazonaws.eu-west-1.ssm".into();
            gateway.subnet = Some("subnet-c".into());
        }
    }
    gateways.push(Gateway {
        id: "vpce-s3".into(),
        kind: GatewayKind::GatewayEndpoint,
        vpc: "vpc-1".into(),
        subnet: None,
        enis: Vec::new(),
        name: "com.amazonaws.eu-west-1.s3".into(),
    });
    [
        Part::Peerings(vec![peering]),
        Part::PrefixLists(vec![list]),
        Part::Gateways(gateways),
    ]
    .into_iter()
    .fold(estate, |estate, part| estate.with(part, fixture::read_at()))
}

#[test]
fn what_stays_open_after_each_action_is_what_it_was() {
    let estate = open();
    let network = Network::new(&estate);
    let traffic = Traffic::new(&network, Vec::new());
    let mut text = format!("{:20}", "");
    for (_, name) in CHANNELS {
        write!(text, "{name:>8}").unwrap();
    }
    for action in Action::ALL {
        let Ok(outlook) = forecast(&traffic, &wanted(action), &BTreeSet::new()) else {
            continue;
        };
        let open = residual(&outlook, &network);
        write!(text, "\n{:20}", action.name()).unwrap();
        for (channel, _) in CHANNELS {
            let stays = open.iter().any(|it| it.channel == channel);
            write!(text, "{:>8}", if stays { "open" } else { "." }).unwrap();
        }
    }
    insta::assert_snapshot!(text);
}
