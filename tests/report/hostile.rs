//! Texts that want to be more than text: in no form do they become markup, and nothing is loaded.

use firedoor::executor::Archive;
use firedoor::plan::{Action, Procedure};
use firedoor::report::{Form, Report};
use firedoor::sources::{CallOutcome, Happening, Message};
use proptest::prelude::*;
use serde_json::Value;

use crate::builder::{self, Script, done, record, stream};

/// What is tried besides what chance makes.
const NASTY: &[&str] = &[
    "<script>alert(1)</script>",
    "\"><img src=http://evil.example/x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</style><link rel=stylesheet href=//evil.example>",
    "</title></svg></td></table><iframe src=javascript:alert(1)>",
    "&lt;script&gt;&#x3c;",
    "]]><!--",
    "`code` ``` ~~~ | [a](http://evil.example) ![x](http://evil.example/x.png) <b> # * _ \\",
    "\n\n# heading\n- item",
    "\u{1b}[31mred\u{7}\u{202e}gnp.exe\u{0}",
    "",
];

/// A case in which every free text is this one.
async fn report(text: &str) -> Report {
    let root = tempfile::tempdir().unwrap();
    let plan = builder::plan(
        Procedure::Action(Action::Tag),
        vec![builder::tag_with(1, text)],
        &[text],
    );
    let mut run = Script::new(10, "run", plan);
    run.foretold(text, vec![builder::flow(text, "198.51.100.7", 1, text)]);
    run.step((11, 12), 1, Some(text), done(text));
    run.write(root.path(), "case").await;
    let text = || text.to_owned();
    let records = [
        Happening::Began {
            scenario: text(),
            title: text(),
            level: 1,
            seed: 1,
            team: Some(text()),
            suspect: text().as_str().into(),
            history_from: builder::at(0),
            facts: serde_json::json!({ text(): text() }),
        },
        Happening::Detected {
            finding: text(),
            kind: text(),
        },
        Happening::Injected { name: text() },
        Happening::Message(Message {
            id: 1,
            at: builder::at(3),
            from: text(),
            text: text(),
            asks: true,
            answer: None,
        }),
        Happening::Answered {
            id: 1,
            text: text(),
        },
        Happening::Note {
            who: text(),
            text: text(),
        },
        Happening::Called {
            api: text(),
            operation: Value::Null,
            prose: text(),
            outcome: CallOutcome::Refused { code: text() },
        },
        Happening::Traffic(vec![
            stream(&text(), ("attack", &text(), &text()), [5, 1, 1], 20),
            stream(&text(), (&text(), &text(), &text()), [0, 0, 1], 20),
        ]),
        Happening::Changed { text: text() },
        Happening::NotChanged {
            text: text(),
            code: text(),
        },
        Happening::Score(builder::score_with(&text())),
        Happening::Ended { by: text() },
    ];
    let records: Vec<_> = records.into_iter().map(|it| record(20, it)).collect();
    builder::write_exercise(root.path(), "case", &records).await;
    Report::of(&Archive::new(root.path()).case("case").unwrap().unwrap())
}

/// The tags of a page, lower case, with their attributes. In this page no attribute has a `>`.
fn tags(html: &str) -> Vec<String> {
    let tags = html.split('<').skip(1);
    tags.map(|it| it.split('>').next().unwrap().to_lowercase())
        .collect()
}

/// What the page is made of: nothing else may stand in it.
const KNOWN: &[&str] = &[
    "!doctype",
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "main",
    "header",
    "p",
    "h1",
    "h2",
    "h3",
    "b",
    "span",
    "dl",
    "dt",
    "dd",
    "div",
    "figure",
    "figcaption",
    "svg",
    "desc",
    "line",
    "text",
    "rect",
    "circle",
    "details",
    "summary",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "i",
    "br",
    "code",
    "pre",
    "ul",
    "li",
    "aside",
    "section",
    "footer",
];

const ATTRIBUTES: &[&str] = &[
    "lang",
    "charset",
    "name",
    "content",
    "http-equiv",
    "class",
    "id",
    "scope",
    "colspan",
    "style",
    "aria-label",
    "aria-labelledby",
    "aria-hidden",
    "role",
    "viewbox",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "width",
    "height",
    "text-anchor",
];

fn is_harmless(html: &str) {
    for tag in tags(html) {
        let mut words = tag.trim_start_matches('/').splitn(2, ' ');
        let name = words.next().unwrap().trim_end_matches('/');
        assert!(KNOWN.contains(&name), "<{tag}>");
        let mut rest = words.next().unwrap_or_default();
        while let Some((attribute, more)) = rest.split_once("=\"") {
            assert!(
                ATTRIBUTES.contains(&attribute.trim()),
                "{attribute} in <{tag}>"
            );
            rest = more.split_once('"').unwrap().1;
        }
    }
    let style = html
        .split("<style>")
        .nth(1)
        .unwrap()
        .split("</style>")
        .next()
        .unwrap();
    for loaded in ["@import", "url(", "@font-face", "expression"] {
        assert!(!style.contains(loaded), "{loaded}");
    }
    assert_eq!(html.matches("<style>").count(), 1);
    let visible = |c: char| !c.is_control() || c == '\n';
    assert!(html.chars().all(visible));
}

/// Lines that begin as only the report's own may.
fn is_plain(markdown: &str, text: &str) {
    let headings = |it: &str| it.lines().filter(|it| it.starts_with('#')).count();
    assert!(headings(markdown) <= 12, "{text:?}: {markdown}");
    for line in markdown.lines().filter(|it| !it.starts_with("    ")) {
        // Outside of code every angle bracket and link is escaped.
        let outside: String = line.split('`').step_by(2).collect();
        if line.matches('`').count() % 2 == 0 && !line.contains("``") && !line.contains("\\`") {
            let bare = outside.replace("\\<", "").replace("\\[", "");
            assert!(!bare.contains('<') && !bare.contains("]("), "{line}");
        }
    }
    assert!(markdown.chars().all(|c| !c.is_control() || c == '\n'));
}

fn holds(text: &str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let report = runtime.block_on(report(text));
    is_harmless(&report.write(Form::Html));
    is_plain(&report.write(Form::Markdown), text);
    let json: Value = serde_json::from_str(&report.write(Form::Json)).unwrap();
    assert_eq!(json["schema"], 1);
}

#[test]
fn what_wants_to_be_markup_stays_text() {
    for text in NASTY {
        holds(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_becomes_markup(text in "([<>&\"'`\\[\\]()!#*_|\\\\/=:;a-z \\n\\r\\t\u{0}-\u{1f}\u{202e}]|script|style|http://|src=|href=|\\PC){0,40}") {
        holds(&text);
    }
}

#[test]
fn the_page_loads_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let html = std::fs::read_to_string(crate::golden("report.html")).unwrap();
    is_harmless(&html);
    let nasty = runtime.block_on(report(NASTY[1])).write(Form::Html);
    for page in [html, nasty] {
        for tag in tags(&page) {
            assert!(
                !tag.contains("src=\"") && !tag.contains("href=\""),
                "<{tag}>"
            );
            assert!(!["script", "link", "img", "iframe", "object"].contains(&tag.as_str()));
        }
    }
}
