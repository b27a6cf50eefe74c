//! How long a two-step must stay open, and which flows may outlast it.
//!
//! A flow is converted by the packet that passes while its interface is open to everything; one that is
//! silent meanwhile stays tracked.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html>

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::analysis::LiveFlow;
use crate::model::{Direction, EniId};

/// How long the open group of a two-step stays open: long enough for every live flow to pass a
/// packet, and no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dwell {
    /// The longest mean gap between packets of the suspect's active flows, in seconds; `None`: no
    /// flow is known.
    pub slowest_gap: Option<u32>,
    /// Never longer than this, in seconds.
    pub max: u32,
}

impl Dwell {
    /// The shortest dwell that is planned unless `max` is shorter, in seconds.
    const FLOOR: u32 = 5;

    /// The dwell in seconds: twice the slowest gap, between 5 and `max`; `max` if nothing is known.
    pub fn seconds(self) -> u32 {
        let wanted = self
            .slowest_gap
            .map_or(self.max, |gap| gap.saturating_mul(2));
        wanted.max(Self::FLOOR).min(self.max)
    }
}

/// The dwell that the suspect's flows ask for, and what it does to each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DwellPlan {
    /// How long.
    pub dwell: Dwell,
    /// Flows with records in each of the last ten complete minutes of the log: expected to pass a packet in
    /// time unless [`DwellPlan::is_too_slow`].
    pub active: Vec<DwellFlow>,
    /// All others: likely survivors. The one that was heard of last comes first.
    pub dormant: Vec<DwellFlow>,
}

/// A live flow of the suspect, seen from its side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DwellFlow {
    /// The suspect's interface.
    pub eni: EniId,
    /// The other end.
    pub peer: IpAddr,
    /// IANA protocol number.
    pub protocol: u8,
    /// The server's port; 0 where the protocol has none.
    pub port: u16,
    /// Ingress: the peer opened it.
    pub direction: Direction,
    /// Mean seconds between two packets; `None`: the log does not count packets.
    pub gap: Option<u32>,
    /// End of its last record.
    pub last: DateTime<Utc>,
}

impl DwellPlan {
    /// The dwell in seconds.
    pub fn seconds(&self) -> u32 {
        self.dwell.seconds()
    }

    /// Whether an active flow may well pass no packet in time: the dwell is capped.
    pub fn is_too_slow(&self, flow: &DwellFlow) -> bool {
        flow.gap.is_none_or(|gap| gap > self.seconds())
    }
}

/// The dwell for the flows of these interfaces, at most `max` seconds. An active flow whose gap is not
/// known asks for all of it.
pub fn dwell(flows: &[LiveFlow], enis: &BTreeSet<EniId>, max: u32) -> DwellPlan {
    let own = flows
        .iter()
        .filter_map(|flow| Some((flow.active, seen(flow, enis)?)));
    let (mut active, mut dormant) = (Vec::new(), Vec::new());
    for (is_active, flow) in own {
        if is_active {
            active.push(flow);
        } else {
            dormant.push(flow);
        }
    }
    dormant.sort_by_key(|it| std::cmp::Reverse(it.last));
    let gaps = active.iter().map(|it| it.gap.unwrap_or(u32::MAX));
    DwellPlan {
        dwell: Dwell {
            slowest_gap: gaps.max(),
            max,
        },
        active,
        dormant,
    }
}

/// A flow from the side of one of these interfaces; `None`: it is none of theirs.
fn seen(live: &LiveFlow, enis: &BTreeSet<EniId>) -> Option<DwellFlow> {
    let other = live.other_eni.as_ref().filter(|it| enis.contains(*it));
    let (eni, direction) = if enis.contains(&live.eni) {
        (&live.eni, live.direction)
    } else {
        let opposite = match live.direction {
            Direction::Ingress => Direction::Egress,
            Direction::Egress => Direction::Ingress,
        };
        (other?, opposite)
    };
    Some(DwellFlow {
        eni: eni.clone(),
        peer: match direction {
            Direction::Ingress => live.flow.client,
            Direction::Egress => live.flow.server,
        },
        protocol: live.flow.protocol,
        port: live.flow.server_port,
        direction,
        gap: live.gap_seconds,
        last: live.last,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::{Flow, Opener, Paths, PortSpan};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    fn flow(eni: &str, other: Option<&str>, direction: Direction, port: u16) -> LiveFlow {
        LiveFlow {
            flow: Flow {
                client: "10.0.0.11".parse().unwrap(),
                server: "10.0.0.12".parse().unwrap(),
                protocol: 6,
                client_ports: PortSpan::one(50_000),
                server_port: port,
                icmp: None,
                via: None,
            },
            eni: eni.into(),
            other_eni: other.map(Into::into),
            direction,
            opener: Opener::Syn,
            bytes_per_minute: 1,
            packets: 1,
            bytes: 1,
            first: at(0),
            last: at(i64::from(port)),
            last_start: at(0),
            gap_seconds: Some(u32::from(port)),
            active: port < 100,
            traffic_path: None,
            paths: Paths::default(),
        }
    }

    fn planned(flows: &[LiveFlow], max: u32) -> DwellPlan {
        dwell(flows, &BTreeSet::from(["eni-1".into()]), max)
    }

    #[test]
    fn the_slowest_active_flow_decides_and_the_dormant_are_named_the_latest_first() {
        let flows = [
            flow("eni-1", None, Direction::Egress, 4),
            flow("eni-1", None, Direction::Egress, 11),
            flow("eni-1", None, Direction::Egress, 443),
            flow("eni-1", None, Direction::Egress, 8443),
            flow("eni-2", None, Direction::Egress, 50),
        ];
        let plan = planned(&flows, 60);
        assert_eq!((plan.seconds(), plan.active.len()), (22, 2));
        let ports: Vec<u16> = plan.dormant.iter().map(|it| it.port).collect();
        assert_eq!(ports, [8443, 443]);
        assert!(!plan.active.iter().any(|it| plan.is_too_slow(it)));
        let capped = planned(&flows, 10);
        assert_eq!(capped.seconds(), 10);
        let slow: Vec<bool> = capped
            .active
            .iter()
            .map(|it| capped.is_too_slow(it))
            .collect();
        assert_eq!(slow, [false, true]);
    }

    #[test]
    fn what_is_not_known_asks_for_all_the_time_there_is() {
        assert_eq!(planned(&[], 60).seconds(), 60);
        let mut unknown = flow("eni-1", None, Direction::Egress, 4);
        unknown.gap_seconds = None;
        let plan = planned(&[unknown], 45);
        assert_eq!(plan.seconds(), 45);
        assert!(plan.is_too_slow(&plan.active[0]));
    }

    #[test]
    fn a_flow_is_seen_from_the_suspects_side_whoever_logged_it() {
        let peers = |eni, other, direction| {
            let plan = planned(&[flow(eni, other, direction, 4)], 60);
            plan.active
                .first()
                .map(|it| (it.peer.to_string(), it.direction))
        };
        let client = Some(("10.0.0.11".to_string(), Direction::Ingress));
        let server = Some(("10.0.0.12".to_string(), Direction::Egress));
        assert_eq!(peers("eni-1", None, Direction::Ingress), client);
        assert_eq!(peers("eni-1", Some("eni-2"), Direction::Egress), server);
        assert_eq!(peers("eni-2", Some("eni-1"), Direction::Ingress), server);
        assert_eq!(peers("eni-2", Some("eni-1"), Direction::Egress), client);
        assert_eq!(peers("eni-2", None, Direction::Egress), None);
    }
}
