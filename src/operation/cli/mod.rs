//! One equivalent line of the AWS CLI per operation: for the record, and for doing it by hand.
//!
//! Ids that change under our hands (associations, rules, attachments) are looked up by the line itself.
//! What an earlier step makes stands as `new:STEP`. Arguments are quoted for a POSIX shell.
//! <https://docs.aws.amazon.com/cli/latest/reference/>

mod instances;
mod line;
mod network;

use line::Line;

use super::Operation;

impl Operation {
    /// One equivalent line of the AWS CLI, to be pasted into a POSIX shell. It is empty for a command in a guest
    /// that can't be sent, because of its name.
    pub fn cli(&self) -> String {
        network::line(self)
            .or_else(|| instances::line(self))
            .map(Line::finish)
            .unwrap_or_default()
    }
}

/// `Key=…,Value=…` of the CLI's shorthand can't hold every value, so tags are written as JSON.
fn tag_list(tags: &[(String, String)]) -> serde_json::Value {
    let tag = |(key, value): &(String, String)| serde_json::json!({"Key": key, "Value": value});
    tags.iter().map(tag).collect()
}

fn tagged(line: Line, kinds: &[&str], tags: &[(String, String)]) -> Line {
    if tags.is_empty() {
        return line;
    }
    let of = |kind: &&str| serde_json::json!({"ResourceType": kind, "Tags": tag_list(tags)});
    line.json("tag-specifications", &kinds.iter().map(of).collect())
}
