//! A command line of the AWS CLI, quoted for a POSIX shell.

use std::fmt::Write as _;

/// A command line that is being written.
pub(super) struct Line(String);

impl Line {
    /// `aws SERVICE COMMAND`.
    pub(super) fn aws(service: &str, command: &str) -> Self {
        Self(format!("aws {service} {command}"))
    }

    /// An option without a value.
    pub(super) fn flag(mut self, name: &str) -> Self {
        // Writing to a string can't fail.
        write!(self.0, " --{name}").ok();
        self
    }

    /// An option with a value, which is quoted.
    pub(super) fn option(self, name: &str, value: impl AsRef<str>) -> Self {
        let value = quoted(value.as_ref());
        self.raw(name, &value)
    }

    /// An option with values, which are quoted one by one.
    pub(super) fn options<V: AsRef<str>>(
        self,
        name: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values: Vec<String> = values.into_iter().map(|it| quoted(it.as_ref())).collect();
        self.raw(name, &values.join(" "))
    }

    /// An option whose value is JSON.
    pub(super) fn json(self, name: &str, value: &serde_json::Value) -> Self {
        self.option(name, value.to_string())
    }

    /// An option whose value the shell looks up first.
    pub(super) fn lookup(self, name: &str, lookup: &Line) -> Self {
        let value = format!("\"$({})\"", lookup.0);
        self.raw(name, &value)
    }

    /// An option whose values, in one text and parted by spaces, the shell looks up first.
    pub(super) fn lookup_all(self, name: &str, lookup: &Line) -> Self {
        let value = format!("$({})", lookup.0);
        self.raw(name, &value)
    }

    /// Asks for one thing of the answer, as bare text.
    pub(super) fn query(self, query: &str) -> Self {
        self.option("query", query).option("output", "text")
    }

    /// What to do after it.
    pub(super) fn then(mut self, next: &Line) -> Self {
        write!(self.0, " && {}", next.0).ok();
        self
    }

    /// What to do if this fails.
    pub(super) fn or_else(mut self, other: &Line) -> Self {
        write!(self.0, " || {}", other.0).ok();
        self
    }

    /// An option with a value that is quoted already.
    pub(super) fn raw(mut self, name: &str, value: &str) -> Self {
        write!(self.0, " --{name} {value}").ok();
        self
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// A word as a POSIX shell reads it back.
pub(super) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_string();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A string literal of the query language of `--query`.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"\'"))
}
