//! Connection tracking of one flow on one interface: thin, but with the rules that decide whether a
//! changed group cuts it. Nothing here reads rules but through `packet`.

use chrono::{DateTime, TimeDelta, Utc};

use super::packet::{Class, Packet, judge_groups};
use crate::model::{Direction, Eni, Estate};

/// What an interface remembers of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Track {
    /// The direction of its first packet.
    initiated: Direction,
    class: Class,
    /// When its last packet passed.
    last: DateTime<Utc>,
    /// Packets that passed in the direction of the first one.
    requests: u32,
}

/// A packet at an interface.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passage<'a> {
    pub(super) estate: &'a Estate,
    pub(super) eni: &'a Eni,
    pub(super) direction: Direction,
    pub(super) packet: Packet,
    /// The path is one that AWS always tracks.
    pub(super) auto_tracked: bool,
    pub(super) at: DateTime<Utc>,
}

impl Passage<'_> {
    /// Whether the groups of the interface let the packet pass, given what `track` remembers; what
    /// is remembered is brought up to date.
    ///
    /// A tracked flow passes whatever the rules have become. Its class is decided anew with each
    /// packet, so that a packet under all-open rules makes it an untracked one.
    pub(super) fn pass(self, track: &mut Option<Track>) -> bool {
        if self.eni.groups.is_empty() {
            return true; // NAT gateways, and load balancers without groups, are not filtered
        }
        match track.filter(|it| self.alive(it)) {
            Some(known) if known.class == Class::Tracked => {
                *track = Some(self.renewed(known));
                true
            }
            Some(known) if known.initiated != self.direction => {
                self.judge(self.direction, self.packet).is_some()
            }
            known => {
                let class = self.judge(self.direction, self.packet);
                *track = class.map(|class| Track {
                    initiated: self.direction,
                    class,
                    last: self.at,
                    requests: known.map_or(1, |it| it.requests.saturating_add(1)),
                });
                class.is_some()
            }
        }
    }

    fn judge(&self, direction: Direction, packet: Packet) -> Option<Class> {
        judge_groups(self.estate, self.eni, direction, packet, self.auto_tracked)
    }

    fn renewed(&self, known: Track) -> Track {
        let forward = known.initiated == self.direction;
        let first = if forward {
            self.packet
        } else {
            self.packet.reversed()
        };
        Track {
            class: self.judge(known.initiated, first).unwrap_or(known.class),
            last: self.at,
            requests: known.requests.saturating_add(u32::from(forward)),
            ..known
        }
    }

    /// An untracked flow has no timer.
    fn alive(&self, track: &Track) -> bool {
        track.class == Class::Untracked || self.at - track.last <= self.idle_timeout(track.requests)
    }

    /// How long an entry outlives its last packet. ICMP's is not published; a minute is assumed.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html#connection-tracking-timeouts>
    fn idle_timeout(&self, requests: u32) -> TimeDelta {
        let timeouts = self.eni.timeouts;
        let seconds = match self.packet.protocol {
            Packet::TCP => timeouts
                .tcp_established
                .unwrap_or_else(|| default_tcp(self.estate, self.eni)),
            Packet::UDP if requests > 1 => timeouts.udp_stream.unwrap_or(180),
            Packet::UDP => timeouts.udp.unwrap_or(30),
            _ if self.packet.is_icmp() => 60,
            _ => 600,
        };
        TimeDelta::seconds(i64::from(seconds))
    }
}

/// Families on the sixth Nitro generation: their entries last 350 s where others' last five days.
const NITRO_V6: &str = include_str!("../../assets/nitro-v6.txt");

fn default_tcp(estate: &Estate, eni: &Eni) -> u32 {
    let instance = eni.instance.as_ref().and_then(|id| estate.instance(id));
    let family = instance
        .and_then(|it| it.instance_type.split_once('.'))
        .map(|(family, _)| family);
    if family.is_some_and(|it| NITRO_V6.lines().any(|line| line == it)) {
        350
    } else {
        432_000
    }
}
