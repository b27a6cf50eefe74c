//! What a command is put on: an account, the embedded world, or a dump.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use color_eyre::eyre;
use tokio::sync::mpsc;

use super::{AccountArgs, BadInput, told};
use crate::app::Mode;
use crate::drill::{Drill, Scenario};
use crate::operation::{Actuator, Probe};
use crate::sources::dump::{self, DumpSource};
use crate::sources::{Clock, Exercise, Identity, PollSettings, Reading, Request, Source};

/// The ports, as far as there are any.
pub(super) struct Outside {
    pub(super) source: Arc<dyn Source>,
    /// Read-only is an outside without one.
    pub(super) actuator: Option<Arc<dyn Actuator>>,
    /// Asks whether changes would be allowed, and makes none.
    pub(super) probe: Option<Arc<dyn Probe>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) mode: Mode,
    /// What a drill is besides an account; `None`: it is no exercise.
    pub(super) exercise: Option<Arc<dyn Exercise>>,
    /// How often a console reads it.
    pub(super) poll: PollSettings,
}

/// How many doubts of a dump are told.
const DOUBTS: usize = 20;

impl Outside {
    /// The embedded world, which begins anew.
    pub(super) fn drill(scenario: Scenario) -> Self {
        Self::world(Drill::start(scenario))
    }

    /// An exercise in the embedded world.
    pub(super) fn exercise(drill: &Drill) -> Self {
        Self {
            exercise: Some(Arc::new(drill.clone())),
            ..Self::world(drill.clone())
        }
    }

    /// An exercise that is played again, to be looked at.
    pub(super) fn replay(drill: &Drill) -> Self {
        Self {
            actuator: None,
            probe: None,
            mode: Mode::Replay,
            ..Self::exercise(drill)
        }
    }

    fn world(drill: Drill) -> Self {
        Self {
            clock: drill.clock(),
            actuator: Some(Arc::new(drill.clone())),
            probe: Some(Arc::new(drill.clone())),
            source: Arc::new(drill),
            mode: Mode::Drill,
            exercise: None,
            poll: PollSettings {
                vpcs: BTreeSet::new(),
                since: Duration::from_hours(1),
                max_pages: 100,
                findings_every: Duration::from_secs(2),
                estate_every: Duration::from_secs(5),
                flows_every: Duration::from_secs(1),
            },
        }
    }

    /// Whether it is the embedded world.
    pub(super) fn is_drill(&self) -> bool {
        self.mode == Mode::Drill
    }

    /// Who asks, and where.
    pub(super) async fn identity(&self) -> eyre::Result<Identity> {
        let (sink, mut readings) = mpsc::channel(1);
        let asked = self.source.read(Request::Identity, sink);
        let (asked, reading) = futures::join!(asked, readings.recv());
        asked?;
        match reading {
            Some(Reading::Identity(identity)) => Ok(identity),
            _ => Err(eyre::eyre!("nobody answers who is asking")),
        }
    }

    /// A folder of answers. What is wrong with it is told.
    pub(super) fn dump(dir: &Path) -> eyre::Result<Self> {
        let dump = dump::load(dir).map_err(|error| told(error.is_input(), error))?;
        if dump.is_empty() {
            return Err(BadInput(format!(
                "nothing in {} can be read: expected are the JSON of calls such as `aws ec2 \
                 describe-network-interfaces`, GuardDuty findings as JSON, and flow logs as text or JSON; \
                 `firedoor snapshot` makes such a folder",
                dir.display()
            ))
            .into());
        }
        for doubt in dump.doubts.iter().take(DOUBTS) {
            super::say(&doubt.to_string());
        }
        if dump.doubts.len() > DOUBTS {
            super::say(&format!("and {} more doubts", dump.doubts.len() - DOUBTS));
        }
        let source = DumpSource::new(dump, dir);
        // Its time stands still, so everything is read once, and again when it is asked for.
        let never_again = Duration::from_hours(1);
        let poll = PollSettings {
            vpcs: source.vpcs(),
            since: source.span(),
            max_pages: usize::MAX,
            findings_every: never_again,
            estate_every: never_again,
            flows_every: never_again,
        };
        Ok(Self {
            clock: Arc::new(source.clock()),
            actuator: None,
            probe: None,
            source: Arc::new(source),
            mode: Mode::Dump,
            exercise: None,
            poll,
        })
    }

    /// The account. Without `allow_changes` there is nothing that changes it.
    #[cfg(feature = "aws")]
    pub(super) async fn account(account: &AccountArgs, allow_changes: bool) -> eyre::Result<Self> {
        let connected = connect(account).await?;
        let actuator: Option<Arc<dyn Actuator>> = if allow_changes {
            Some(Arc::new(connected.actuator()))
        } else {
            None
        };
        Ok(Self {
            clock: Arc::new(crate::sources::SystemClock),
            mode: if allow_changes {
                Mode::Changes
            } else {
                Mode::ReadOnly
            },
            exercise: None,
            source: Arc::new(connected.source()),
            probe: Some(Arc::new(connected.probe())),
            actuator,
            poll: PollSettings {
                vpcs: account.vpc.iter().map(|it| it.as_str().into()).collect(),
                since: Duration::from_secs(account.since * 60),
                max_pages: 100,
                findings_every: Duration::from_mins(1),
                estate_every: Duration::from_mins(2),
                flows_every: Duration::from_mins(1),
            },
        })
    }

    #[cfg(not(feature = "aws"))]
    #[expect(clippy::unused_async, reason = "the same signature as with AWS")]
    pub(super) async fn account(_: &AccountArgs, _: bool) -> eyre::Result<Self> {
        let words = "this build can't reach AWS (it was built with --no-default-features); `firedoor \
                     drill`, `firedoor open` and --drill need no account";
        Err(BadInput(words.into()).into())
    }
}

#[cfg(feature = "aws")]
async fn connect(account: &AccountArgs) -> eyre::Result<crate::aws::Account> {
    use crate::aws::{ConnectError, Connection};

    let connection = Connection {
        profile: account.profile.clone(),
        region: account.region.clone(),
        endpoint_url: account.endpoint_url.clone(),
    };
    let connected = crate::aws::connect(&connection).await;
    connected.map_err(|error| match error {
        ConnectError::UnknownProfile(_) | ConnectError::NoRegion | ConnectError::Endpoint(_) => {
            BadInput(error.to_string()).into()
        }
        ConnectError::ConfigFiles(_) | ConnectError::NoCredentials(_) => eyre::Report::from(error),
    })
}
