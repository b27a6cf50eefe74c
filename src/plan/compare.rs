//! Every action of the catalogue, forecast for one suspect and ranked.
//!
//! The rule, in this order: what can be planned; what ends every flow with the findings' peers; what
//! destroys no evidence; what hurts the fewest neighbours' bytes, then the fewest interfaces; what ends
//! more of the suspect's flows; then the catalogue's own order. It recommends; the analyst decides.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::builder::{Intent, PlanError, build};
use super::catalogue::Action;
use super::course::stages;
use super::roles;
use super::step::Plan;
use crate::analysis::{Blast, Counts, Course, Network, Stage, Tally, Traffic, blast};
use crate::model::{Estate, InstanceId};
use crate::operation::Operation;

/// The rule of the ranking, for people.
pub const RANKING: &str = "ends the finding's flows, keeps evidence, spares others' flows";

/// An action, and what it would do.
#[derive(Debug, Clone)]
pub struct Row {
    /// The action.
    pub action: Action,
    /// Its plan and what that does; or why there is no plan.
    pub outlook: Result<Outlook, PlanError>,
}

/// A plan, forecast.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// The plan.
    pub plan: Plan,
    /// What the network is after each of its changes.
    pub stages: Vec<Stage>,
    /// What becomes of everyone's flows.
    pub tally: Tally,
    /// Whom it reaches, whether or not a flow of theirs is known.
    pub blast: Blast,
    /// Other instances that lose the credentials of a role that it revokes.
    pub role_users: BTreeSet<InstanceId>,
}

impl Outlook {
    /// The course of the plan, on the network that it was forecast on.
    pub fn course<'a>(&'a self, network: &'a Network) -> Course<'a> {
        Course {
            before: network,
            stages: &self.stages,
        }
    }

    /// Whether every known flow with the findings' peers ends, at once or by its timer; `None`: none is
    /// known.
    pub fn ends_peers(&self) -> Option<bool> {
        let Counts { cut, expiring, .. } = self.tally.peers;
        let total = self.tally.peers.total();
        (total > 0).then_some(cut + expiring == total)
    }
}

/// Forecasts one action.
///
/// # Errors
/// Why there is no plan for it.
pub fn forecast(
    traffic: &Traffic,
    intent: &Intent,
    peers: &BTreeSet<IpAddr>,
) -> Result<Outlook, PlanError> {
    let plan = build(traffic.network().estate(), intent)?;
    outlook_of(traffic, plan, Some(&intent.suspect), peers)
}

/// Forecasts a plan. `suspect` is whose flows are counted apart from everyone's.
///
/// # Errors
/// A step that AWS would refuse.
pub fn outlook_of(
    traffic: &Traffic,
    plan: Plan,
    suspect: Option<&InstanceId>,
    peers: &BTreeSet<IpAddr>,
) -> Result<Outlook, PlanError> {
    let network = traffic.network();
    let stages = stages(&plan, network)?;
    let course = Course {
        before: network,
        stages: &stages,
    };
    Ok(Outlook {
        tally: traffic.tally(course, suspect, peers),
        blast: blast(course, suspect),
        role_users: role_users(network.estate(), &plan),
        plan,
        stages,
    })
}

/// Revoking sessions hits everyone who uses the role:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html>
fn role_users(estate: &Estate, plan: &Plan) -> BTreeSet<InstanceId> {
    let revoked = plan.operations().filter_map(|it| match it {
        Operation::RevokeSessions { profile, .. } => Some(profile),
        _ => None,
    });
    let users = revoked.flat_map(|profile| roles::role_users(estate, profile).instances);
    users.filter(|it| Some(it) != plan.suspect()).collect()
}

/// Forecasts every action, the recommended one first. `intent` says what the analyst wants but for the
/// action.
pub fn compare(traffic: &Traffic, intent: &Intent, peers: &BTreeSet<IpAddr>) -> Vec<Row> {
    let row = |action| Row {
        action,
        outlook: forecast(
            traffic,
            &Intent {
                action,
                ..intent.clone()
            },
            peers,
        ),
    };
    let mut rows = at_once(&Action::ALL, row);
    rows.sort_by_key(|row| (rank(row), row.action));
    rows
}

/// Makes something of each, on as many threads as there are processors, in any order: which takes how long
/// is not known before, so each thread takes the next that is left.
fn at_once<T: Sync + Copy, R: Send>(all: &[T], make: impl Fn(T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some(it) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
            done.push(make(*it));
        }
        done
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all_done = work();
        for other in others {
            // A fault of this program in another thread is one here.
            let done = other.join();
            all_done.extend(done.unwrap_or_else(|fault| std::panic::resume_unwind(fault)));
        }
        all_done
    })
}

fn rank(row: &Row) -> (bool, bool, bool, u64, usize, Reverse<u32>) {
    let Ok(outlook) = &row.outlook else {
        return (true, true, true, u64::MAX, usize::MAX, Reverse(0));
    };
    let ends = match outlook.ends_peers() {
        Some(ends) => ends,
        // Without a known peer it is the suspect's own flows that must end.
        None => outlook.tally.suspect.cut + outlook.tally.suspect.expiring > 0,
    };
    let Counts { cut, expiring, .. } = outlook.tally.suspect;
    (
        false,
        !ends,
        !row.action.entry().evidence_lost.is_empty(),
        outlook.tally.neighbours.bytes_per_minute_hit,
        outlook.tally.hits.len(),
        Reverse(cut + expiring),
    )
}
