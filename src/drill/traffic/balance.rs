//! Load balancers: they pass requests on to targets, and find out which of them are healthy.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::session::{Session, Talk, Way};
use super::turn::{After, Turn};
use super::{Deed, Traffic, index};
use crate::drill::net::{EniIx, Net, Origin};
use crate::drill::number::mix;
use crate::model::{EniId, Estate};

/// Checks in a row that make a target unhealthy, and healthy again.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html>
const FAILURES: u32 = 2;
const SUCCESSES: u32 = 5;

/// What load balancers know.
#[derive(Debug, Default)]
pub(super) struct Balancer {
    /// By target group.
    targets: BTreeMap<String, Vec<Target>>,
    /// By the number of the conversation that checks.
    checks: BTreeMap<u32, Check>,
    /// The conversation with a target, by that of the client and the target's interface.
    passing: BTreeMap<(u32, u32), u32>,
    /// The client's conversation, by that with the target.
    waiting: BTreeMap<u32, u32>,
    /// Requests that were passed on.
    passed: usize,
}

#[derive(Debug, Clone, Copy)]
struct Target {
    eni: EniIx,
    address: IpAddr,
    port: u16,
    healthy: bool,
}

/// How a target fares in the checks of one load balancer node.
#[derive(Debug, Clone, Copy, Default)]
struct Check {
    unhealthy: bool,
    /// Checks in a row that say otherwise.
    against: u32,
}

impl Balancer {
    /// Learns which targets there are.
    pub(super) fn update(&mut self, estate: &Estate, net: &Net) {
        self.targets.clear();
        for it in estate.target_memberships() {
            let Some(eni) = estate.enis_of_instance(&it.instance).next() else {
                continue;
            };
            let (Some(ix), Some(address)) = (net.eni(&eni.id), eni.primary()) else {
                continue;
            };
            if it.health == "draining" {
                continue;
            }
            let targets = self.targets.entry(it.target_group.clone()).or_default();
            targets.push(Target {
                eni: ix,
                address,
                port: it.port.unwrap_or(0),
                healthy: it.health == "healthy",
            });
        }
    }

    /// The next target in turn. Where none is healthy, all are tried.
    /// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html>
    fn pick(&mut self, group: &str) -> Option<Target> {
        let all = self.targets.get(group)?;
        let healthy: Vec<&Target> = all.iter().filter(|it| it.healthy).collect();
        let eligible = if healthy.is_empty() {
            all.iter().collect()
        } else {
            healthy
        };
        self.passed = self.passed.wrapping_add(1);
        let turn = self.passed.checked_rem(eligible.len())?;
        eligible.get(turn).map(|it| **it)
    }
}

impl Traffic {
    /// What an event in one conversation means for others.
    pub(super) fn follow(&mut self, number: u32, after: After, at: u64) {
        match after {
            After::Nothing => {}
            After::Passes => self.pass(number, at),
            After::Calls => self.deeds.push_back(Deed::Calls(number)),
            After::Ended(answered) => match self.talks.get(place(number)).map(|it| it.way) {
                Some(Way::Checks) => self.checked(number, answered),
                Some(Way::Passed) => self.passed(number, answered, at),
                _ => {}
            },
        }
    }

    /// Passes a request on to a target.
    fn pass(&mut self, front: u32, at: u64) {
        let group = self.names.get(place(front));
        let group = group.and_then(|it| it.balanced.clone()).unwrap_or_default();
        let Some(target) = self.balancer.pick(&group) else {
            return self.answer(front, false, at); // 503: there is no target
        };
        let Some(back) = self.conversation_with(front, target) else {
            return self.answer(front, false, at);
        };
        self.balancer.waiting.insert(back, front);
        let begun = self.turn(back, at).map(|mut turn| turn.pass_on());
        self.follow(back, begun.unwrap_or(After::Ended(false)), at);
    }

    /// The conversation of a load balancer node with a target for one client: each has its own.
    fn conversation_with(&mut self, front: u32, target: Target) -> Option<u32> {
        let key = (front, index(target.eni.index()));
        if let Some(known) = self.balancer.passing.get(&key) {
            return Some(*known);
        }
        let talk = self.talks.get(place(front))?;
        let number = index(self.talks.len());
        let talk = Talk {
            client: talk.server,
            client_address: talk.server_address,
            server: Origin::Eni(target.eni),
            server_address: target.address,
            reached_at: Some(target.address),
            port: target.port,
            way: Way::Passed,
            seed: mix(talk.seed ^ u64::from(number)),
            told: None,
            ..talk.clone()
        };
        self.sessions.push(Session::new(&talk, false));
        self.talks.push(talk);
        self.balancer.passing.insert(key, number);
        Some(number)
    }

    /// A target answered what was passed on to it, or did not.
    fn passed(&mut self, back: u32, answered: bool, at: u64) {
        if let Some(front) = self.balancer.waiting.remove(&back) {
            self.answer(front, answered, at);
        }
    }

    /// The load balancer answers a client; 503 or 504 where no target did.
    fn answer(&mut self, front: u32, fine: bool, at: u64) {
        if let Some(mut turn) = self.turn(front, at) {
            turn.reply(fine);
        }
    }

    /// A health check ended.
    fn checked(&mut self, number: u32, answered: bool) {
        let check = self.balancer.checks.entry(number).or_default();
        if check.unhealthy != answered {
            check.against = 0;
            return;
        }
        check.against += 1;
        let enough = if answered { SUCCESSES } else { FAILURES };
        if check.against < enough {
            return;
        }
        check.against = 0;
        check.unhealthy = !answered;
        let Some(talk) = self.talks.get(place(number)) else {
            return;
        };
        if let Origin::Eni(eni) = talk.server
            && let Some(eni) = self.wire.net.id(eni).cloned()
        {
            let port = talk.port;
            let others = self.is_failing(&eni);
            // Healthy is who is so for every node.
            if answered != others {
                self.deeds.push_back(Deed::Health {
                    eni,
                    port,
                    healthy: answered,
                });
            }
        }
    }

    /// Whether some node finds the instance of an interface unhealthy.
    pub(in crate::drill) fn is_failing(&self, eni: &EniId) -> bool {
        let Some(own) = self.wire.net.eni(eni) else {
            return false;
        };
        let mut failing = self.balancer.checks.iter().filter(|(_, it)| it.unhealthy);
        failing.any(|(number, _)| {
            let server = self.talks.get(place(*number)).map(|it| it.server);
            server == Some(Origin::Eni(own))
        })
    }
}

impl Turn<'_> {
    /// Sends what was passed on to the target, over the connection that there may be.
    fn pass_on(&mut self) -> After {
        match self.session.phase {
            super::Phase::Open if self.session.client_boots == self.boots(self.talk.client) => {
                self.ask()
            }
            _ => self.connect(),
        }
    }
}

fn place(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
