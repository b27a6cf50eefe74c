//! An exercise, as its players see it: the pace, and messages that may want an answer.

use std::collections::BTreeMap;

use super::cursor::Cursor;
use crate::sources::{About, Exercise, Message, Pace};

/// What the exercise says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Played {
    /// What is played, and by whom.
    pub about: About,
    /// How fast the world's time passes.
    pub pace: Pace,
    /// A facilitator has the clock.
    pub is_clock_taken: bool,
    /// All messages, oldest first.
    pub messages: Vec<Message>,
}

impl Played {
    /// How it is now.
    pub fn of(exercise: &dyn Exercise) -> Self {
        Self {
            about: exercise.about(),
            pace: exercise.pace(),
            is_clock_taken: exercise.is_clock_taken(),
            messages: exercise.messages(),
        }
    }
}

/// The exercise that the console is part of.
#[derive(Debug, Clone, PartialEq)]
pub struct Playing {
    /// What the exercise says of itself.
    pub played: Played,
    /// How many messages were on screen.
    pub(super) seen: usize,
    /// Answers that were begun, by message.
    pub(super) drafts: BTreeMap<u32, String>,
    /// The players have looked into it.
    pub(super) has_looked: bool,
    /// The pace before the pause.
    pub(super) before: Pace,
}

impl Playing {
    /// One of which nothing was seen yet.
    pub(super) fn new(played: Played) -> Self {
        Self {
            before: Pace::REAL,
            has_looked: false,
            seen: 0,
            drafts: BTreeMap::new(),
            played,
        }
    }

    /// Messages that want an answer.
    pub fn to_answer(&self) -> usize {
        let messages = self.played.messages.iter();
        messages.filter(|it| it.is_open()).count()
    }

    /// Messages that were not on screen yet.
    pub fn unseen(&self) -> usize {
        self.played.messages.len().saturating_sub(self.seen)
    }

    /// The answer that is being written.
    pub fn draft(&self, id: u32) -> &str {
        self.drafts.get(&id).map_or("", String::as_str)
    }

    /// A message.
    pub fn message(&self, id: u32) -> Option<&Message> {
        self.played.messages.iter().find(|it| it.id == id)
    }

    /// The numbers of all messages, newest first.
    pub fn ids(&self) -> Vec<u32> {
        let messages = self.played.messages.iter();
        messages.rev().map(|it| it.id).collect()
    }
}

/// The dialog of the messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mail {
    /// The selected message, by its number.
    pub cursor: Cursor<u32>,
    /// Lines scrolled down in its text.
    pub scroll: u16,
    /// Why the last answer was not taken.
    pub refused: Option<String>,
}

impl Mail {
    /// The selected message.
    pub fn selected<'p>(&self, playing: &'p Playing) -> Option<&'p Message> {
        let ids = playing.ids();
        let id = self.cursor.selected(&ids)?;
        playing.message(*id)
    }
}
