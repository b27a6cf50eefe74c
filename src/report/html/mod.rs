//! The report as one page of HTML: no scripts, and nothing that is loaded from anywhere.
//!
//! Everything that is not markup goes through [`Page::text`] or [`Page::code`], which escape it.

mod page;
mod parts;
mod plot;

use std::fmt::{self, Display};

use super::Report;
use crate::model::text::visible;
use page::Page;

/// The style, which is put into the page.
const STYLE: &str = include_str!("../../../assets/report/report.css");

/// Even if something slipped through, a browser would load and run nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

pub(super) fn page(report: &Report) -> String {
    let mut page = Page::default();
    page.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.raw("<meta name=\"color-scheme\" content=\"light dark\">\n");
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"");
    page.text(POLICY);
    page.raw("\">\n<title>After-action report: ");
    page.text(&report.case);
    page.raw("</title>\n<style>\n");
    page.raw(STYLE);
    page.raw("</style>\n</head>\n<body>\n<main>\n");
    parts::all(&mut page, report);
    page.raw("</main>\n</body>\n</html>\n");
    page.done()
}

/// A text as HTML shows it, in an element and in a quoted attribute alike.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in visible(self.0).chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => write!(f, "{other}")?,
            }
        }
        Ok(())
    }
}
