//! Finds comparisons in a condition that are probably mistakes.
//!
//! Every column is text. Comparing it with a number by order, as in `item.price < 5`, gives a wrong result and no
//! error. The template engine sorts every text after every number.

use std::ops::Range;

/// A part of a condition that is valid, but most likely not intended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Doubt {
    /// The range of bytes of the doubtful part in the condition's text.
    pub(super) range: Range<usize>,
    pub(super) message: String,
    pub(super) hint: String,
}

/// The kind of a word in a condition's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A name that means a text, such as `item.price`, `vars.look` or `matrix.mood`.
    Text,
    /// A number written without quotes.
    Number,
    /// A number written in quotes, which makes it a text.
    Quoted,
    /// An operator that compares by order, such as `<` or `>=`.
    Order,
    /// The operator `==` or `!=`.
    Equal,
    /// The word `and`, `or` or `not`.
    Logic,
    /// The bracket `(` or `)`.
    Bracket,
    Other,
}

/// Returns the words of a text with their ranges of bytes.
fn words(text: &str) -> Vec<(Kind, Range<usize>)> {
    let mut words: Vec<(Kind, Range<usize>)> = Vec::new();
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_');
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
            _ if first.is_ascii_digit() => (Kind::Number, run(rest, is_part)),
            // After an operator, a minus belongs to the number.
            '-' if rest[1..].starts_with(|next: char| next.is_ascii_digit())
                && matches!(words.last(), None | Some((Kind::Order | Kind::Equal | Kind::Logic, _))) =>
            {
                (Kind::Number, 1 + run(&rest[1..], is_part))
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

/// Returns the length of the text in quotes at the start of `text`. If the closing quote is missing, this is the length
/// of the whole `text`.
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

/// Returns the kind and length of the name at the start of `text`, with its parts: `item.price`, `item.raw["Body
/// (HTML)"]`.
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

/// Returns the parts of a condition that are probably mistakes.
///
/// `quote` is the quotation mark that the hints put around strings: one that does not end the YAML string in which the
/// condition is written.
pub(super) fn doubts(text: &str, quote: char) -> Vec<Doubt> {
    let words = words(text);
    let kind = |at: usize| words.get(at).map(|(kind, _)| *kind);
    let word = |at: usize| &text[words[at].1.clone()];
    // A filter or a sum changes the value before it.
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
        let (operator, other, fixed) = if compares(at + 1, at + 2) && ends(at + 3) {
            (at + 1, at + 2, format!("{column}|float {} {}", word(at + 1), number(at + 2)))
        } else if at >= 2 && compares(at - 1, at - 2) && ends(at + 1) {
            (at - 1, at - 2, format!("{} {} {column}|float", number(at - 2), word(at - 1)))
        } else {
            let is_joined =
                kind(at + 1) == Some(Kind::Logic) || (at > 0 && kind(at - 1) == Some(Kind::Logic));
            if is_joined && ends(at + 1) && (at == 0 || ends(at - 1)) {
                let message = format!("`{column}` counts as yes unless it is empty, even if it says no");
                let hint = format!(
                    "compare it, as in `{column} == {quote}yes{quote}`; to check whether it is empty, write \
                     `{column} == {quote}{quote}`"
                );
                doubts.push(Doubt { range: words[at].1.clone(), message, hint });
            }
            continue;
        };
        let message = match (kind(operator), kind(other)) {
            (Some(Kind::Equal), _) => format!("`{column}` is text, which never equals a number"),
            (_, Some(Kind::Quoted)) => {
                format!("`{column}` is compared as text, letter by letter: 9 counts as more than 10")
            }
            _ => {
                let is_true = word(operator).starts_with('>') == (operator > at);
                format!(
                    "`{column}` is text, and any text counts as more than a number: this comparison is always {is_true}"
                )
            }
        };
        doubts.push(Doubt { range: words[at].1.clone(), message, hint: format!("write `{fixed}`") });
    }
    doubts
}

/// Returns the condition with the operators of other languages replaced by valid ones, such as `&&` by `and` and `=` by
/// `==`.
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
