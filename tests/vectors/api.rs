//! Cases of the kind `api`: a request, and whether AWS takes it.
//!
//! A request is written as AWS takes it: association and attachment ids are looked up in the topology. It is
//! translated into an operation and asked of `precondition`, `apply` and `invert`.

use firedoor::model::{AclAction, Estate};
use firedoor::operation::{
    ACL_ENTRIES, Operation, Refusal, State, apply, invert, observe, precondition,
};
use firedoor::plan::slots;
use serde_json::Value;

use crate::request::{self, Asked};
use crate::{only_keys, same};

/// Runs one case.
pub(crate) fn check(case: &Value, topology: &Value, estate: &Estate) -> Result<(), String> {
    let expected = &case["expected"];
    only_keys(
        expected,
        &[
            "verdict",
            "error_code",
            "resulting_state",
            "returns",
            "old_association_id_valid_after",
            "scope",
            "undo",
        ],
    )?;
    let request = &case["request"];
    let answer = Answer::to(request, topology, estate)?;
    let want = expected["verdict"]
        .as_str()
        .ok_or("expected.verdict is missing")?;
    same("verdict", want, answer.verdict)?;
    if let Some(code) = text(expected, "error_code")? {
        same("error_code", code, answer.code.unwrap_or("none"))?;
    }
    if let Some(state) = text(expected, "resulting_state")? {
        same("resulting_state", state, answer.after()?.route_state()?)?;
    }
    if let Some(id) = text(expected, "returns")? {
        let action = request["action"].as_str().unwrap_or_default();
        same("returns", id, request::returns(action).unwrap_or("nothing"))?;
    }
    if let Some(undo) = text(expected, "undo")? {
        same("undo", undo, &answer.after()?.undo_call()?)?;
    }
    match &expected["old_association_id_valid_after"] {
        Value::Null => {}
        Value::Bool(valid) => {
            let have = answer.after()?.keeps_association(request)?;
            same(
                "old_association_id_valid_after",
                &valid.to_string(),
                &have.to_string(),
            )?;
        }
        other => return Err(format!("old_association_id_valid_after is {other}")),
    }
    match &expected["scope"] {
        Value::Null => Ok(()),
        scope => same("scope", &sorted(scope)?, &answer.after()?.scope()),
    }
}

fn text<'a>(expected: &'a Value, key: &str) -> Result<Option<&'a str>, String> {
    match &expected[key] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        other => Err(format!("expected.{key} is no text: {other}")),
    }
}

fn sorted(scope: &Value) -> Result<String, String> {
    let list = scope.as_array().ok_or("expected.scope is no list")?;
    let texts = list.iter().map(|it| it.as_str().map(str::to_owned));
    let mut texts: Vec<String> = texts
        .collect::<Option<_>>()
        .ok_or("expected.scope is no list of texts")?;
    texts.sort();
    Ok(texts.join(", "))
}

/// What becomes of a request.
struct Answer {
    verdict: &'static str,
    code: Option<&'static str>,
    after: Option<After>,
}

/// What an accepted operation does.
struct After {
    operation: Operation,
    before: Estate,
    estate: Estate,
    state: State,
    undo: Option<Operation>,
}

impl Answer {
    fn to(request: &Value, topology: &Value, estate: &Estate) -> Result<Self, String> {
        let answer = |verdict, code| Self {
            verdict,
            code,
            after: None,
        };
        Ok(match request::translated(request, topology, estate)? {
            Asked::NotExpressible => answer("not_expressible", None),
            Asked::Read => answer("accepted", None),
            Asked::Refused(code) => answer("rejected", Some(code)),
            Asked::Operation(operation) => match precondition(estate, &operation) {
                Ok(()) => Self {
                    verdict: "accepted",
                    code: None,
                    after: Some(After::of(operation, estate)?),
                },
                Err(_) if has_no_slot(estate, &operation) => answer("needs_rewrite", None),
                Err(Refusal { code, .. }) => answer("rejected", Some(code)),
            },
        })
    }

    fn after(&self) -> Result<&After, String> {
        let why = "it was not accepted, or changes nothing";
        self.after.as_ref().ok_or_else(|| why.to_owned())
    }
}

/// Whether a deny comes too late, and there is no number at which it would not.
fn has_no_slot(estate: &Estate, operation: &Operation) -> bool {
    let Operation::CreateAclEntry { acl, entry } = operation else {
        return false;
    };
    let Some(acl) = estate
        .acl(&acl.id())
        .filter(|_| entry.action == AclAction::Deny)
    else {
        return false;
    };
    let found = slots::slot(
        acl,
        entry.direction,
        entry.cidr,
        entry.protocol,
        entry.ports,
        ACL_ENTRIES,
    );
    matches!(found, Err(no) if matches!(no.why, slots::Crowded::NoNumberBelow(_)))
}

impl After {
    fn of(operation: Operation, before: &Estate) -> Result<Self, String> {
        let was = observe(before, &operation).unwrap_or(State::Absent);
        let mut estate = before.clone();
        let state = apply(&mut estate, &operation, "made")
            .map_err(|refusal| format!("accepted, and then refused: {refusal}"))?;
        let undo = invert(&operation, &was, Some("made"));
        Ok(Self {
            operation,
            before: before.clone(),
            estate,
            state,
            undo,
        })
    }

    fn route_state(&self) -> Result<&'static str, String> {
        let (Operation::CreateRoute {
            table, destination, ..
        }
        | Operation::ReplaceRoute {
            table, destination, ..
        }) = &self.operation
        else {
            return Err("resulting_state of something that is no route".to_owned());
        };
        let table = self.estate.route_table(&table.id());
        let route = table.and_then(|it| it.route(destination));
        let route = route.ok_or("the route is not there afterwards")?;
        Ok(if route.blackhole {
            "blackhole"
        } else {
            "active"
        })
    }

    /// The call that takes it back.
    fn undo_call(&self) -> Result<String, String> {
        let undo = self.undo.as_ref().ok_or("it can't be undone")?;
        let call = undo.facts().api.split(':').nth(1).unwrap_or_default();
        Ok(call.to_owned())
    }

    /// Whether the association is the one that it was. Taking the change back must do without its id.
    fn keeps_association(&self, request: &Value) -> Result<bool, String> {
        let undo = self.undo.as_ref().ok_or("it can't be undone")?;
        let id = request["AssociationId"]
            .as_str()
            .ok_or("no AssociationId in the request")?;
        let written = serde_json::to_string(undo).map_err(|error| error.to_string())?;
        if written.contains(id) {
            return Err(format!("the way back names {id}"));
        }
        let mut restored = self.estate.clone();
        apply(&mut restored, undo, "").map_err(|refusal| format!("the way back: {refusal}"))?;
        if observe(&restored, &self.operation) != observe(&self.before, &self.operation) {
            return Err("the way back leads elsewhere".to_owned());
        }
        // AWS answers a new id whenever an association is replaced.
        Ok(observe(&self.before, &self.operation).as_ref() == Some(&self.state))
    }

    /// The subnets that something else serves afterwards.
    fn scope(&self) -> String {
        let changed = self.estate.changes_since(&self.before).subnets;
        let mut scope: Vec<String> = changed.iter().map(ToString::to_string).collect();
        if matches!(self.operation, Operation::SetMainRouteTable { .. }) {
            scope.push("every future subnet without association".to_owned());
        }
        scope.sort();
        scope.join(", ")
    }
}
