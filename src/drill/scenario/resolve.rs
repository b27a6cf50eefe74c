//! From a scenario file to a scenario: values are checked, and names become the ids and addresses
//! that they mean. The estate's parts are put together by `layout`.

use chrono::TimeDelta;
use toml::Spanned;

use super::super::traffic::Settings;
use super::names::{File, Names};
use super::span::Span;
use super::spec::Spec;
use super::{Scenario, ScenarioError, check, expand, layout, plot, talk};
use crate::model::{Estate, InstanceId};

/// How long an exercise takes where the file does not say.
const MINUTES: u32 = 20;

/// Turns what was read into a scenario; what is wrong is kept in the file.
pub(super) fn scenario(file: File<'_>, spec: &Spec) -> Option<Scenario> {
    if *spec.version.get_ref() != 1 {
        file.note(ScenarioError::Version {
            place: file.place(&spec.version),
            version: *spec.version.get_ref(),
        });
        return None;
    }
    let instances = expand::instances(file, &spec.instances);
    check::estate(file, spec, &instances);
    let names = Names::of(file, spec, &instances);
    let suspect = file.ok(names.instances.find(file, "suspect", &spec.suspect));
    let parts = file.ok(layout::parts(file, spec, &names, &instances))?;
    let estate = Estate::from_parts(parts.clone(), chrono::DateTime::UNIX_EPOCH);
    let scripts = talk::scripts(file, spec, &names, &estate);
    let findings = talk::findings(file, spec, &names);
    let injects = plot::injects(file, spec, &estate);
    Some(Scenario {
        name: file.stem().to_owned(),
        title: spec.title.clone(),
        summary: spec.summary.trim().to_owned(),
        briefing: spec.briefing.trim().to_owned(),
        level: spec.level.as_ref().map_or(1, |it| *it.get_ref()),
        minutes: spec.minutes.as_ref().map_or(MINUTES, |it| *it.get_ref()),
        account: spec.account.get_ref().clone(),
        region: spec.region.get_ref().clone(),
        suspect: InstanceId::new(suspect?.id.get_ref()),
        settings: settings(file, spec),
        parts,
        scripts,
        findings,
        injects,
        objectives: plot::objectives(file, spec),
    })
}

fn settings(file: File<'_>, spec: &Spec) -> Settings {
    let (world, plain) = (&spec.world, Settings::default());
    let minutes = |key, span: &Option<Spanned<Span>>, absent, most| {
        span_between(file, key, span.as_ref(), absent, most)
    };
    Settings {
        seed: world.seed.unwrap_or(plain.seed),
        history: minutes("history", &world.history, plain.history, 24 * 60),
        switches: spec.switches,
        delivery: minutes("delay", &spec.flow_log.delay, plain.delivery, 60),
        propagation: minutes("propagation", &world.propagation, plain.propagation, 5),
        visibility: minutes("visibility", &world.visibility, plain.visibility, 1),
        // Absent: Auto Scaling replaces nobody.
        asg_grace: world
            .asg_grace
            .as_ref()
            .map(|_| minutes("asg_grace", &world.asg_grace, TimeDelta::zero(), 24 * 60)),
    }
}

/// A span of so many minutes at the most.
fn span_between(
    file: File<'_>,
    key: &'static str,
    span: Option<&Spanned<Span>>,
    absent: TimeDelta,
    most: i64,
) -> TimeDelta {
    let Some(span) = span else {
        return absent;
    };
    let sane = TimeDelta::zero()..=TimeDelta::minutes(most);
    let problem = format!("it lies between 0s and {most}m");
    file.refuse(!sane.contains(&span.get_ref().0), key, span, &problem);
    span.get_ref().0
}
