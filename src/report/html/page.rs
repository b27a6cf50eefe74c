//! A page that is being written: markup and text are kept apart.

use std::fmt::Write;

use super::Escaped;

/// A page that is being written.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    /// Markup. Never anything that came from a journal.
    pub(super) fn raw(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    /// Text, escaped.
    pub(super) fn text(&mut self, text: &str) {
        // Writing to a string can't fail.
        write!(self.0, "{}", Escaped(text)).unwrap_or_default();
    }

    /// An element with text in it. `open` is its tag with the attributes, without brackets.
    pub(super) fn element(&mut self, open: &str, text: &str) {
        let tag = open.split(' ').next().unwrap_or(open);
        self.raw(&format!("<{open}>"));
        self.text(text);
        self.raw(&format!("</{tag}>\n"));
    }

    /// Text as code; nothing: nothing.
    pub(super) fn code(&mut self, text: &str) {
        if !text.is_empty() {
            self.raw("<code>");
            self.text(text);
            self.raw("</code>");
        }
    }

    /// A section's heading.
    pub(super) fn heading(&mut self, id: &str, title: &str) {
        self.element(&format!("h2 id=\"{id}\""), title);
    }

    /// The beginning of a table with these columns; those that begin with `#` are numbers.
    pub(super) fn table(&mut self, columns: &[&str]) {
        self.raw("<div class=\"scroll\">\n<table>\n<thead><tr>");
        for column in columns {
            match column.strip_prefix('#') {
                Some(number) => self.element("th scope=\"col\" class=\"number\"", number),
                None => self.element("th scope=\"col\"", column),
            }
        }
        self.raw("</tr></thead>\n<tbody>\n");
    }

    /// The end of a table.
    pub(super) fn end_table(&mut self) {
        self.raw("</tbody>\n</table>\n</div>\n");
    }

    /// A term and its value in a list of such.
    pub(super) fn fact(&mut self, name: &str, value: &str) {
        self.element("dt", name);
        self.element("dd", value);
    }

    /// The page.
    pub(super) fn done(self) -> String {
        self.0
    }
}
