//! The facilitator's screen: what it shows, and what its keys do. It stands apart from the console: it has
//! no account, and sees what the players do not.

use super::cursor::Cursor;
use super::input::{Input, Key};
use super::keymap::{Command, Context};
use crate::sources::facilitation::{FromDrill, InjectSight, Order, Sight};
use crate::sources::{About, Pace};

/// Characters of a text at the most.
const TEXT: usize = 500;

/// The facilitator's screen.
#[derive(Debug, Clone, PartialEq)]
pub struct Facilitator {
    /// What is played.
    pub about: About,
    /// How things are; `None`: nothing was heard yet.
    pub sight: Option<Box<Sight>>,
    /// The selected inject, by name.
    pub cursor: Cursor<String>,
    /// The inject that fires when enter is pressed once more.
    pub armed: Option<String>,
    /// A text that is being typed.
    pub typed: Option<(Dictated, String)>,
    /// The help is shown.
    pub helps: bool,
    /// A line for the facilitator, until the next key.
    pub notice: Option<String>,
    /// The drill is over: nothing is heard any more.
    pub is_over: bool,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    before: Pace,
    orders: u64,
}

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dictated {
    /// It is written down.
    Note,
    /// The players get it: `WHO: TEXT`; one that ends with a question mark wants an answer.
    Message,
}

/// What a key wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// The drill is to do something, under this number.
    Order(u64, Order),
    /// Leave.
    Leave,
}

impl Facilitator {
    /// One that has heard nothing yet.
    pub fn new(about: About, size: (u16, u16)) -> Self {
        Self {
            about,
            sight: None,
            cursor: Cursor::default(),
            armed: None,
            typed: None,
            helps: false,
            notice: None,
            is_over: false,
            size,
            before: Pace::REAL,
            orders: 0,
        }
    }

    /// Which bindings hold.
    pub fn context(&self) -> Context {
        match (self.helps, &self.typed) {
            (true, _) => Context::Reading,
            (false, Some(_)) => Context::Dictation,
            (false, None) => Context::Facilitator,
        }
    }

    /// The injects of the scenario.
    pub fn injects(&self) -> &[InjectSight] {
        self.sight.as_ref().map_or(&[], |it| &it.injects)
    }

    fn names(&self) -> Vec<String> {
        self.injects().iter().map(|it| it.name.clone()).collect()
    }

    /// The selected inject's place in the list.
    pub fn selected(&self) -> Option<usize> {
        self.cursor.resolve(&self.names())
    }

    /// The drill says something.
    pub fn hear(&mut self, said: FromDrill) {
        match said {
            FromDrill::Sight(sight) => self.sight = Some(sight),
            FromDrill::Refused { why, .. } => self.notice = Some(format!("refused: {why}")),
            FromDrill::Hello { .. } | FromDrill::Done { .. } => {}
        }
    }

    /// The drill is gone.
    pub fn lose(&mut self) {
        self.is_over = true;
        self.typed = None;
        self.notice = Some("the drill is over: q leaves".into());
    }

    /// The facilitator does something.
    pub fn take_in(&mut self, input: Input) -> Option<Wish> {
        match input {
            Input::Resize { columns, rows } => {
                self.size = (columns, rows);
                None
            }
            Input::Paste(text) => {
                self.write(&text);
                None
            }
            Input::Key(key) => self.key(key),
        }
    }

    fn key(&mut self, key: Key) -> Option<Wish> {
        self.notice = None;
        let armed = self.armed.take();
        let context = self.context();
        match (context, context.command(key)) {
            (Context::Dictation, Some(command)) => self.dictated(command),
            (Context::Dictation, None) => {
                if let Key::Char(c) = key {
                    self.write(&c.to_string());
                }
                None
            }
            (Context::Reading, Some(Command::Back)) => {
                self.helps = false;
                None
            }
            (Context::Facilitator, Some(Command::Quit)) => Some(Wish::Leave),
            (Context::Facilitator, Some(Command::Help)) => {
                self.helps = true;
                None
            }
            (Context::Facilitator, Some(command)) if !self.is_over => {
                self.obey(command, armed.as_deref())
            }
            (Context::Facilitator, Some(_)) => {
                self.notice = Some("the drill is over: q leaves".into());
                None
            }
            _ => None,
        }
    }

    fn obey(&mut self, command: Command, armed: Option<&str>) -> Option<Wish> {
        let names = self.names();
        match command {
            Command::Up => self.cursor.step(&names, -1),
            Command::Down => self.cursor.step(&names, 1),
            Command::Open => return self.fire(armed),
            Command::Note => self.typed = Some((Dictated::Note, String::new())),
            Command::Messages => self.typed = Some((Dictated::Message, String::new())),
            Command::Release => return Some(self.order(Order::Release)),
            Command::Pause | Command::Faster | Command::Slower => {
                let pace = self.sight.as_ref()?.pace;
                if let Some(pace) = self.turned(command, pace) {
                    return Some(self.order(Order::Pace(pace)));
                }
                self.notice = Some(format!("{pace} is as far as it goes; space pauses"));
            }
            _ => {}
        }
        None
    }

    fn turned(&mut self, command: Command, pace: Pace) -> Option<Pace> {
        match command {
            Command::Faster => pace.faster(),
            Command::Slower => pace.slower(),
            _ if pace == Pace::Paused => Some(self.before),
            _ => {
                self.before = pace;
                Some(Pace::Paused)
            }
        }
    }

    /// The second enter fires: what was fired can't be taken back.
    fn fire(&mut self, armed: Option<&str>) -> Option<Wish> {
        let Some(name) = self.cursor.selected(&self.names()).cloned() else {
            self.notice = Some("this scenario has no injects".into());
            return None;
        };
        if armed == Some(name.as_str()) {
            return Some(self.order(Order::Fire { inject: name }));
        }
        self.notice = Some(format!("enter once more fires {name}"));
        self.armed = Some(name);
        None
    }

    fn order(&mut self, what: Order) -> Wish {
        self.orders = self.orders.wrapping_add(1);
        Wish::Order(self.orders, what)
    }

    fn write(&mut self, text: &str) {
        if let Some((_, typed)) = &mut self.typed {
            let room = TEXT.saturating_sub(typed.chars().count());
            typed.extend(text.chars().filter(|c| !c.is_control()).take(room));
        }
    }

    fn dictated(&mut self, command: Command) -> Option<Wish> {
        match command {
            Command::Erase => {
                if let Some((_, typed)) = &mut self.typed {
                    typed.pop();
                }
                None
            }
            Command::Back => {
                self.typed = None;
                None
            }
            Command::Press => self.send(),
            _ => None,
        }
    }

    fn send(&mut self) -> Option<Wish> {
        let (kind, typed) = self.typed.take()?;
        let text = typed.trim().to_owned();
        let order = match kind {
            _ if text.is_empty() => return None,
            Dictated::Note => Order::Note { text },
            Dictated::Message => {
                let sent = text.split_once(':');
                let sent = sent.map(|(from, text)| (from.trim(), text.trim()));
                let Some((from, text)) = sent.filter(|(a, b)| !a.is_empty() && !b.is_empty())
                else {
                    self.notice = Some("WHO: TEXT, such as \"CISO: are we safe?\"".into());
                    self.typed = Some((kind, typed));
                    return None;
                };
                Order::Message {
                    from: from.to_owned(),
                    text: text.to_owned(),
                    asks: text.ends_with('?'),
                }
            }
        };
        Some(self.order(order))
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn sight(pace: Pace) -> Box<Sight> {
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let inject = |name: &str| InjectSight {
            name: name.into(),
            waits: true,
            took_effect: Vec::new(),
        };
        Box::new(Sight {
            at,
            began: at,
            pace,
            is_clock_taken: false,
            is_contained: false,
            streams: Vec::new(),
            entries: Vec::new(),
            injects: ["second-channel", "the-ciso-asks"].map(inject).to_vec(),
            messages: Vec::new(),
            score: None,
            recent: Vec::new(),
        })
    }

    fn facilitator() -> Facilitator {
        let mut it = Facilitator::new(About::default(), (80, 24));
        it.hear(FromDrill::Sight(sight(Pace::REAL)));
        it
    }

    fn keys(it: &mut Facilitator, keys: &[Key]) -> Vec<Order> {
        let wish = |key: &Key| match it.take_in(Input::Key(*key)) {
            Some(Wish::Order(_, order)) => Some(order),
            _ => None,
        };
        keys.iter().filter_map(wish).collect()
    }

    fn types(it: &mut Facilitator, text: &str) -> Vec<Order> {
        let mut all: Vec<Key> = text.chars().map(Key::Char).collect();
        all.push(Key::Enter);
        keys(it, &all)
    }

    #[test]
    fn an_inject_is_fired_by_the_second_enter_in_a_row() {
        let mut it = facilitator();
        let fire = |name: &str| Order::Fire {
            inject: name.into(),
        };
        assert_eq!(keys(&mut it, &[Key::Enter]), []);
        assert_eq!(keys(&mut it, &[Key::Enter]), [fire("second-channel")]);
        assert_eq!(keys(&mut it, &[Key::Enter, Key::Down, Key::Enter]), []);
        assert_eq!(keys(&mut it, &[Key::Enter]), [fire("the-ciso-asks")]);
    }

    #[test]
    fn the_pace_is_stepped_and_a_pause_is_taken_back() {
        let mut it = facilitator();
        let pace = |factor| Order::Pace(Pace::times(factor).unwrap());
        assert_eq!(keys(&mut it, &[Key::Char('+')]), [pace(2)]);
        assert_eq!(keys(&mut it, &[Key::Char('-')]), [], "there is none slower");
        it.hear(FromDrill::Sight(sight(Pace::times(10).unwrap())));
        assert_eq!(
            keys(&mut it, &[Key::Char(' ')]),
            [Order::Pace(Pace::Paused)]
        );
        it.hear(FromDrill::Sight(sight(Pace::Paused)));
        assert_eq!(keys(&mut it, &[Key::Char(' ')]), [pace(10)]);
        assert_eq!(keys(&mut it, &[Key::Char('b')]), [Order::Release]);
    }

    #[test]
    fn what_is_typed_goes_where_it_was_begun() {
        let mut it = facilitator();
        assert_eq!(
            types(&mut it, "nthey wait"),
            [Order::Note {
                text: "they wait".into()
            }]
        );
        let message = |text: &str, asks| Order::Message {
            from: "CISO".into(),
            text: text.into(),
            asks,
        };
        assert_eq!(types(&mut it, "mCISO: safe?"), [message("safe?", true)]);
        assert_eq!(
            types(&mut it, "mCISO : well done"),
            [message("well done", false)]
        );
        assert_eq!(types(&mut it, "msafe?"), []);
        assert_eq!(it.context(), Context::Dictation, "it can be put right");
        assert_eq!(keys(&mut it, &[Key::Esc]), []);
        assert_eq!(it.take_in(Input::Key(Key::Char('q'))), Some(Wish::Leave));
    }

    #[test]
    fn after_the_end_nothing_is_ordered() {
        let mut it = facilitator();
        it.lose();
        assert_eq!(keys(&mut it, &[Key::Char(' '), Key::Enter, Key::Enter]), []);
        assert_eq!(it.take_in(Input::Key(Key::Ctrl('c'))), Some(Wish::Leave));
    }
}
