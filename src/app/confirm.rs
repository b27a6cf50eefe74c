//! The confirm dialog: the plan itself, and the last four characters of the instance id.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use unicode_segmentation::UnicodeSegmentation;

use super::asked::{Asked, Preview};
use super::picture::Mark;
use crate::analysis::{Blast, Counts, Role, Tally, eni_label};
use crate::executor::Checked;
use crate::model::{EniId, Estate, InstanceId};
use crate::plan::{self, Guard, GuardKind, Lint, LintVerdict, Outlook, Plan, Severity, Undo};

/// A plan that waits to be confirmed.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    /// What it was built from: it is built again at Enter, and compared.
    pub asked: Asked,
    /// Its number among the dialogs of this session: late answers name it.
    pub ticket: u64,
    /// The plan.
    pub plan: Plan,
    /// Of an undo: what is refused and what is kept.
    pub undo: Option<Undo>,
    /// What stands against it, the worst first.
    pub guards: Vec<Guard>,
    /// What is wrong with its order, the worst first.
    pub lints: Vec<Lint>,
    /// Whether AWS would allow it.
    pub preflight: Preflight,
    /// Whom it reaches besides the suspect.
    pub blast: Blast,
    /// What becomes of the flows that are known.
    pub tally: Tally,
    /// Other instances that lose the credentials of a role that it revokes.
    pub role_users: BTreeSet<InstanceId>,
    /// What it does to everyone, in one sentence.
    pub ledger: String,
    /// Everyone whom it reaches or hits besides the suspect, the worst hit first.
    pub hits: Vec<Hit>,
    /// What is known of the suspect's live flows, in sentences.
    pub outlook: Vec<String>,
    /// What was typed so far.
    pub typed: String,
    /// The button under the cursor.
    pub focus: ConfirmFocus,
    /// The questions about its order were read: the next Enter on the button starts it.
    pub insists: bool,
    /// Enter was pressed, and the objects of an undo are looked at once more before it starts.
    pub looking: bool,
    /// Lines scrolled down.
    pub scroll: u16,
    /// When it opened.
    pub opened: DateTime<Utc>,
    /// Why the last Enter did not start it.
    pub refused: Option<String>,
}

/// What AWS answers when it is asked about a plan's calls without making them.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Preflight {
    /// The answers are on their way.
    #[default]
    Asking,
    /// There is nobody to ask.
    Nobody,
    /// The answers, step by step.
    Answered(Vec<Checked>),
}

/// An interface that a plan reaches or hits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// How.
    pub mark: Mark,
    /// Its name for people.
    pub label: String,
    /// The interface.
    pub eni: EniId,
    /// Its primary address.
    pub address: Option<IpAddr>,
    /// What becomes of its flows, as far as they are known and not left alone.
    pub lost: Counts,
}

/// A button of the dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmFocus {
    /// Where the cursor is at first.
    Cancel,
    /// Starts the run.
    Contain,
}

/// Keys that come within this time of opening are dropped: key repeat, and text pasted blindly.
const GRACE: TimeDelta = TimeDelta::milliseconds(500);

impl Confirm {
    /// A dialog that shows a preview.
    pub(super) fn new(
        asked: Asked,
        preview: Preview,
        estate: &Estate,
        outlook: Vec<String>,
        (ticket, opened): (u64, DateTime<Utc>),
    ) -> Self {
        let forecast = preview.outlook;
        Self {
            asked,
            ticket,
            ledger: ledger(estate, &forecast),
            hits: hits(estate, &forecast),
            plan: forecast.plan,
            undo: preview.undo,
            guards: preview.guards,
            lints: preview.lints,
            preflight: Preflight::Asking,
            blast: forecast.blast,
            tally: forecast.tally,
            role_users: forecast.role_users,
            outlook,
            typed: String::new(),
            focus: ConfirmFocus::Cancel,
            insists: false,
            looking: false,
            scroll: 0,
            opened,
            refused: None,
        }
    }

    /// Shows another preview of the same, to be read and confirmed from the start.
    pub(super) fn show(&mut self, preview: Preview, estate: &Estate, ticket: u64, why: &str) {
        let (asked, outlook) = (self.asked.clone(), std::mem::take(&mut self.outlook));
        *self = Self {
            scroll: self.scroll,
            refused: Some(why.into()),
            ..Self::new(asked, preview, estate, outlook, (ticket, self.opened))
        };
    }

    /// Why it can't be confirmed, whatever is typed.
    pub fn blocked(&self) -> Option<String> {
        let guard = self
            .guards
            .iter()
            .find(|it| it.severity == Severity::Refuse);
        let lint = self
            .lints
            .iter()
            .find(|it| it.verdict == LintVerdict::Refuse);
        let empty = self.plan.steps.is_empty().then(|| {
            "nothing of this run can be taken back: read above what is kept and why".to_owned()
        });
        let guard = guard.map(|it| it.words.clone());
        guard.or_else(|| lint.map(|it| it.words.clone())).or(empty)
    }

    /// The worst of what stands against it, in one line; the words in full are in the dialog.
    pub fn banner(&self) -> Option<String> {
        let worst = self.guards.first()?.severity;
        if worst == Severity::Note {
            return None;
        }
        let of_worst = self.guards.iter().filter(|it| it.severity == worst);
        let mut kinds: Vec<&str> = of_worst.map(|it| in_short(it.kind)).collect();
        kinds.dedup();
        let word = match worst {
            Severity::Refuse => "REFUSED",
            Severity::Danger | Severity::Note => "DANGER",
        };
        Some(format!("{word}: {}", kinds.join("; ")))
    }

    /// What has to be read before it can be confirmed all the same.
    pub fn questions(&self) -> impl Iterator<Item = &Lint> {
        self.lints
            .iter()
            .filter(|it| it.verdict == LintVerdict::Ask)
    }

    /// The words on the button that starts it.
    pub fn button(&self) -> &'static str {
        match self.asked {
            Asked::Undo(..) => "Undo",
            _ if self.insists => "Contain anyway",
            _ => "Contain",
        }
    }

    /// How many lines may be scrolled at the most: everyone may be named.
    pub(super) fn scroll_limit(&self) -> u16 {
        u16::try_from(self.hits.len().saturating_add(500)).unwrap_or(u16::MAX)
    }

    /// Whether keys count already.
    pub fn is_armed(&self, now: DateTime<Utc>) -> bool {
        now - self.opened >= GRACE
    }

    /// What must be typed: the last four characters of the suspect's id.
    pub fn expected(&self) -> &str {
        self.plan.target.tail(4)
    }

    /// Whether it was typed.
    pub fn is_acknowledged(&self) -> bool {
        self.typed == self.expected()
    }

    /// Whether a preview does the same to the same neighbours as what is shown, and nothing new of weight
    /// stands against it.
    pub(super) fn is_about(&self, now: &Preview) -> bool {
        let serious = self.guards.iter();
        let serious = serious.filter(|it| it.severity != Severity::Note);
        let forecast = &now.outlook;
        forecast.plan.steps == self.plan.steps
            && forecast.blast == self.blast
            && forecast.role_users == self.role_users
            && now.serious().all(|it| serious.clone().any(|had| had == it))
            && now.lints.iter().all(|it| self.lints.contains(it))
            && now.undo.as_ref().map(|it| &it.drift) == self.undo.as_ref().map(|it| &it.drift)
    }

    pub(super) fn type_char(&mut self, c: char) {
        if self.typed.chars().count() < self.expected().chars().count() {
            self.typed.push(c);
        }
        self.refused = None;
    }

    /// The questions were put: from the start again, with another word on the button.
    pub(super) fn insist(&mut self) {
        self.insists = true;
        self.focus = ConfirmFocus::Cancel;
        let words = "the lines with ? ask about its order: read them; tab, then enter goes on";
        self.refused = Some(words.into());
    }

    pub(super) fn other_button(&mut self) {
        self.focus = match self.focus {
            ConfirmFocus::Cancel => ConfirmFocus::Contain,
            ConfirmFocus::Contain => ConfirmFocus::Cancel,
        };
    }
}

/// What a guard is about, in a few words: the banner is one line.
fn in_short(kind: GuardKind) -> &'static str {
    match kind {
        GuardKind::Session => "cuts your own SSH session",
        GuardKind::Host => "hits the host that this console runs on",
        GuardKind::Api => "cuts this console's way to AWS",
        GuardKind::Credentials => "takes this console's credentials away",
        GuardKind::LeftOpen => "the suspect may stand open to the world",
        GuardKind::Locked => "another run works on the suspect",
        GuardKind::Protected => "an object is protected",
        GuardKind::Sample => "the finding is a sample",
        GuardKind::Platform => "its Auto Scaling group would terminate the suspect",
        GuardKind::Quota => "a quota is full",
        GuardKind::Unknown => "it may cut your own way in",
    }
}

/// Columns or so of the suspect's name in the sentence: a name that is long on purpose must not push the
/// rest out of sight.
const NAME: usize = 40;

fn ledger(estate: &Estate, forecast: &Outlook) -> String {
    let target = &forecast.plan.target;
    let name = target.instance().and_then(|id| estate.instance(id));
    let name = name.map_or(target.id(), |it| it.label());
    let name: String = name.graphemes(true).take(NAME).collect();
    plan::ledger(estate, &name, forecast)
}

fn hits(estate: &Estate, forecast: &Outlook) -> Vec<Hit> {
    let lost = &forecast.tally.hits;
    let users = forecast.role_users.iter();
    let users = users.flat_map(|id| estate.enis_of_instance(id).map(|it| &it.id));
    let reached: BTreeSet<&EniId> = forecast.blast.scope.iter().chain(users).collect();
    let ids: BTreeSet<&EniId> = reached.iter().copied().chain(lost.keys()).collect();
    let hit = |id: &EniId| {
        let eni = estate.eni(id);
        let hit = Hit {
            mark: Mark::of(lost.get(id), reached.contains(id)),
            label: eni.map_or_else(|| id.to_string(), |it| eni_label(estate, it)),
            eni: id.clone(),
            address: eni.and_then(crate::model::Eni::primary),
            lost: lost.get(id).copied().unwrap_or_default(),
        };
        (hit.mark, eni.map(|it| Role::of(it.kind)), hit)
    };
    let mut hits: Vec<_> = ids.into_iter().map(hit).collect();
    hits.sort_by(|a, b| {
        let key = |it: &(Mark, Option<Role>, Hit)| (it.0, it.1);
        key(a)
            .cmp(&key(b))
            .then_with(|| a.2.label.cmp(&b.2.label))
            .then_with(|| a.2.eni.cmp(&b.2.eni))
    });
    hits.into_iter().map(|(_, _, hit)| hit).collect()
}
