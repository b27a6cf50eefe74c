//! The confirm dialog: the plan itself, and the last four characters of the instance id.

use chrono::{DateTime, TimeDelta, Utc};

use crate::analysis::{Blast, Tally};
use crate::plan::{Intent, Outlook, Plan};

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
    /// Whether keys count already.
    pub fn is_armed(&self, now: DateTime<Utc>) -> bool {
        now - self.opened >= GRACE
    }

    /// What must be typed: the last four characters of the suspect's id.
    pub fn expected(&self) -> &str {
        self.plan.suspect.tail(4)
    }

    /// Whether it was typed.
    pub fn is_acknowledged(&self) -> bool {
        self.typed == self.expected()
    }

    /// Whether a plan does the same to the same neighbours as the one that is shown.
    pub(super) fn is_about(&self, forecast: &Outlook) -> bool {
        forecast.plan.steps == self.plan.steps && forecast.blast == self.blast
    }

    /// Whether this version can run the plan; else it is only shown.
    pub fn runs(&self) -> bool {
        self.plan.action.runs()
    }

    pub(super) fn type_char(&mut self, c: char) {
        if !self.runs() {
            return;
        }
        if self.typed.chars().count() < self.expected().chars().count() {
            self.typed.push(c);
        }
        self.refused = None;
    }

    pub(super) fn other_button(&mut self) {
        self.focus = match self.focus {
            ConfirmFocus::Cancel if self.runs() => ConfirmFocus::Contain,
            ConfirmFocus::Cancel | ConfirmFocus::Contain => ConfirmFocus::Cancel,
        };
    }
}
