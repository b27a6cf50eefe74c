//! Which lists a JSON document holds, whatever they are wrapped in.
//!
//! A list stands under the key that the call's answer has (`{"Vpcs": [...]}`), or bare in a file
//! that is named after it. Recordings wrap an answer in `data`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::doubt::{Doubt, DoubtKind};
use super::json::{Object, is_key};
use super::list::List;
use crate::model::text::visible;

/// An entry of a list, and the file that it is from.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) file: Option<Arc<str>>,
    /// Which entry of its list, from 1 on.
    pub(super) at: usize,
    pub(super) value: Value,
}

/// A flow log's lines in JSON: what `CloudWatch` Logs hands out, or OCSF.
#[derive(Debug)]
pub(super) struct Events {
    pub(super) file: Option<Arc<str>>,
    /// The log group, where it is named.
    pub(super) group: Option<String>,
    /// Records of Security Lake rather than lines.
    pub(super) ocsf: bool,
    pub(super) all: Vec<Value>,
}

/// Everything that was found in JSON documents.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) lists: BTreeMap<List, Vec<Entry>>,
    pub(super) findings: Vec<Entry>,
    /// Findings as this program writes them.
    pub(super) kept_findings: Vec<Entry>,
    pub(super) events: Vec<Events>,
    pub(super) accounts: BTreeSet<String>,
    pub(super) doubts: Vec<Doubt>,
}

/// Keys that say nothing about what is described.
const SILENT: [&str; 8] = [
    "NextToken",
    "NextMarker",
    "Marker",
    "ResponseMetadata",
    "SearchedLogStreams",
    "Status_code",
    "Description",
    "Comment",
];

/// The key of findings in the form in which this program writes them.
pub(super) const KEPT_FINDINGS: &str = "FiredoorFindings";

/// One document while it is sorted.
struct Document<'f> {
    found: &'f mut Found,
    file: Option<&'f Arc<str>>,
    /// Something in it is read.
    used: bool,
    /// What is not.
    unused: Vec<String>,
}

impl Found {
    /// The entries of a list.
    pub(super) fn list(&self, list: List) -> &[Entry] {
        self.lists.get(&list).map_or(&[], Vec::as_slice)
    }

    /// Sorts a document into lists; `false`: it holds nothing that is read.
    pub(super) fn sort(&mut self, value: Value, file: Option<&Arc<str>>, line: usize) {
        let mut document = Document {
            found: self,
            file,
            used: false,
            unused: Vec::new(),
        };
        document.sort(value);
        let (used, keys) = (document.used, document.unused);
        let kind = match (used, keys.is_empty()) {
            (true, true) => return,
            (true, false) => DoubtKind::Unused { keys },
            (false, empty) => DoubtKind::Ignored {
                why: if empty {
                    "nothing in it is read".to_owned()
                } else {
                    format!("of {} nothing is read", keys.join(", "))
                },
            },
        };
        let file = file.cloned();
        // A line of a file of lines is like the one before.
        let told = |it: &Doubt| it.file == file && it.kind == kind;
        if !self.doubts.last().is_some_and(told) {
            let line = Some(line).filter(|it| *it > 1);
            self.doubts.push(Doubt { file, line, kind });
        }
    }
}

impl Document<'_> {
    fn sort(&mut self, value: Value) {
        match value {
            Value::Array(all) => self.sort_array(all),
            Value::Object(_) => self.sort_object(value),
            _ => {}
        }
    }

    /// A bare list, a list of documents, or a list of lists.
    fn sort_array(&mut self, all: Vec<Value>) {
        let of_file = self.file.and_then(|it| List::of_file(it));
        let nested = |it: &Value| it.is_array() || Object::of(it).is_some_and(is_document);
        let documents = all.iter().any(nested);
        if let Some(list) = of_file.filter(|_| !documents) {
            self.take(list, all);
            return;
        }
        for (one, at) in all.into_iter().zip(1..) {
            match of_file {
                Some(list) if one.is_array() => self.take_value(list, one),
                _ if Object::of(&one).is_some_and(is_finding) => self.finding(one, at),
                _ => self.sort(one),
            }
        }
    }

    fn sort_object(&mut self, mut value: Value) {
        let Some(object) = Object::of(&value) else {
            return;
        };
        if is_finding(object) {
            return self.finding(value, 1);
        }
        if object.number("class_uid") == Some(OCSF_NETWORK_ACTIVITY) {
            return self.events(None, true, vec![value]);
        }
        if let Some(status) = object.number("status_code").filter(|it| *it >= 400) {
            self.used = true;
            return self.found.doubts.push(Doubt {
                file: self.file.cloned(),
                line: None,
                kind: DoubtKind::FailedCall { status },
            });
        }
        if self.caller(object) {
            return;
        }
        if is_attribute(object) {
            return self.take(List::InstanceAttributes, vec![value]);
        }
        let beside = Beside::of(object, self.file);
        let Some(map) = value.as_object_mut() else {
            return;
        };
        let all = std::mem::take(map);
        // What an envelope says besides its contents is about the delivery.
        let envelope = all
            .keys()
            .any(|key| is_key(key, "Detail") || is_key(key, "LogEvents"));
        for (key, value) in all {
            if !envelope || is_key(&key, "Detail") || is_key(&key, "LogEvents") {
                self.sort_key(&key, value, &beside);
            }
        }
    }

    fn sort_key(&mut self, key: &str, value: Value, beside: &Beside) {
        if let Some(list) = List::of_key(key) {
            return self.take_value(list, value);
        }
        let is = |name: &str| is_key(key, name);
        if is("Findings") {
            self.used = true;
            let all = entries(value);
            self.each(all, |found| &mut found.findings);
        } else if is(KEPT_FINDINGS) {
            self.used = true;
            self.each(entries(value), |found| &mut found.kept_findings);
        } else if is("TargetHealthDescriptions") {
            let group = beside.target_group.clone();
            let health =
                serde_json::json!({"TargetGroupArn": group, "TargetHealthDescriptions": value});
            self.take(List::LoadBalancerTargetHealth, vec![health]);
        } else if is("Entries") && beside.prefix_list.is_some() {
            let list = serde_json::json!({"PrefixListId": beside.prefix_list, "Entries": value});
            self.take(List::ManagedPrefixLists, vec![list]);
        } else if (is("Events") || is("LogEvents")) && value.is_array() {
            self.events(beside.log_group.clone(), false, entries(value));
        } else if (is("Data") || is("Detail") || is("Response")) && !value.is_null() {
            self.sort(value);
        } else if Object::of(&value).is_some_and(is_document) {
            // Answers by Region, or by account.
            self.sort(value);
        } else if !SILENT.iter().any(|it| is(it)) {
            self.unused.push(visible(key).into_owned());
        }
    }

    /// Whether it is the answer of `sts get-caller-identity`; its account is remembered.
    fn caller(&mut self, object: Object<'_>) -> bool {
        let account = object.text("Account").filter(|it| is_account(it));
        let account = account.filter(|_| object.text("Arn").is_some());
        self.used |= account.is_some();
        self.found.accounts.extend(account.map(str::to_owned));
        account.is_some()
    }

    fn finding(&mut self, value: Value, at: usize) {
        self.used = true;
        let file = self.file.cloned();
        self.found.findings.push(Entry { file, at, value });
    }

    fn events(&mut self, group: Option<String>, ocsf: bool, events: Vec<Value>) {
        self.used = true;
        let file = self.file.cloned();
        // Records of Security Lake come one by one.
        if let Some(last) = self.found.events.last_mut()
            && (last.ocsf && ocsf && last.file == file)
        {
            return last.all.extend(events);
        }
        self.found.events.push(Events {
            file,
            group,
            ocsf,
            all: events,
        });
    }

    fn take_value(&mut self, list: List, value: Value) {
        let all = entries(value).into_iter();
        // `Reservations[*].Instances[*]` makes lists of lists.
        let flat = all.flat_map(|it| match it {
            Value::Array(inner) => inner,
            other => vec![other],
        });
        self.take(list, flat.collect());
    }

    fn take(&mut self, list: List, all: Vec<Value>) {
        self.used = true;
        self.each(all, |found| found.lists.entry(list).or_default());
    }

    fn each(&mut self, all: Vec<Value>, list: impl FnOnce(&mut Found) -> &mut Vec<Entry>) {
        let file = self.file;
        let all = all.into_iter().zip(1..);
        list(self.found).extend(all.map(|(value, at)| Entry {
            file: file.cloned(),
            at,
            value,
        }));
    }
}

/// Security Lake's class for network activity.
const OCSF_NETWORK_ACTIVITY: i64 = 4001;

/// What stands beside a list, or in the file's path, and says what the list is about.
struct Beside {
    target_group: Option<String>,
    prefix_list: Option<String>,
    log_group: Option<String>,
}

impl Beside {
    fn of(object: Object<'_>, file: Option<&Arc<str>>) -> Self {
        let path = file.map(|it| percent_decoded(it)).unwrap_or_default();
        let text = |key| object.text(key).map(str::to_owned);
        Self {
            target_group: text("TargetGroupArn").or_else(|| arn_in(&path)),
            prefix_list: text("PrefixListId").or_else(|| prefix_list_in(&path)),
            log_group: text("LogGroup").or_else(|| text("LogGroupName")),
        }
    }
}

/// The ARN of a target group that a file is named after: what comes back from
/// `describe-target-health` does not name it.
fn arn_in(path: &str) -> Option<String> {
    let arn = path.get(path.find("arn:")?..)?;
    let arn = arn.strip_suffix(".json").unwrap_or(arn);
    arn.contains(":targetgroup/").then(|| arn.to_owned())
}

/// The id of a prefix list that a file is named after: its entries do not name it.
fn prefix_list_in(path: &str) -> Option<String> {
    let id = path.get(path.rfind("pl-")?..)?;
    let end = id.find(|it: char| !it.is_ascii_alphanumeric() && it != '-');
    Some(id.get(..end.unwrap_or(id.len()))?.to_owned())
}

/// Tools that name files after ARNs encode what a path can't hold.
fn percent_decoded(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.get(..2).filter(|_| *first == b'%');
        let code = code.and_then(|it| u8::from_str_radix(str::from_utf8(it).ok()?, 16).ok());
        decoded.push(code.unwrap_or(*first));
        rest = tail.get(code.map_or(0, |_| 2)..).unwrap_or_default();
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn entries(value: Value) -> Vec<Value> {
    match value {
        Value::Array(all) => all,
        Value::Null => Vec::new(),
        other => vec![other],
    }
}

/// An element of a list that is a document of its own.
fn is_document(object: Object<'_>) -> bool {
    let wraps = |key: &str| {
        List::of_key(key).is_some_and(|it| object.get(it.key()).is_some_and(Value::is_array))
    };
    // An Auto Scaling group, and a reservation, have lists of such names themselves.
    let described = [
        "ReservationId",
        "AutoScalingGroupName",
        "InstanceId",
        "VpcId",
        "GroupId",
    ];
    let is_thing = described.iter().any(|id| object.get(id).is_some());
    is_finding(object)
        || object.number("class_uid") == Some(OCSF_NETWORK_ACTIVITY)
        || object.get("Detail").is_some()
        || object.get("LogEvents").is_some()
        || (!is_thing && object.keys().any(wraps))
}

/// The answer of `describe-instance-attribute`: one instance and one attribute.
fn is_attribute(object: Object<'_>) -> bool {
    let attributes = [
        "DisableApiTermination",
        "DisableApiStop",
        "InstanceInitiatedShutdownBehavior",
    ];
    object.text("InstanceId").is_some() && attributes.iter().any(|it| object.object(it).is_some())
}

/// A `GuardDuty` finding: <https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html>.
fn is_finding(object: Object<'_>) -> bool {
    let says = |key| object.text(key).is_some();
    let rated = object.get("Severity").is_some_and(Value::is_number);
    rated
        && says("Id")
        && says("Type")
        && (object.get("Resource").or(object.get("Service"))).is_some()
}

/// An account id: 12 digits.
pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sorted(file: &str, value: Value) -> Found {
        let mut found = Found::default();
        found.sort(value, Some(&file.into()), 1);
        found
    }

    #[test]
    fn lists_are_found_in_every_wrapping() {
        let vpc = || json!({"VpcId": "vpc-1"});
        for (file, value) in [
            ("x.json", json!({"Vpcs": [vpc()], "NextToken": "t"})),
            ("x.json", json!({"vpcs": [vpc()]})),
            (
                "x.json",
                json!({"status_code": 200, "data": {"Vpcs": [vpc()], "ResponseMetadata": {}}}),
            ),
            ("x.json", json!([{"Vpcs": [vpc()]}, {"Vpcs": null}])),
            (
                "x.json",
                json!({"eu-west-1": {"Vpcs": [vpc()]}, "eu-west-2": {"Vpcs": []}}),
            ),
            ("eu/Vpcs.json", json!([vpc()])),
            ("eu/ec2-describe-vpcs-2.json", json!([vpc()])),
            ("eu/describe_vpcs.page2.json", json!([vpc()])),
        ] {
            let found = sorted(file, value.clone());
            assert_eq!(found.list(List::Vpcs).len(), 1, "{file} {value}");
            assert!(found.doubts.is_empty(), "{:?}", found.doubts);
        }
    }

    #[test]
    fn lists_of_lists_are_flattened() {
        let instances = json!([[{"InstanceId": "i-1"}], [{"InstanceId": "i-2"}]]);
        assert_eq!(
            sorted("instances.json", instances)
                .list(List::Instances)
                .len(),
            2
        );
        let reservations = json!([{"ReservationId": "r-1", "Instances": [{"InstanceId": "i-1"}]}]);
        let found = sorted("describe-instances.json", reservations);
        let (estate, _) = super::super::read::estate(&found, chrono::DateTime::UNIX_EPOCH);
        assert!(estate.instance(&"i-1".into()).is_some());
    }

    #[test]
    fn what_a_file_is_named_after_says_what_its_answer_is_about() {
        let health = json!({"TargetHealthDescriptions": [{}]});
        let file = "eu/arn%3Aaws%3Aelasticloadbalancing%3Aeu%3A1%3Atargetgroup%2Fweb%2F0f";
        let found = sorted(file, health);
        let value = &found.list(List::LoadBalancerTargetHealth)[0].value;
        assert_eq!(
            value["TargetGroupArn"],
            "arn:aws:elasticloadbalancing:eu:1:targetgroup/web/0f"
        );
        let found = sorted(
            "eu/entries-pl-0a1.json",
            json!({"Entries": [{"Cidr": "10.0.0.0/8"}]}),
        );
        let value = &found.list(List::ManagedPrefixLists)[0].value;
        assert_eq!(value["PrefixListId"], "pl-0a1");
    }

    #[test]
    fn what_is_not_read_is_named() {
        let doubts = |value| sorted("x.json", value).doubts;
        for (value, words) in [
            (
                json!({"Buckets": []}),
                "x.json: ignored: of Buckets nothing is read",
            ),
            (
                json!({"Vpcs": [], "TransitGateways": []}),
                "x.json: not read: TransitGateways",
            ),
            (json!(7), "x.json: ignored: nothing in it is read"),
            (
                json!({"status_code": 403, "data": {}}),
                "x.json: a recording of a failed call, status 403: ignored",
            ),
        ] {
            let [doubt] = &doubts(value)[..] else {
                panic!("one doubt");
            };
            assert_eq!(doubt.to_string(), words);
        }
    }

    #[test]
    fn findings_are_found_in_every_wrapping() {
        let camel = || json!({"id": "f", "type": "A:EC2/B", "severity": 8, "service": {}});
        let pascal = || json!({"Id": "f", "Type": "A:EC2/B", "Severity": 8.0, "Resource": {}});
        for value in [
            camel(),
            pascal(),
            json!([camel()]),
            json!({"findings": [camel()]}),
            json!({"Findings": [pascal()], "NextToken": ""}),
            json!({"detail-type": "GuardDuty Finding", "source": "aws.guardduty", "detail": camel()}),
            json!([{"detail": camel()}]),
        ] {
            assert_eq!(sorted("x.json", value.clone()).findings.len(), 1, "{value}");
        }
    }
}
