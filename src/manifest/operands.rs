//! What a condition compares, as far as its words tell: every column is text, and a text beside a number is ordered
//! in silence, and wrongly.

use std::ops::Range;

/// Something that is allowed and most likely not meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    /// The bytes that are meant.
    pub(super) range: Range<usize>,
    pub(super) message: String,
    pub(super) hint: String,
}

/// A word of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A text of the item, of `vars` or of `matrix`.
    Text,
    /// Digits without quotes.
    Number,
    /// Digits in quotes.
    Quoted,
    /// `<`, `>=` and the like.
    Order,
    /// `==` or `!=`.
    Equal,
    /// `and`, `or`, `not`.
    Logic,
    /// `(` or `)`.
    Bracket,
    Other,
}

/// The words with their bytes.
fn words(text: &str) -> Vec<(Kind, Range<usize>)> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, length) = match first {
            _ if first.is_whitespace() => {
                at += first.len_utf8();
                continue;
            }
            '"' | '\'' => {
                let length = quoted(rest);
                let inside = rest[..length].trim_matches(first);
                (if is_number(inside) { Kind::Quoted } else { Kind::Other }, length)
            }
            _ if first.is_ascii_digit() => {
                let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_');
                (Kind::Number, run(rest, is_part))
            }
            _ if first.is_alphabetic() || first == '_' => name(rest),
            '<' | '>' => (Kind::Order, if rest[1..].starts_with('=') { 2 } else { 1 }),
            '=' | '!' if rest[1..].starts_with('=') => (Kind::Equal, 2),
            '(' | ')' => (Kind::Bracket, 1),
            '&' | '|' if rest[1..].starts_with(first) => (Kind::Other, 2),
            _ => (Kind::Other, first.len_utf8()),
        };
        words.push((kind, at..at + length));
        at += length;
    }
    words
}

fn run(text: &str, is_part: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !is_part(letter)).unwrap_or(text.len())
}

/// The length of a text in quotes, or of the rest where it does not end.
fn quoted(text: &str) -> usize {
    let mut letters = text.char_indices();
    let Some((_, quote)) = letters.next() else { return 0 };
    let mut is_escaped = false;
    let end = letters.find(|(_, letter)| {
        let is_end = *letter == quote && !is_escaped;
        is_escaped = *letter == '\\' && !is_escaped;
        is_end
    });
    end.map_or(text.len(), |(at, _)| at + quote.len_utf8())
}

/// A name with all that follows it: `item.price`, `item.raw["Body (HTML)"]`.
fn name(text: &str) -> (Kind, usize) {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut length = run(text, is_part);
    let root = &text[..length];
    loop {
        let rest = &text[length..];
        length += match rest.chars().next() {
            Some('.') => 1 + run(&rest[1..], is_part),
            Some('[') => {
                let inside = &rest[1..];
                let key = match inside.chars().next() {
                    Some('"' | '\'') => quoted(inside),
                    _ => run(inside, |letter| letter != ']'),
                };
                1 + key + usize::from(inside[key..].starts_with(']'))
            }
            _ => break,
        };
    }
    let kind = match root {
        "item" | "vars" | "matrix" => Kind::Text,
        "and" | "or" | "not" => Kind::Logic,
        _ => Kind::Other,
    };
    (kind, length)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.trim().parse::<f64>().is_ok()
}

/// What is doubtful in a condition; `quote` is the one that can be typed where it stands.
pub(super) fn doubts(text: &str, quote: char) -> Vec<Doubt> {
    let words = words(text);
    let kind = |at: usize| words.get(at).map(|(kind, _)| *kind);
    let word = |at: usize| &text[words[at].1.clone()];
    // A filter or a sum makes something else of what stands before it.
    let ends = |at: usize| matches!(kind(at), None | Some(Kind::Logic | Kind::Bracket));
    let compares = |operator: usize, other: usize| {
        matches!(
            (kind(operator), kind(other)),
            (Some(Kind::Order), Some(Kind::Number | Kind::Quoted)) | (Some(Kind::Equal), Some(Kind::Number))
        )
    };
    let mut doubts = Vec::new();
    for at in (0..words.len()).filter(|at| words[*at].0 == Kind::Text) {
        let column = word(at);
        let number = |at: usize| word(at).trim_matches(['"', '\'']);
        let (operator, fixed) = if compares(at + 1, at + 2) && ends(at + 3) {
            (at + 1, format!("{column}|float {} {}", word(at + 1), number(at + 2)))
        } else if at >= 2 && compares(at - 1, at - 2) && ends(at + 1) {
            (at - 1, format!("{} {} {column}|float", number(at - 2), word(at - 1)))
        } else {
            let is_joined =
                kind(at + 1) == Some(Kind::Logic) || (at > 0 && kind(at - 1) == Some(Kind::Logic));
            if is_joined && ends(at + 1) && (at == 0 || ends(at - 1)) {
                let message = format!("`{column}` counts as yes unless it is empty, also where it says no");
                let hint = format!(
                    "compare it, as in `{column} == {quote}yes{quote}`; to ask whether it is empty, write \
                     `{column} == {quote}{quote}`"
                );
                doubts.push(Doubt { range: words[at].1.clone(), message, hint });
            }
            continue;
        };
        let message = match kind(operator) {
            Some(Kind::Equal) => format!("`{column}` is text, which never equals a number"),
            _ => format!("`{column}` is text: letter by letter, 9 comes after 10"),
        };
        doubts.push(Doubt { range: words[at].1.clone(), message, hint: format!("write `{fixed}`") });
    }
    doubts
}

/// The condition in this language's words, where it was written in those of others: `&&`, `||`, `=`.
pub(super) fn with_words(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut end = 0;
    for (_, range) in words(text) {
        written.push_str(&text[end..range.start]);
        written.push_str(match &text[range.clone()] {
            "&&" | "AND" => "and",
            "||" | "OR" => "or",
            "!" | "NOT" => "not ",
            "=" => "==",
            "<>" => "!=",
            word => word,
        });
        end = range.end;
    }
    written.push_str(&text[end..]);
    written
}

#[cfg(test)]
mod tests;
