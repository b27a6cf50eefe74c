//! A drill's world on a simulated clock, and what runs in it need.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use firedoor::drill::{Drill, Scenario};
use firedoor::executor::{Ports, Run, RunEvent, Verification, Verifier};
use firedoor::operation::Actuator;
use firedoor::plan::{Action, Dwell, Intent, Plan, claim};
use firedoor::sources::Clock;
use tempfile::TempDir;
use tokio::sync::mpsc::{self, UnboundedReceiver};

#[path = "simulated.rs"]
mod simulated;

/// A world, its clock, and the place of the journals.
pub(crate) struct Setting {
    pub(crate) drill: Drill,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) root: TempDir,
}

impl Setting {
    pub(crate) fn new(scenario: Scenario) -> Self {
        let clock = simulated::clock();
        // Memory, where there is any: every event is synchronised with the disk.
        let memory = Path::new("/dev/shm");
        let root = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        Self {
            drill: Drill::new(scenario, Arc::clone(&clock)),
            clock,
            root: root.unwrap(),
        }
    }

    /// An action on the suspect, for which no remote address is known; a two-step stays open for a second.
    pub(crate) fn intent(&self, action: Action) -> Intent {
        Intent {
            action,
            suspect: self.drill.suspect().clone(),
            case: "case".into(),
            stamp: "stamp".into(),
            dwell: Dwell {
                slowest_gap: None,
                max: 1,
            },
            peers: Vec::new(),
            acl_quota: Intent::ACL_QUOTA,
            max_hold: Intent::MAX_HOLD,
        }
    }

    /// What a run by way of this actuator works with, and its events. What `verified` claims, if there is
    /// such a plan, is looked for in the flow logs.
    pub(crate) fn ports(
        &self,
        actuator: Arc<dyn Actuator>,
        verified: Option<&Plan>,
    ) -> (Ports, UnboundedReceiver<RunEvent>) {
        let (sender, events) = mpsc::unbounded_channel();
        let estate = self.drill.estate();
        let ports = Ports {
            actuator,
            clock: Arc::clone(&self.clock),
            events: sender,
            verification: verified.map(|plan| Verification {
                claim: claim(plan, &estate),
                verifier: Verifier {
                    source: Arc::new(self.drill.clone()),
                    clock: Arc::clone(&self.clock),
                    logs: estate.flow_logs().to_vec(),
                    limit: Duration::from_mins(15),
                },
            }),
        };
        (ports, events)
    }
}

/// A plan to be carried out, as it was confirmed.
pub(crate) fn run(id: &str, plan: &Plan) -> Run {
    Run {
        case: "case".into(),
        run: id.into(),
        caller: "arn".into(),
        plan: plan.clone(),
        foretold: None,
    }
}
