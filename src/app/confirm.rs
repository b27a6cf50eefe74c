//! The confirm dialog: the plan itself, and the last four characters of the instance id.

use std::collections::BTreeSet;
use std::net::IpAddr;

use chrono::{DateTime, TimeDelta, Utc};
use unicode_segmentation::UnicodeSegmentation;

use super::picture::Mark;
use crate::analysis::{Blast, Counts, Role, Tally, eni_label};
use crate::model::{EniId, Estate, InstanceId};
use crate::plan::{self, Intent, Outlook, Plan};

/// A plan that waits to be confirmed.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    /// What it was built from: it is built again at Enter, and compared.
    pub intent: Intent,
    /// The plan.
    pub plan: Plan,
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
    /// Lines scrolled down.
    pub scroll: u16,
    /// When it opened.
    pub opened: DateTime<Utc>,
    /// Why the last Enter did not start it.
    pub refused: Option<String>,
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
    /// A dialog that shows a forecast.
    pub(super) fn new(
        intent: Intent,
        forecast: Outlook,
        estate: &Estate,
        outlook: Vec<String>,
        opened: DateTime<Utc>,
    ) -> Self {
        Self {
            intent,
            ledger: ledger(estate, &forecast),
            hits: hits(estate, &forecast),
            plan: forecast.plan,
            blast: forecast.blast,
            tally: forecast.tally,
            role_users: forecast.role_users,
            outlook,
            typed: String::new(),
            focus: ConfirmFocus::Cancel,
            scroll: 0,
            opened,
            refused: None,
        }
    }

    /// Shows another forecast of the same intent, to be read and confirmed from the start.
    pub(super) fn show(&mut self, forecast: Outlook, estate: &Estate, why: &str) {
        let (intent, outlook) = (self.intent.clone(), std::mem::take(&mut self.outlook));
        *self = Self {
            scroll: self.scroll,
            refused: Some(why.into()),
            ..Self::new(intent, forecast, estate, outlook, self.opened)
        };
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

    /// Whether a plan does the same to the same neighbours as the one that is shown.
    pub(super) fn is_about(&self, forecast: &Outlook) -> bool {
        forecast.plan.steps == self.plan.steps
            && forecast.blast == self.blast
            && forecast.role_users == self.role_users
    }

    pub(super) fn type_char(&mut self, c: char) {
        if self.typed.chars().count() < self.expected().chars().count() {
            self.typed.push(c);
        }
        self.refused = None;
    }

    pub(super) fn other_button(&mut self) {
        self.focus = match self.focus {
            ConfirmFocus::Cancel => ConfirmFocus::Contain,
            ConfirmFocus::Contain => ConfirmFocus::Cancel,
        };
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
