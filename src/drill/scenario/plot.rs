//! Injects and objectives: what may happen, and what a good play is.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use toml::Spanned;

use super::super::faults::Fault;
use super::super::injects::{Effect, Inject, Trigger};
use super::names::File;
use super::spec::{ConversationSpec, InjectSpec, Name, Spec, WhenSpec};
use super::{Objectives, Role};
use crate::model::Estate;
use crate::operation::{Bindings, CallErrorKind, Facts, Operation, apply, precondition};

/// The name of the inject that a briefing is.
const BRIEFING: &str = "briefing";

/// Every inject.
pub(super) fn injects(file: File<'_>, spec: &Spec, estate: &Estate) -> Vec<Inject> {
    let mut injects: Vec<Inject> = briefing(spec).into_iter().collect();
    let mut seen: BTreeSet<&str> = injects.iter().map(|_| BRIEFING).collect();
    for (it, changes) in spec.injects.iter().zip(changes(file, spec, estate)) {
        if !seen.insert(it.name.get_ref()) {
            file.note(file.duplicate("inject", &it.name));
        }
        let effects = effects(file, spec, it, changes);
        let problem = "it does nothing: give it a finding, begin, end, message, change, throttle, \
                       fault or skip_data";
        let nothing = effects.is_empty() && it.change.is_empty();
        file.refuse(nothing, "name", &it.name, problem);
        let Some(trigger) = trigger(file, &it.name, &it.when) else {
            continue;
        };
        let times = it.times.as_ref().map_or(1, |times| {
            let timed = matches!(trigger, Trigger::At(_) | Trigger::Late(_));
            let wrong = *times.get_ref() == 0 || timed && *times.get_ref() > 1;
            let problem = "it happens once at least, and what has a time no more often";
            file.refuse(wrong, "times", times, problem);
            *times.get_ref()
        });
        injects.push(Inject {
            name: it.name.get_ref().clone(),
            trigger,
            delay: it
                .when
                .delay
                .as_ref()
                .map_or(TimeDelta::zero(), |it| it.get_ref().0),
            times,
            effects,
        });
    }
    for it in spec.conversations.iter().filter(|it| it.held) {
        let named = |inject: &InjectSpec| inject.begin.iter().any(|name| same(name, &it.name));
        let problem = "it is held, and no inject begins it";
        file.refuse(!spec.injects.iter().any(named), "held", &it.name, problem);
    }
    injects
}

/// The first message that players get is what they are told before it begins.
fn briefing(spec: &Spec) -> Option<Inject> {
    let text = spec.briefing.trim();
    (!text.is_empty()).then(|| Inject {
        name: BRIEFING.to_owned(),
        trigger: Trigger::At(TimeDelta::zero()),
        delay: TimeDelta::zero(),
        times: 1,
        effects: vec![Effect::Message {
            from: "Briefing".to_owned(),
            text: text.to_owned(),
            asks: false,
        }],
    })
}

fn same(a: &Name, b: &Name) -> bool {
    a.get_ref() == b.get_ref()
}

fn trigger(file: File<'_>, name: &Name, when: &WhenSpec) -> Option<Trigger> {
    for (key, span) in [
        ("at", &when.at),
        ("late", &when.late),
        ("delay", &when.delay),
    ] {
        if let Some(span) = span {
            let before = span.get_ref().0 < TimeDelta::zero();
            file.refuse(before, key, span, "it lies after the start of the drill");
        }
    }
    let api = when.on_change.as_ref();
    if let Some(api) = api {
        check_api(file, "on_change", api);
    }
    let mut given = [
        when.at.as_ref().map(|it| Trigger::At(it.get_ref().0)),
        when.late.as_ref().map(|it| Trigger::Late(it.get_ref().0)),
        api.map(|it| Trigger::OnChange(it.get_ref().clone())),
        when.on_contained.then_some(Trigger::OnContained),
        when.manual.then_some(Trigger::Manual),
    ]
    .into_iter()
    .flatten();
    let first = given.next();
    let problem = "it has exactly one of at, late, on_change, on_contained and manual";
    file.refuse(
        first.is_none() || given.next().is_some(),
        "when",
        name,
        problem,
    );
    first
}

/// An API is one by which Firedoor changes something, as IAM names it.
fn check_api(file: File<'_>, key: &'static str, api: &Name) {
    let text = api.get_ref().as_str();
    let known = Facts::all().any(|it| it.api == text || it.iam.contains(&text));
    let problem =
        "no call of Firedoor needs it: write it as IAM does, such as ec2:CreateNetworkAclEntry";
    file.refuse(!known, key, api, problem);
}

fn effects(file: File<'_>, spec: &Spec, it: &InjectSpec, changes: Vec<Effect>) -> Vec<Effect> {
    let mut effects = Vec::new();
    if let Some(id) = &it.finding {
        match spec.findings.iter().find(|it| same(&it.id, id)) {
            None => file.note(file.unresolved("finding", "finding", id)),
            Some(found) => {
                let problem = "this finding has an `at`, and appears by itself";
                file.refuse(found.at.is_some(), "finding", id, problem);
            }
        }
        effects.push(Effect::Finding(id.get_ref().clone()));
    }
    let conversation = |key: &'static str, name: &Name| {
        let known = spec.conversations.iter().find(|it| same(&it.name, name));
        if known.is_none() {
            file.note(file.unresolved(key, "conversation", name));
        }
        known
    };
    for name in &it.begin {
        let held = |it: &ConversationSpec| it.held;
        let problem = "this conversation is not held: it begins by itself";
        let begun = conversation("begin", name);
        file.refuse(begun.is_some_and(|it| !held(it)), "begin", name, problem);
        effects.push(Effect::Begin(name.get_ref().clone()));
    }
    for name in &it.end {
        conversation("end", name);
        effects.push(Effect::End(name.get_ref().clone()));
    }
    effects.extend(it.message.as_ref().map(|it| Effect::Message {
        from: it.from.clone(),
        text: it.text.trim().to_owned(),
        asks: it.asks,
    }));
    effects.extend(changes);
    effects.extend(it.throttle.as_ref().map(|it| {
        check_api(file, "api", &it.api);
        Effect::Fault(Fault {
            api: it.api.get_ref().clone(),
            calls: it.calls,
            kind: CallErrorKind::Throttled,
            made: false,
        })
    }));
    effects.extend(it.fault.as_ref().map(|it| {
        check_api(file, "api", &it.api);
        let kind = it.kind.kind();
        let problem = "only a call that stays without an answer may have been made";
        let wrong = it.made && kind != CallErrorKind::Unanswered;
        file.refuse(wrong, "made", &it.api, problem);
        Effect::Fault(Fault {
            api: it.api.get_ref().clone(),
            calls: it.calls,
            kind,
            made: it.made,
        })
    }));
    effects.extend(it.skip_data.as_ref().map(|it| {
        let duration = it.get_ref().0;
        let sane = TimeDelta::seconds(1)..=TimeDelta::hours(1);
        let wrong = !sane.contains(&duration);
        file.refuse(wrong, "skip_data", it, "it lies between 1s and 1h");
        Effect::SkipData(duration)
    }));
    effects
}

/// The changes of every inject. Those that come at a time are tried on what earlier ones leave, all others on
/// the estate as it begins.
fn changes(file: File<'_>, spec: &Spec, estate: &Estate) -> Vec<Vec<Effect>> {
    let moment = |it: &InjectSpec| {
        let delay = it.when.delay.as_ref().map(|it| it.get_ref().0);
        let at = it.when.at.as_ref()?.get_ref().0;
        Some(at + delay.unwrap_or_default())
    };
    let mut order: Vec<(usize, &InjectSpec)> = spec.injects.iter().enumerate().collect();
    order.sort_by_key(|(_, it)| moment(it));
    let mut timed = estate.clone();
    let mut all = Vec::new();
    for (number, it) in order {
        let mut own = estate.clone();
        let on = if moment(it).is_some() {
            &mut timed
        } else {
            &mut own
        };
        all.push((number, tried(file, on, &it.change)));
    }
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, effects)| effects).collect()
}

/// What AWS would refuse on this estate is a mistake.
fn tried(file: File<'_>, estate: &mut Estate, listed: &[Spanned<Operation>]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for it in listed {
        let operation = it.get_ref();
        let prose = Spanned::new(it.span(), operation.prose());
        if let Err(unbound) = operation.bind(&Bindings::default()) {
            file.note(file.invalid("change", &prose, unbound.to_string()));
            continue;
        }
        if let Err(refusal) = precondition(estate, operation) {
            let problem = format!(
                "AWS would refuse it on this estate: {}: {}",
                refusal.code, refusal.message
            );
            file.note(file.invalid("change", &prose, problem));
            continue;
        }
        // Its own precondition holds, so that applying it can't fail; what it makes has no id yet.
        apply(estate, operation, "new").ok();
        effects.push(Effect::Change(Box::new(operation.clone())));
    }
    effects
}

/// What a good play is.
pub(super) fn objectives(file: File<'_>, spec: &Spec) -> Objectives {
    let it = &spec.objectives;
    if let Some(contain) = &it.contain {
        let sane = contain.get_ref().0 > TimeDelta::zero();
        file.refuse(!sane, "contain", contain, "containing takes a while");
        let attacked = spec.conversations.iter().any(|it| it.role == Role::Attack);
        let problem = "no conversation has the role attack: there is nothing to contain";
        file.refuse(!attacked, "contain", contain, problem);
    }
    let mut evidence = it.evidence.clone();
    evidence.sort_unstable();
    evidence.dedup();
    Objectives {
        contain: it.contain.as_ref().map(|it| it.get_ref().0),
        requests_lost: it.requests_lost,
        data_lost: it.data_lost,
        evidence,
        undo: it.undo,
    }
}
