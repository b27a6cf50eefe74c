//! The key table: the only place that knows which key does what. Dispatch, the hint line and the
//! help all come from it.

use super::input::Key;
use super::state::Pane;

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// Shows a pane.
    Show(Pane),
    /// Shows the next pane.
    NextPane,
    /// Shows the previous pane.
    PreviousPane,
    /// A line up.
    Up,
    /// A line down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first line.
    First,
    /// To the last line.
    Last,
    /// A cell to the left.
    Left,
    /// A cell to the right.
    Right,
    /// To the next cell whose interface loses something.
    NextHit,
    /// From a flow to the interface at its other end.
    ShowPeer,
    /// Selects the action before.
    PreviousAction,
    /// Selects the next action.
    NextAction,
    /// Drills into the selected line.
    Open,
    /// Leaves: a filter, a pane, a dialog.
    Back,
    /// Starts to type a filter.
    Filter,
    /// Shows the actions for the suspect.
    Contain,
    /// Reads everything again.
    Refresh,
    /// Asks the run to stop.
    StopRun,
    /// Takes back what a run did.
    Undo,
    /// Lists the runs.
    ListRuns,
    /// Takes up a run that was left in the middle.
    TakeUp,
    /// Shows the messages of an exercise.
    Messages,
    /// Lets the exercise's time stand still, or go on.
    Pause,
    /// Lets the exercise's time pass faster.
    Faster,
    /// Lets the exercise's time pass slower.
    Slower,
    /// The facilitator writes something down.
    Note,
    /// The facilitator gives the clock back to the players.
    Release,
    /// Shows the keys and the sources.
    Help,
    /// Asks to quit.
    Quit,
    /// Moves to the other button.
    OtherButton,
    /// Moves to the button before.
    PreviousButton,
    /// Presses the button.
    Press,
    /// Deletes a character.
    Erase,
}

/// Where a binding holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Context {
    /// Every pane.
    Console,
    /// One pane: what is bound here wins over [`Context::Console`].
    Pane(Pane),
    /// A filter is being typed.
    Filter,
    /// A text is open: the help, or an explanation.
    Reading,
    /// A plan is to be confirmed.
    Confirm,
    /// Runs that were left in the middle are named.
    OpenRuns,
    /// Every pane, in an exercise.
    Exercise,
    /// Messages of an exercise are read and answered.
    Mail,
    /// The facilitator's screen.
    Facilitator,
    /// The facilitator types a text.
    Dictation,
    /// Quitting during a run is to be confirmed.
    Quit,
}

/// One line of the key table.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// What it does.
    pub command: Command,
    /// Where.
    pub context: Context,
    /// The keys; the first one is shown in hints.
    pub keys: &'static [Key],
    /// What it does, for people.
    pub label: &'static str,
    /// Its place in the hint line: the lowest are kept when the line is short; 0: help only.
    pub priority: u8,
}

const fn bind(
    context: Context,
    command: Command,
    keys: &'static [Key],
    label: &'static str,
    priority: u8,
) -> Binding {
    Binding {
        command,
        context,
        keys,
        label,
        priority,
    }
}

/// Every binding, in the order of the help.
pub const BINDINGS: &[Binding] = {
    use Command as C;
    use Context::{
        Confirm, Console, Dictation, Exercise, Facilitator, Filter, Mail, OpenRuns, Quit, Reading,
    };
    use Key as K;
    const NEIGHBOURS: Context = Context::Pane(Pane::Neighbours);
    const FLOWS: Context = Context::Pane(Pane::Flows);
    const RUN: Context = Context::Pane(Pane::Run);
    &[
        bind(Console, C::Open, &[K::Enter], "open", 2),
        bind(Console, C::Contain, &[K::Char('c')], "contain", 1),
        bind(Console, C::StopRun, &[K::Char('s')], "stop the run", 3),
        bind(Console, C::Filter, &[K::Char('/')], "filter", 5),
        bind(Console, C::NextPane, &[K::Tab, K::Right], "next pane", 4),
        bind(
            Console,
            C::PreviousPane,
            &[K::BackTab, K::Left],
            "previous pane",
            0,
        ),
        bind(
            Console,
            C::Show(Pane::Findings),
            &[K::Char('1')],
            "findings",
            0,
        ),
        bind(
            Console,
            C::Show(Pane::Suspect),
            &[K::Char('2')],
            "suspect",
            0,
        ),
        bind(
            Console,
            C::Show(Pane::Neighbours),
            &[K::Char('3')],
            "neighbours",
            0,
        ),
        bind(Console, C::Show(Pane::Flows), &[K::Char('4')], "flows", 0),
        bind(
            Console,
            C::Show(Pane::Actions),
            &[K::Char('5')],
            "actions",
            0,
        ),
        bind(Console, C::Show(Pane::Run), &[K::Char('6')], "run", 0),
        bind(Console, C::Up, &[K::Up, K::Char('k')], "up", 0),
        bind(Console, C::Down, &[K::Down, K::Char('j')], "down", 0),
        bind(Console, C::PageUp, &[K::PageUp, K::Ctrl('b')], "page up", 0),
        bind(
            Console,
            C::PageDown,
            &[K::PageDown, K::Ctrl('f')],
            "page down",
            0,
        ),
        bind(Console, C::First, &[K::Home, K::Char('g')], "first line", 0),
        bind(Console, C::Last, &[K::End, K::Char('G')], "last line", 0),
        bind(
            Console,
            C::PreviousAction,
            &[K::Char('[')],
            "previous action",
            0,
        ),
        bind(Console, C::NextAction, &[K::Char(']')], "next action", 0),
        bind(
            Console,
            C::Back,
            &[K::Esc],
            "back, clear the filter, hide the run",
            0,
        ),
        bind(Console, C::Refresh, &[K::Char('r')], "refresh", 6),
        bind(Console, C::Help, &[K::Char('?')], "help", 1),
        bind(Console, C::Quit, &[K::Char('q'), K::Ctrl('c')], "quit", 7),
        bind(
            NEIGHBOURS,
            C::Left,
            &[K::Left, K::Char('h')],
            "cell left",
            0,
        ),
        bind(
            NEIGHBOURS,
            C::Right,
            &[K::Right, K::Char('l')],
            "next cell",
            5,
        ),
        bind(
            NEIGHBOURS,
            C::NextHit,
            &[K::Char('n')],
            "next one that is hit",
            6,
        ),
        bind(NEIGHBOURS, C::Open, &[K::Enter], "make it the suspect", 2),
        bind(FLOWS, C::Open, &[K::Enter], "explain", 2),
        bind(
            FLOWS,
            C::ShowPeer,
            &[K::Char('p')],
            "peer among the neighbours",
            6,
        ),
        bind(RUN, C::Open, &[K::Enter], "details", 2),
        bind(RUN, C::Undo, &[K::Char('u')], "undo the run", 3),
        bind(RUN, C::ListRuns, &[K::Char('l')], "list of runs", 5),
        bind(RUN, C::TakeUp, &[K::Char('t')], "take up an open run", 6),
        bind(Filter, C::Press, &[K::Enter], "keep the filter", 1),
        bind(Filter, C::Back, &[K::Esc, K::Ctrl('c')], "clear it", 1),
        bind(Filter, C::Erase, &[K::Backspace], "erase", 0),
        bind(Reading, C::Up, &[K::Up, K::Char('k')], "up", 0),
        bind(Reading, C::Down, &[K::Down, K::Char('j')], "down", 1),
        bind(Reading, C::PageUp, &[K::PageUp], "page up", 0),
        bind(
            Reading,
            C::PageDown,
            &[K::PageDown, K::Char(' ')],
            "page down",
            1,
        ),
        bind(
            Reading,
            C::Back,
            &[K::Esc, K::Char('?'), K::Char('q'), K::Enter, K::Ctrl('c')],
            "close",
            1,
        ),
        bind(
            Confirm,
            C::OtherButton,
            &[K::Tab, K::BackTab, K::Left, K::Right],
            "other button",
            2,
        ),
        bind(Confirm, C::Press, &[K::Enter], "press it", 1),
        bind(Confirm, C::Back, &[K::Esc, K::Ctrl('c')], "cancel", 1),
        bind(Confirm, C::Up, &[K::Up], "scroll up", 0),
        bind(Confirm, C::Down, &[K::Down], "scroll", 3),
        bind(Confirm, C::PageUp, &[K::PageUp], "page up", 0),
        bind(Confirm, C::PageDown, &[K::PageDown], "page down", 0),
        bind(Confirm, C::Erase, &[K::Backspace], "erase", 0),
        bind(OpenRuns, C::Up, &[K::Up], "run before", 0),
        bind(OpenRuns, C::Down, &[K::Down], "next run", 3),
        bind(
            OpenRuns,
            C::OtherButton,
            &[K::Tab, K::Right],
            "other button",
            2,
        ),
        bind(
            OpenRuns,
            C::PreviousButton,
            &[K::BackTab, K::Left],
            "button before",
            0,
        ),
        bind(OpenRuns, C::Press, &[K::Enter], "press it", 1),
        bind(OpenRuns, C::Back, &[K::Esc, K::Ctrl('c')], "later", 1),
        bind(Exercise, C::Messages, &[K::Char('m')], "messages", 3),
        bind(Exercise, C::Pause, &[K::Char(' ')], "pause, go on", 5),
        bind(
            Exercise,
            C::Faster,
            &[K::Char('+'), K::Char('=')],
            "faster",
            6,
        ),
        bind(Exercise, C::Slower, &[K::Char('-')], "slower", 6),
        bind(Mail, C::Press, &[K::Enter], "send the answer", 1),
        bind(Mail, C::Up, &[K::Up], "newer", 2),
        bind(Mail, C::Down, &[K::Down], "older", 2),
        bind(Mail, C::PageDown, &[K::PageDown], "scroll the text", 3),
        bind(Mail, C::PageUp, &[K::PageUp], "scroll back", 0),
        bind(Mail, C::Erase, &[K::Backspace], "erase", 0),
        bind(Mail, C::Back, &[K::Esc, K::Ctrl('c')], "close", 1),
        bind(Facilitator, C::Open, &[K::Enter], "fire the inject", 1),
        bind(
            Facilitator,
            C::Up,
            &[K::Up, K::Char('k')],
            "inject before",
            0,
        ),
        bind(
            Facilitator,
            C::Down,
            &[K::Down, K::Char('j')],
            "next inject",
            0,
        ),
        bind(Facilitator, C::Pause, &[K::Char(' ')], "pause, go on", 2),
        bind(
            Facilitator,
            C::Faster,
            &[K::Char('+'), K::Char('=')],
            "faster",
            4,
        ),
        bind(Facilitator, C::Slower, &[K::Char('-')], "slower", 4),
        bind(
            Facilitator,
            C::Release,
            &[K::Char('b')],
            "give the clock back",
            5,
        ),
        bind(Facilitator, C::Messages, &[K::Char('m')], "message", 3),
        bind(Facilitator, C::Note, &[K::Char('n')], "note", 3),
        bind(Facilitator, C::Help, &[K::Char('?')], "help", 2),
        bind(
            Facilitator,
            C::Quit,
            &[K::Char('q'), K::Ctrl('c')],
            "leave: the drill goes on",
            6,
        ),
        bind(Dictation, C::Press, &[K::Enter], "send", 1),
        bind(Dictation, C::Erase, &[K::Backspace], "erase", 0),
        bind(Dictation, C::Back, &[K::Esc, K::Ctrl('c')], "throw away", 1),
        bind(
            Quit,
            C::Quit,
            &[K::Char('y'), K::Ctrl('c')],
            "stop the run safely and quit",
            1,
        ),
        bind(Quit, C::Back, &[K::Esc, K::Char('n'), K::Enter], "stay", 1),
    ]
};

impl Context {
    /// The command of a key.
    pub fn command(self, key: Key) -> Option<Command> {
        let bound = |it: &&Binding| it.keys.contains(&key);
        self.bindings().find(bound).map(|it| it.command)
    }

    /// The bindings that hold here: those of a pane, and those of every pane but where it takes their
    /// first key.
    pub fn bindings(self) -> impl Iterator<Item = &'static Binding> {
        let inherited = matches!(self, Self::Pane(_)).then(|| Self::Console.own());
        let taken = move |it: &&Binding| {
            let first = it.keys.first();
            first.is_some_and(|key| self.own().any(|own| own.keys.contains(key)))
        };
        let inherited = inherited.into_iter().flatten();
        self.own().chain(inherited.filter(move |it| !taken(it)))
    }

    /// The bindings of this place alone.
    pub fn own(self) -> impl Iterator<Item = &'static Binding> {
        BINDINGS.iter().filter(move |it| it.context == self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_place() {
        let mut seen = HashSet::new();
        for binding in BINDINGS {
            for key in binding.keys {
                assert!(
                    seen.insert((binding.context, *key)),
                    "{key:?} in {:?}",
                    binding.context
                );
            }
        }
    }

    #[test]
    fn a_pane_takes_arrows_and_letters_and_never_the_way_out() {
        let here = Context::Pane(Pane::Neighbours);
        assert_eq!(
            Context::Console.command(Key::Left),
            Some(Command::PreviousPane)
        );
        assert_eq!(here.command(Key::Left), Some(Command::Left));
        assert_eq!(here.command(Key::Tab), Some(Command::NextPane));
        let elsewhere = Context::Pane(Pane::Findings);
        assert_eq!(elsewhere.command(Key::Left), Some(Command::PreviousPane));
        let opens = here.bindings().filter(|it| it.command == Command::Open);
        let labels: Vec<_> = opens.map(|it| it.label).collect();
        assert_eq!(labels, ["make it the suspect"]);
        for pane in Pane::ALL {
            for binding in Context::Pane(pane).own() {
                for key in binding.keys {
                    let taken = Context::Console.command(*key);
                    let free = matches!(
                        taken,
                        None | Some(Command::Open | Command::NextPane | Command::PreviousPane)
                    );
                    assert!(free, "{key:?} in {pane:?} is {taken:?} elsewhere");
                }
            }
        }
    }

    #[test]
    fn what_only_an_exercise_has_takes_no_key_of_a_pane() {
        let taken: Vec<_> = Context::Exercise.own().flat_map(|it| it.keys).collect();
        for pane in Pane::ALL {
            let pane = Context::Pane(pane);
            for key in &taken {
                assert_eq!(pane.command(**key), None, "{key:?} in {pane:?}");
            }
        }
    }

    #[test]
    fn whoever_types_a_text_has_every_character() {
        for place in [Context::Mail, Context::Dictation] {
            let taken = place.bindings().flat_map(|it| it.keys);
            assert!(taken.into_iter().all(|key| !matches!(key, Key::Char(_))));
        }
    }

    #[test]
    fn the_confirm_dialog_leaves_every_character_to_the_typed_id() {
        let taken = Context::Confirm.bindings().flat_map(|it| it.keys);
        assert!(taken.into_iter().all(|key| !matches!(key, Key::Char(_))));
    }
}
