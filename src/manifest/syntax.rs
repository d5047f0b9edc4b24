//! Explains syntax errors of YAML to users who do not know YAML's grammar.

use super::source::Span;
use super::text::secrets;
use crate::domain::problem::{Place, Problem};
use crate::domain::request::Field;
use serde_yaml::granit_parser::{self, ErrorKind, ScanError};

/// A problem with its span. The problem's place is set later, when all secrets that must not be shown are known.
pub(super) type Finding = (Span, Box<Problem>);

/// Creates a finding: an error at a span.
pub(super) fn finding(span: Span, message: impl Into<String>) -> Finding {
    (span, Box::new(Problem::error(Place::Nowhere, message)))
}

pub(super) fn hinted((span, problem): Finding, hint: impl Into<String>) -> Finding {
    (span, Box::new(problem.hint(hint)))
}

/// Converts a span of the YAML parser to the type `Span` of this crate.
pub(super) fn convert(span: granit_parser::Span) -> Span {
    let start = span.start.byte_offset().unwrap_or(0);
    Span {
        start,
        end: span.end.byte_offset().unwrap_or(start).max(start),
        line: u32::try_from(span.start.line()).unwrap_or(u32::MAX),
        column: u32::try_from(span.start.col() + 1).unwrap_or(u32::MAX),
    }
}

/// Returns the line that contains a byte position.
fn line(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    text[start..].lines().next().unwrap_or_default()
}

/// Returns the name of the section of the manifest that contains a byte position.
pub(super) fn section(text: &str, at: usize) -> &str {
    let before = text[..at].lines().rev();
    let line = before.into_iter().find(|line| line.starts_with(|first: char| first.is_alphanumeric()));
    line.and_then(|line| line.split(':').next()).unwrap_or_default()
}

/// Returns the hint for a condition whose text YAML misreads; `None` if the line has no such condition.
fn condition(text: &str, at: usize) -> Option<String> {
    let (key, value) =
        line(text, at).trim().split_once(": ").filter(|(key, _)| matches!(*key, "where" | "when"))?;
    let value = value.trim();
    if let Some(inside) = value.strip_prefix("{{").and_then(|inside| inside.strip_suffix("}}")) {
        return Some(format!("a condition is written without braces: `{key}: {}`", inside.trim()));
    }
    let quote = ['"', '\''].into_iter().find(|quote| !value.contains([*quote, '\\']))?;
    Some(format!("put the whole condition in quotes: `{key}: {quote}{value}{quote}`"))
}

/// Returns the hint to put the whole text of a line in quotes, so that YAML reads it as one text.
pub(super) fn in_quotes(text: &str, at: usize) -> String {
    if let Some(hint) = condition(text, at) {
        return hint;
    }
    let quoted = || {
        let line = line(text, at);
        let (key, value) = line.trim().trim_start_matches("- ").split_once(": ")?;
        let value = value.split(" #").next().unwrap_or(value).trim();
        // A text that may be a key is not repeated.
        let may_be_shown =
            Field::named(key).is_some() && secrets(line).is_empty() && section(text, at) != "providers";
        // If a line holds several texts, the end of each is unknown.
        let is_alone = !value.ends_with([',', ']', '"', '\''])
            && !value.starts_with(['"', '\'', '[', '|', '>'])
            && value.matches('{').count() == value.matches('}').count();
        let quote = ['"', '\''].into_iter().find(|quote| !value.contains([*quote, '\\']))?;
        (may_be_shown && is_alone)
            .then(|| format!("put the whole text in quotes: `{key}: {quote}{value}{quote}`"))
    };
    quoted().unwrap_or_else(|| {
        "put the whole text in quotes, as in `prompt: \"{{ item.title }}: a mug\"`".to_owned()
    })
}

/// Returns the problem with a tab where only spaces are allowed.
fn tab(text: &str, span: Span) -> Finding {
    let whole = line(text, span.start);
    let blank = &whole[..whole.len() - whole.trim_start().len()];
    if !blank.contains('\t') {
        return hinted(finding(span, "a tab is not allowed here"), "replace the tab by spaces");
    }
    let start = text[..span.start].rfind('\n').map_or(0, |end| end + 1);
    let span = Span { start, end: start + blank.len(), column: 1, ..span };
    let above = text[..start].lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let spaces = above.len() - above.trim_start_matches(' ').len();
    let hint = if above.trim_end().ends_with(':') {
        format!("replace the tab by {} spaces, two more than in the line above", spaces + 2)
    } else if spaces == 0 {
        "remove the tab, or replace it by spaces".to_owned()
    } else {
        format!("replace the tab by {spaces} spaces, as in the line above")
    };
    hinted(finding(span, "this line begins with a tab; only spaces are allowed there"), hint)
}

/// Returns the place of the quote that is still open at `end`: the last one before `end` that follows a space or a
/// bracket.
///
/// Any later quote of its kind would have closed it.
fn open_quote(text: &str, end: Span) -> Option<Span> {
    let before = &text[..end.start];
    let opens = |at: &usize| before[..*at].ends_with([' ', '\n', '[', '{', ',', '(']);
    let start = before.rmatch_indices(['"', '\'']).map(|(at, _)| at).find(opens)?;
    let line_start = before[..start].rfind('\n').map_or(0, |at| at + 1);
    let count = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
    let line = count(before[..start].matches('\n').count());
    Some(Span { start, end: start + 1, line, column: count(before[line_start..start].chars().count()) })
}

/// Returns the first character of a span, such as the bracket that opens a list; `None` at the end of the text.
fn opened(text: &str, span: Span) -> Option<char> {
    text.get(span.start..)?.chars().next()
}

/// Returns a syntax error in words for users who do not know YAML's grammar.
///
/// `innermost` is the list or map that was open at the error.
pub(super) fn syntax(text: &str, error: &ScanError, innermost: Option<Span>) -> Finding {
    let mark = error.marker();
    // At the end of the file, the caret belongs under the last character written.
    let start = mark.byte_offset().unwrap_or(0).min(text.len());
    let span = convert(granit_parser::Span::empty(*mark));
    let mut span = Span { start, end: start, ..span };
    let (message, hint) = match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => return tab(text, span),
        ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar
        | ErrorKind::UnclosedQuotedScalar => {
            span = open_quote(text, span).unwrap_or(span);
            ("a quote is opened here and not closed", "add the closing quote at the end of the text")
        }
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => {
            span = innermost.unwrap_or(span);
            match opened(text, span) {
                Some('[') => (
                    "a bracket is opened here and not closed",
                    "add the closing `]`, or the comma between two entries",
                ),
                _ => (
                    "a bracket is opened here and not closed",
                    "add the closing `}`, or the comma between two entries",
                ),
            }
        }
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping => match opened(text, span) {
            Some('[') => ("a bracket is opened here and never closed", "add the closing `]`"),
            Some('{') => ("a bracket is opened here and never closed", "add the closing `}`"),
            _ => ("a bracket is opened here and never closed", "add the closing `]` or `}`"),
        },
        ErrorKind::MismatchedFlowCollectionEnd { .. } | ErrorKind::MisplacedFlowCollectionEnd => {
            ("this bracket closes nothing", "check the brackets before it")
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            let problem = finding(span, "a colon followed by a space is not expected here");
            return hinted(problem, in_quotes(text, start));
        }
        ErrorKind::RecursionLimitExceeded => {
            ("lists and maps are nested too deeply", "a manifest needs no more than six levels")
        }
        ErrorKind::InvalidTrailingDoubleQuotedScalar | ErrorKind::InvalidTrailingSingleQuotedScalar => {
            let hint = condition(text, start).unwrap_or_else(|| "put the whole text in quotes".to_owned());
            return hinted(finding(span, "there is more text after the closing quote"), hint);
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::SimpleKeyExpected | ErrorKind::InvalidIndentation => {
            (
                "the indentation of this line matches none of the lines above it",
                "indent it with as many spaces as the lines of the same level",
            )
        }
        kind => {
            let problem = finding(span, format!("this is not valid YAML: {kind}"));
            return hinted(problem, in_quotes(text, start));
        }
    };
    hinted(finding(span, message), hint)
}
