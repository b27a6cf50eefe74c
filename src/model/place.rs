//! Where in a file something stands: for messages about files that people write.

use std::fmt;
use std::ops::Range;

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, counted from 1, where it is known.
    pub line: Option<usize>,
}

impl Place {
    /// Where a span of a file's text begins.
    pub fn new(file: &str, text: &str, span: Option<Range<usize>>) -> Self {
        let before = span.and_then(|it| text.get(..it.start));
        Self {
            file: file.to_owned(),
            line: before.map(|it| 1 + it.matches('\n').count()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.file),
            None => f.write_str(&self.file),
        }
    }
}
