//! Where an update is subtle: selections that must not jump, and everything between a preview and
//! the call that it announces.

mod containing;
mod past;
mod picturing;
mod selecting;

use std::sync::Arc;

use chrono::TimeDelta;

use super::*;
use crate::app::{Confirm, ConfirmFocus, Mode, Pane, Preflight, Settings};
use crate::executor::{RunEvent, RunEventKind, RunOutcome};
use crate::model::fixture;
use crate::model::{
    AsgMembership, Finding, FindingAction, InstanceId, Part, PartKind, Severity, TargetMembership,
};
use crate::operation::StepId;
use crate::plan::{OwnPath, PROTECT_TAG, Plan, Playbook};
use crate::sources::{
    Command as Ask, Feed, Outcome, SourceError, SourceErrorKind, Update, UpdateKind,
};

/// Who asks.
const ME: &str = "arn:aws:sts::111122223333:assumed-role/responder/me";

/// A console on the fixture's estate, and the time.
struct Desk {
    state: AppState,
    now: DateTime<Utc>,
}

impl Desk {
    fn new(mode: Mode) -> Self {
        let now = fixture::read_at();
        let settings = Settings {
            mode,
            case: "case-1".into(),
            max_dwell: 60,
            acl_quota: 20,
            max_hold: 600,
            since_minutes: 60,
            journals: "~/.local/state/firedoor".into(),
            own: OwnPath::default(),
            playbooks: Playbook::shipped().unwrap().into_iter().map(Ok).collect(),
        };
        let mut state = AppState::new(settings, (80, 24), now);
        state.estate = Arc::new(fixture::estate());
        Self { state, now }
    }

    /// A console on which the suspect is selected.
    fn with_suspect(mode: Mode) -> Self {
        let mut desk = Self::new(mode);
        desk.reads(&[&[finding("a", 8.0, "web1")]]);
        assert_eq!(desk.state.suspect(), Some(fixture::suspect()));
        desk
    }

    fn send(&mut self, message: Message) -> Vec<Effect> {
        self.state.update(message, self.now)
    }

    fn news(&mut self, feed: Feed, kind: UpdateKind) -> Vec<Effect> {
        let at = self.now;
        self.send(Message::Update(Box::new(Update { feed, at, kind })))
    }

    /// A whole reading of the findings, page by page.
    fn reads(&mut self, pages: &[&[Finding]]) {
        self.begins_to_read(pages);
        self.news(Feed::Findings, UpdateKind::Finished(Outcome::Complete));
    }

    fn begins_to_read(&mut self, pages: &[&[Finding]]) {
        self.news(Feed::Findings, UpdateKind::Started);
        for page in pages {
            self.news(Feed::Findings, UpdateKind::Findings(page.to_vec()));
        }
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        self.send(Message::Input(Input::Key(key)))
    }

    fn keys(&mut self, keys: &[Key]) {
        for key in keys {
            self.key(*key);
        }
    }

    fn typed(&mut self, text: &str) {
        text.chars().for_each(|c| drop(self.key(Key::Char(c))));
    }

    fn paste(&mut self, text: &str) -> Vec<Effect> {
        self.send(Message::Input(Input::Paste(text.into())))
    }

    fn pass(&mut self, milliseconds: i64) {
        self.now += TimeDelta::milliseconds(milliseconds);
    }

    fn selected(&self) -> String {
        let selected = self.state.selected_finding();
        selected
            .map(|(it, _)| it.id.to_string())
            .unwrap_or_default()
    }

    fn notice(&self) -> &str {
        self.state.notice.as_deref().unwrap_or_default()
    }

    /// Opens the dialog of an action.
    fn preview(&mut self, action: &str) {
        let rows = self.state.action_rows();
        let index = rows.iter().position(|it| it.name() == action).unwrap();
        self.keys(&[Key::Char('c'), Key::Home]);
        self.keys(&vec![Key::Down; index]);
        self.key(Key::Enter);
    }

    fn confirm(&self) -> &Confirm {
        match &self.state.dialog {
            Some(Dialog::Confirm(confirm)) => confirm,
            other => panic!("{other:?}, {:?}", self.state.notice),
        }
    }

    /// Confirms what the dialog shows; the effects of Enter.
    fn contain(&mut self) -> Vec<Effect> {
        self.pass(600);
        self.typed("web1");
        self.key(Key::Tab);
        self.key(Key::Enter)
    }

    fn started(&mut self, plan: &Plan) {
        let kind = RunEventKind::Started {
            case: "case-1".into(),
            run: "run-1".into(),
            caller: "somebody".into(),
            plan: plan.clone(),
            foretold: None,
        };
        self.run(0, kind);
    }

    fn run(&mut self, n: u32, kind: RunEventKind) -> Vec<Effect> {
        let at = self.now;
        self.send(Message::Run(Box::new(RunEvent { n, at, kind })))
    }

    /// The suspect turns out to be in service in an Auto Scaling group.
    fn in_a_group(&mut self) {
        let member = AsgMembership {
            instance: fixture::suspect(),
            group: "web-asg".into(),
            lifecycle: "InService".into(),
            size: None,
        };
        let part = Part::AsgMemberships(vec![member]);
        self.news(Feed::Part(PartKind::AsgMemberships), UpdateKind::Part(part));
    }

    /// The suspect bears a tag.
    fn tag(&mut self, key: &str, value: &str) {
        let mut all: Vec<_> = self.state.estate.instances().cloned().collect();
        for instance in all.iter_mut().filter(|it| it.id == fixture::suspect()) {
            instance.tags = vec![(key.into(), value.into())];
        }
        self.news(
            Feed::Part(PartKind::Instances),
            UpdateKind::Part(Part::Instances(all)),
        );
    }

    /// Somebody of this account asks.
    fn identified(&mut self) {
        let identity = crate::sources::Identity {
            arn: ME.into(),
            account: "111122223333".into(),
            region: "eu-west-1".into(),
        };
        self.news(Feed::Identity, UpdateKind::Identity(identity));
    }

    /// The account changes: another instance appears in the suspect's subnet.
    fn newcomer(&mut self) {
        let mut enis: Vec<_> = self.state.estate.enis().cloned().collect();
        let mut other = enis[1].clone();
        other.id = "eni-web9".into();
        other.instance = Some("i-000000000000web9".into());
        enis.push(other);
        self.news(
            Feed::Part(PartKind::Enis),
            UpdateKind::Part(Part::Enis(enis)),
        );
    }
}

fn instance(tail: &str) -> InstanceId {
    InstanceId::new(format!("i-{tail:0>18}"))
}

fn finding(id: &str, severity: f64, tail: &str) -> Finding {
    let at = fixture::read_at() - TimeDelta::hours(1);
    Finding {
        id: id.into(),
        kind: format!("Backdoor:EC2/{id}"),
        severity: Severity(severity),
        title: String::new(),
        description: String::new(),
        account: String::new(),
        region: String::new(),
        created: at,
        updated: at,
        count: 1,
        sample: false,
        resource_type: "Instance".into(),
        instances: vec![instance(tail)],
        enis: Vec::new(),
        subnets: Vec::new(),
        vpcs: vec!["vpc-1".into()],
        action: FindingAction::Other(String::new()),
        remotes: Vec::new(),
    }
}

/// The same, seen again so many minutes later: it goes before those that are older.
fn newer(minutes: i64, finding: Finding) -> Finding {
    Finding {
        updated: finding.updated + TimeDelta::minutes(minutes),
        ..finding
    }
}

fn sample(finding: Finding) -> Finding {
    Finding {
        sample: true,
        ..finding
    }
}
