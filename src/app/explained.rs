//! The dialog that explains what becomes of a flow.

use super::choice::Choice;
use super::state::{AppState, Dialog};
use crate::analysis::Explanation;
use crate::flows::EdgeKey;
use crate::model::FlowAction;

/// A flow under an action, explained.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The flow.
    pub key: EdgeKey,
    /// The action.
    pub action: Choice,
    /// The verdict, and every check that it rests on.
    pub explanation: Explanation,
    /// Lines scrolled down.
    pub scroll: u16,
}

impl AppState {
    /// Opens the explanation of the selected flow, or says why there is none.
    pub(super) fn open_explanation(&mut self) {
        let Some(key) = self.cursors.flows.selected(&self.listed.keys).cloned() else {
            return;
        };
        match self.explained(key) {
            Ok(explained) => self.dialog = Some(Dialog::Explained(Box::new(explained))),
            Err(why) => self.notice = Some(why),
        }
    }

    fn explained(&self, key: EdgeKey) -> Result<Explained, String> {
        if key.action == FlowAction::Reject {
            return Err("it is rejected already: there is nothing that an action could cut".into());
        }
        let action = self
            .selected_action()
            .ok_or("no action is selected: choose one (5)")?;
        let explanation = self.explain(&key, &action).ok_or_else(|| {
            let why = self.forecast(&action).and_then(|it| it.as_ref().err());
            why.map_or("there is no forecast yet".into(), |why| {
                format!("no forecast under {action}: {why}")
            })
        })?;
        Ok(Explained {
            key,
            action,
            explanation,
            scroll: 0,
        })
    }

    /// Brings an open explanation up to date after new forecasts.
    pub(super) fn refresh_explanation(&mut self) {
        let Some(Dialog::Explained(shown)) = &self.dialog else {
            return;
        };
        if let Some(now) = self.explain(&shown.key, &shown.action)
            && let Some(Dialog::Explained(shown)) = &mut self.dialog
        {
            shown.explanation = now;
        }
    }
}
