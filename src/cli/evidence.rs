//! What headless commands judge by: an account as it was read once, a drill, or a dump.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use chrono::{DateTime, Utc};
use color_eyre::eyre;

use super::outside::Outside;
use super::{say, told};
use crate::analysis::{LiveFlow, Network, Seen, Traffic, live};
use crate::model::{Estate, Finding, InstanceId};
use crate::sources::dump::{self, Dump};
use crate::sources::snapshot::{Report, Wish, snapshot};

/// What the evidence leaves open.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Doubt {
    pub(super) about: About,
    pub(super) words: String,
}

/// What a doubt is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    /// Who talks to whom.
    Flows,
    /// What the account is made of.
    Estate,
}

impl About {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Flows => "flows",
            Self::Estate => "estate",
        }
    }
}

/// An estate and the flows that are known.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) estate: Estate,
    findings: Vec<Finding>,
    /// Flows that are open, and those that were closed: tomorrow's are like them.
    flows: Vec<LiveFlow>,
    pub(super) has_flows: bool,
    pub(super) doubts: Vec<Doubt>,
    /// The moment up to which the logs go.
    now: DateTime<Utc>,
}

impl Evidence {
    pub(super) fn of_dump(dir: &Path) -> eyre::Result<Self> {
        let dump = dump::load(dir).map_err(|error| told(error.is_input(), error))?;
        Ok(Self::of(dump))
    }

    /// Reads everything once, as a snapshot does, into a folder that goes again: one way of reading, and
    /// one of judging.
    pub(super) async fn read(outside: &Outside) -> eyre::Result<Self> {
        let name = format!("firedoor-read-{}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        let written = take_snapshot(outside, &dir).await;
        let evidence = written.and_then(|report| {
            for line in report.troubles() {
                say(&line);
            }
            Self::of_dump(&dir)
        });
        drop(std::fs::remove_dir_all(&dir));
        evidence
    }

    fn of(dump: Dump) -> Self {
        let now = dump.newest_flow.unwrap_or_default();
        let found = live(&dump.estate, &dump.flows, now);
        let of_flows = found.doubts.into_iter().map(|words| Doubt {
            about: About::Flows,
            words,
        });
        let of_estate = dump.doubts.iter().map(|it| Doubt {
            about: About::Estate,
            words: it.to_string(),
        });
        let mut doubts: Vec<Doubt> = of_flows.chain(of_estate).collect();
        let has_flows = !dump.flows.is_empty();
        if !has_flows {
            doubts.push(Doubt {
                about: About::Flows,
                words: "no flow log was read: who talks to whom is unknown".into(),
            });
        }
        let mut flows = found.flows;
        flows.extend(found.closed);
        Self {
            estate: dump.estate,
            findings: dump.findings,
            flows,
            has_flows,
            doubts,
            now,
        }
    }

    pub(super) fn flows(&self) -> impl Iterator<Item = Seen<'_>> {
        self.flows.iter().map(|it| it.seen(self.now))
    }

    /// The flows, placed on the network.
    pub(super) fn traffic(&self) -> Traffic {
        Traffic::new(&Network::new(&self.estate), self.flows())
    }

    /// The instance of the newest finding that is no sample.
    pub(super) fn suspect(&self) -> Option<InstanceId> {
        let real = self.findings.iter().filter(|it| !it.sample);
        real.flat_map(|it| it.instances.iter()).next().cloned()
    }

    /// The remote addresses that an instance's findings name.
    pub(super) fn peers(&self, instance: &InstanceId) -> Vec<IpAddr> {
        let own = self
            .findings
            .iter()
            .filter(|it| it.instances.contains(instance));
        let remotes: BTreeSet<IpAddr> = own
            .flat_map(|it| &it.remotes)
            .map(|it| it.address)
            .collect();
        remotes.into_iter().collect()
    }

    /// The longest mean gap between packets of an instance's active flows, in seconds.
    pub(super) fn slowest_gap(&self, instance: &InstanceId) -> Option<u32> {
        let own = |it: &&LiveFlow| {
            let eni = self.estate.eni(&it.eni);
            it.active && eni.is_some_and(|eni| eni.instance.as_ref() == Some(instance))
        };
        let gaps = self.flows.iter().filter(own);
        gaps.filter_map(|it| it.gap_seconds).max()
    }
}

/// Reads the VPCs that are wanted, and those of findings, once, and writes them as a dump.
pub(super) async fn take_snapshot(outside: &Outside, dir: &Path) -> eyre::Result<Report> {
    let now = outside.clock.now();
    let wish = Wish {
        vpcs: outside.poll.vpcs.clone(),
        since: now - outside.poll.since,
        now,
        max_pages: outside.poll.max_pages,
    };
    let report = snapshot(&*outside.source, &wish, dir).await;
    report.map_err(|error| told(error.is_input(), error))
}
