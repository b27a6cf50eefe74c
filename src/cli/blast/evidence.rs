//! What a review is made of: an account as it was read, or a dump.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use chrono::{DateTime, Utc};
use color_eyre::eyre;

use super::{About, Doubt};
use crate::analysis::{LiveFlow, Seen, live};
use crate::cli::{AccountArgs, told};
use crate::model::{Estate, Finding, InstanceId};
use crate::sources::dump::{self, Dump};

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

    /// The account is read as a snapshot is, into a folder that goes again: one way of reading, and one
    /// of judging.
    #[cfg(feature = "aws")]
    pub(super) async fn of_account(account: &AccountArgs) -> eyre::Result<Self> {
        let name = format!("firedoor-blast-{}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        let written = crate::cli::take_snapshot(&dir, account).await;
        let evidence = written.and_then(|()| Self::of_dump(&dir));
        drop(std::fs::remove_dir_all(&dir));
        evidence
    }

    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_async, reason = "the same signature as with AWS")]
    pub(super) async fn of_account(_: &AccountArgs) -> eyre::Result<Self> {
        Err(crate::cli::without_aws())
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
