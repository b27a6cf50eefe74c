//! Text for people. What comes from AWS is hostile: tags, user agents and DNS names come from an attacker.

use std::borrow::Cow;

/// Makes control and bidirectional-formatting characters visible as `\u{..}` escapes.
///
/// Terminals act on C0 and C1 controls, and bidi controls reorder what the reader sees, so neither
/// may reach a screen, a log, a journal or the clipboard unescaped. Everything else is unchanged.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_hostile(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A number with its thousands apart: `1,024`.
pub fn grouped(number: u64) -> String {
    let mut digits = number.to_string();
    let mut at = digits.len();
    while at > 3 {
        at -= 3;
        digits.insert(at, ',');
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_bidi_are_escaped_and_the_rest_is_left_alone() {
        for (raw, shown) in [
            ("web-03", "web-03"),
            ("größe 東京", "größe 東京"),
            ("a\u{1b}[31mred", "a\\u{1b}[31mred"),
            ("a\nb\tc", "a\\u{a}b\\u{9}c"),
            ("c1\u{9b}31m", "c1\\u{9b}31m"),
            ("rtl\u{202e}gnp", "rtl\\u{202e}gnp"),
        ] {
            assert_eq!(visible(raw), shown);
        }
    }
}
