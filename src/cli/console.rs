//! The console, put together.

use std::sync::Arc;

use color_eyre::eyre::{self, WrapErr, eyre};
use tokio::task;

use super::outside::Outside;
use super::own_path::own_path;
use super::{ConsoleArgs, playbooks, say, state_dir};
use crate::app::{self, AppState, Exit, Mode, Session, Settings};
use crate::executor::{Runs, SAFE_POINT};
use crate::plan::OwnPath;
use crate::sources::Poller;
use crate::terminal::{self, Screen};
use crate::view::{self, Depth, Styles};

/// Runs the console until it is left.
pub(super) async fn run(outside: Outside, args: &ConsoleArgs) -> eyre::Result<()> {
    let now = outside.clock.now();
    let journals = state_dir()?;
    let settings = Settings {
        mode: outside.mode,
        journals: journals.display().to_string(),
        case: args.case_at(now, outside.mode == Mode::Drill),
        max_dwell: args.max_dwell,
        acl_quota: args.nacl_quota.into(),
        max_hold: args.max_hold,
        since_minutes: outside.poll.since.as_secs() / 60,
        // In a drill or a dump nothing is the console's own.
        own: match outside.mode {
            Mode::Drill | Mode::Dump | Mode::Replay => OwnPath::default(),
            Mode::ReadOnly | Mode::Changes => own_path(None).await,
        },
        playbooks: playbooks::all()?,
    };
    let case = settings.case.clone();
    let mut screen = Screen::enter().wrap_err("could not start the console")?;
    let styles = styles(args);
    let state = AppState::new(settings, screen.size(), now);
    let input = terminal::messages().wrap_err("could not listen for signals")?;
    let stop = terminal::stop_signal().wrap_err("could not listen for signals")?;
    let source = Arc::clone(&outside.source);
    let polling = Poller::spawn(outside.source, Arc::clone(&outside.clock), outside.poll);
    let runs = Runs::default();
    let mut session = Session::new(
        polling,
        outside.actuator,
        outside.clock,
        journals.clone(),
        runs.clone(),
    );
    session.probe = outside.probe;
    session.source = Some(source);
    session.exercise.clone_from(&outside.exercise);
    session.proof_wait = args.proof_wait();
    // In a task of its own: should it panic, a run still comes to its safe end below.
    let mut shown = task::spawn(async move {
        let exit = app::run(state, session, input, |state| {
            // A connection that stalls holds the write back; it must hold back nothing else.
            task::block_in_place(|| screen.draw(|frame| view::draw(frame, state, &styles)))
        })
        .await;
        drop(screen);
        exit
    });
    let exit = tokio::select! {
        exit = &mut shown => exit,
        () = stop => {
            // The console hears of it too, but not while its terminal stalls.
            runs.stop();
            shown.await
        }
    };
    if let Some(exercise) = &outside.exercise {
        exercise.leave();
    }
    let journal = journals.join(&case);
    settle(&runs, &journal.display().to_string()).await?;
    // Its journal says why the flow logs were not waited for.
    runs.leave().await;
    match exit {
        Ok(Ok(Exit::Quit | Exit::Signal(_))) => Ok(()),
        Ok(Err(error)) => Err(error).wrap_err("the terminal failed"),
        Err(_) => Err(eyre!("the console failed; runs were brought to a safe end")),
    }
}

/// Brings runs that are still on their way to a safe end.
pub(super) async fn settle(runs: &Runs, journal: &str) -> eyre::Result<()> {
    if runs.is_idle() {
        return Ok(());
    }
    runs.stop();
    say(&format!(
        "stopping the run safely: what it opened is emptied, what it denies for a while is \
         lifted; its journal is in {journal}"
    ));
    tokio::time::timeout(SAFE_POINT, runs.settled())
        .await
        .map_err(|_| {
            eyre!(
                "the run did not reach a safe end in {SAFE_POINT:?}: read its journal in {journal}"
            )
        })
}

pub(super) fn styles(args: &ConsoleArgs) -> Styles {
    let var = |name| std::env::var(name).ok();
    let depth = Depth::from_env(var("NO_COLOR").as_deref(), var("TERM").as_deref());
    // The first of these that is set decides: POSIX's order.
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(var);
    let locale = locale
        .into_iter()
        .find(|it| !it.is_empty())
        .unwrap_or_default()
        .to_lowercase();
    let utf8 = locale.contains("utf-8") || locale.contains("utf8");
    Styles::new(depth, utf8 && !args.ascii)
}
