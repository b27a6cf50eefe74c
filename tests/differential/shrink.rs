//! Makes a setting small, and one that a scenario can say.

use firedoor::drill::net::Switches;

use crate::flows::Case;
use crate::parts::Parts;
use crate::plans::Plan;
use crate::scenario::{Setting, problems};

/// How far something is from a scenario: what none can say, then what the checks refuse.
type Trouble = (usize, usize);

/// The smallest setting found by leaving out one thing after the other, of which `same` still holds. Both ends
/// of the flow stay whose they are, and no step makes it harder to say.
pub(crate) fn shrink(setting: Setting<'_>, same: impl Fn(&Parts, &Plan) -> bool) -> (Parts, Plan) {
    descend(setting, same, |next, now| next <= now)
}

/// The same, but nothing is left out that a scenario can say.
pub(crate) fn clear(setting: Setting<'_>, same: impl Fn(&Parts, &Plan) -> bool) -> (Parts, Plan) {
    descend(setting, same, |next, now| next < now)
}

fn descend(
    setting: Setting<'_>,
    same: impl Fn(&Parts, &Plan) -> bool,
    better: fn(Trouble, Trouble) -> bool,
) -> (Parts, Plan) {
    let (mut parts, mut plan) = (setting.parts.clone(), setting.plan.clone());
    let trouble = |parts: &Parts, plan: &Plan| trouble(parts, plan, setting.case, setting.switches);
    let mut now = trouble(&parts, &plan);
    let ends = [setting.case.packet.src, setting.case.packet.dst];
    let ours = |parts: &Parts| {
        let estate = parts.estate();
        ends.map(|it| estate.eni_of_address(it).is_some())
    };
    let ours_before = ours(&parts);
    let tried = |parts: &Parts, plan: &Plan, now: Trouble| {
        let next = Some(trouble(parts, plan)).filter(|it| better(*it, now));
        next.filter(|_| ours(parts) == ours_before && same(parts, plan))
    };
    loop {
        let mut plans = plan.smaller().into_iter();
        let fewer = plans.find_map(|it| tried(&parts, &it, now).map(|next| (it, next)));
        if let Some((next, left)) = fewer {
            (plan, now) = (next, left);
            continue;
        }
        let mut smaller = parts.smaller().into_iter();
        let less = smaller.find_map(|it| tried(&it, &plan, now).map(|next| (it, next)));
        let Some((next, left)) = less else {
            return (parts, plan);
        };
        (parts, now) = (next, left);
    }
}

fn trouble(parts: &Parts, plan: &Plan, case: &Case, switches: Switches) -> Trouble {
    let setting = Setting {
        parts,
        plan,
        case,
        switches,
    };
    let (unsaid, refused) = problems(setting);
    (unsaid.len(), refused.len())
}
