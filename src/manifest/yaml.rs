//! YAML text becomes a tree of text with places: anchors, aliases and merge keys resolved, every scalar as written.
//!
//! The tree is built from the parser's events and not through serde, because a typed scalar would already have lost
//! its text: `0123`, `no`, `1e3` and `1_000` are names of products here.

use super::source::Span;
use crate::domain::problem::{Place, Problem};
use serde_yaml::granit_parser::{self, ErrorKind, Event, Parser, ScalarStyle, ScanError};
use std::collections::HashMap;
use std::rc::Rc;

/// A node of the tree. Copies share what is below, so that a thousand aliases cost no more than one.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) value: Value,
    /// This node and all below it, aliases counted each time.
    size: usize,
    /// How many levels there are below.
    depth: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Text {
        text: Rc<str>,
        /// Without quotes.
        plain: bool,
    },
    List(Rc<Vec<Node>>),
    Map(Rc<Vec<Entry>>),
}

/// A key with its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: Rc<str>,
    pub(super) key_span: Span,
    pub(super) node: Node,
}

impl Node {
    /// Whether nothing was written, or YAML's word for nothing.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Text { text, plain: true }
            if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// What a message calls it.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "nothing",
            Value::Text { .. } => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

/// Something wrong, at a place that is named once it is known what must not be shown.
pub(super) type Finding = (Span, Box<Problem>);

/// What YAML reads in a template without quotes is a map within a map.
const IN_QUOTES: &str = "put a template in quotes: \"{{ item.title }}\"";

/// Most nodes in a file: a catalog of 100,000 items with 20 columns has four million.
const NODES: usize = 5_000_000;
/// Most nodes that aliases and merge keys may add: more is a bomb, or belongs into a sheet.
const REPEATED: usize = 1_000_000;
/// Deepest nesting; a manifest needs six levels.
const DEPTH: usize = 64;

/// Reads one document. Without a tree, the findings say why; with one, there may be findings as well.
pub(super) fn read(text: &str) -> (Option<Node>, Vec<Finding>) {
    let mut options = granit_parser::Options::default();
    options.emit_unresolved_aliases = true;
    options.flow_nesting_limit = DEPTH;
    options.block_nesting_limit = DEPTH;
    options.set_emit_comments(false);
    let mut composer = Composer::default();
    for event in Parser::new_from_str_with_options(text, options) {
        let going_on = match event {
            Ok((event, span)) => composer.take(event, span),
            Err(error) => Err(syntax(text, &error, composer.open.last().map(|open| open.span))),
        };
        if let Err((span, problem)) = going_on {
            // What is wrong on this line already is most likely why the parser stumbled.
            if composer.findings.iter().all(|(known, _)| known.line != span.line) {
                composer.findings.push((span, problem));
            }
            return (None, composer.findings);
        }
    }
    (composer.root, composer.findings)
}

fn convert(span: granit_parser::Span) -> Span {
    let start = span.start.byte_offset().unwrap_or(0);
    Span {
        start,
        end: span.end.byte_offset().unwrap_or(start).max(start),
        line: u32::try_from(span.start.line()).unwrap_or(u32::MAX),
        column: u32::try_from(span.start.col() + 1).unwrap_or(u32::MAX),
    }
}

/// A list or map whose end has not come yet.
struct Open {
    span: Span,
    anchor: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        key: Option<Node>,
        /// A key was no text. Such a map reads as an empty text, so that it is reported once.
        broken: bool,
    },
}

#[derive(Default)]
struct Composer {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    findings: Vec<Finding>,
    nodes: usize,
    repeated: usize,
}

impl Composer {
    /// Takes the next event; an error ends the reading.
    fn take(&mut self, event: Event<'_>, at: granit_parser::Span) -> Result<(), Finding> {
        if let Some(tag) = event.tag().filter(|tag| !tag.is_yaml_core_schema()) {
            let problem = finding(
                convert(at.tag_span().unwrap_or(at)),
                format!("the tag `{}` means nothing here", tag.original()),
            );
            self.findings.push(hinted(
                problem,
                "remove it: values are text, and what they mean is decided by their key",
            ));
        }
        let span = convert(at);
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                let problem = finding(span, "the file holds several YAML documents");
                Err(hinted(problem, "keep one manifest in a file, and remove the line `---`"))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                // The parser writes `~` for what is not there.
                let text = if plain && span.start == span.end { "".into() } else { Rc::from(&*text) };
                let node = Node { span, value: Value::Text { text, plain }, size: 1, depth: 0 };
                self.finish(node, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.open.push(Open { span, anchor, content: Content::List(Vec::new()) });
                Ok(())
            }
            Event::MappingStart(_, anchor, _) => {
                let content = Content::Map { entries: Vec::new(), key: None, broken: false };
                self.open.push(Open { span, anchor, content });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.repeat(anchor, span),
            Event::UnresolvedAlias(name) => {
                let problem = finding(span, format!("no `&{name}` stands above this `*{name}`"));
                Err(hinted(
                    problem,
                    format!("give the value a name first: `&{name} value`; or quote the text"),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Puts a copy of an anchored node where an alias stands.
    fn repeat(&mut self, anchor: usize, span: Span) -> Result<(), Finding> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(finding(span, "this alias stands inside the very value it names"));
        };
        self.count_repeated(node.size, span)?;
        self.place(node);
        Ok(())
    }

    fn count_repeated(&mut self, size: usize, span: Span) -> Result<(), Finding> {
        self.repeated = self.repeated.saturating_add(size);
        if self.repeated > REPEATED {
            let problem = finding(span, format!("aliases repeat more than {REPEATED} values"));
            return Err(hinted(
                problem,
                "remove aliases (`*name`), or write the items into a sheet: `items: { from: items.csv }`",
            ));
        }
        Ok(())
    }

    fn close(&mut self, span: Span) -> Result<(), Finding> {
        let Some(Open { span: start, anchor, content }) = self.open.pop() else { return Ok(()) };
        let span = Span { end: span.end.max(start.end), ..start };
        let (value, size, depth) = match content {
            Content::List(nodes) => {
                let size = nodes.iter().map(|node| node.size).sum();
                let depth = nodes.iter().map(|node| node.depth).max();
                (Value::List(Rc::new(nodes)), size, depth)
            }
            Content::Map { broken: true, .. } => (Value::Text { text: "".into(), plain: false }, 0, None),
            Content::Map { entries, .. } => {
                let entries = self.merged(entries)?;
                let size = entries.iter().map(|entry| entry.node.size).sum();
                let depth = entries.iter().map(|entry| entry.node.depth).max();
                (Value::Map(Rc::new(entries)), size, depth)
            }
        };
        let depth = depth.map_or(0, |below| below + 1);
        if depth > DEPTH {
            return Err(finding(span, format!("lists and maps are nested more than {DEPTH} levels deep")));
        }
        self.finish(Node { span, value, size: size + 1, depth }, anchor)
    }

    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), Finding> {
        self.nodes += 1;
        if self.nodes > NODES {
            let problem = finding(node.span, format!("the file holds more than {NODES} values"));
            return Err(hinted(
                problem,
                "write the items into a sheet and name it: `items: { from: items.csv }`",
            ));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.place(node);
        Ok(())
    }

    /// Hands a finished node to what it stands in.
    fn place(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(Content::List(nodes)) => nodes.push(node),
            Some(Content::Map { entries, key, broken }) => match key.take() {
                None => *key = Some(node),
                Some(Node { value: Value::Text { text, .. }, span, .. }) => {
                    entries.push(Entry { key: text, key_span: span, node });
                }
                Some(key) => {
                    *broken = true;
                    let problem = finding(key.span, "a text that begins with a bracket must stand in quotes");
                    self.findings.push(hinted(problem, IN_QUOTES));
                }
            },
        }
    }

    /// The entries of a map with its merge keys (`<<`) resolved: what a map says itself wins over what it merges,
    /// and what is merged first wins over what is merged later. Finds keys that are there twice.
    fn merged(&mut self, entries: Vec<Entry>) -> Result<Vec<Entry>, Finding> {
        let mut own: HashMap<Rc<str>, u32> = HashMap::with_capacity(entries.len());
        let mut kept = Vec::with_capacity(entries.len());
        for entry in entries {
            if &*entry.key != "<<"
                && let Some(line) = own.insert(Rc::clone(&entry.key), entry.key_span.line)
            {
                let problem = finding(entry.key_span, format!("`{}` is there twice", entry.key));
                self.findings.push(hinted(problem, format!("the first is on line {line}; keep one of them")));
            }
            // Also the second of a name: it may hold a key that must not be shown.
            kept.push(entry);
        }
        if !kept.iter().any(|entry| &*entry.key == "<<") {
            return Ok(kept);
        }
        let mut resolved = Vec::with_capacity(kept.len());
        for entry in kept {
            if &*entry.key != "<<" {
                resolved.push(entry);
                continue;
            }
            let sources = match &entry.node.value {
                Value::List(nodes) => nodes.as_slice(),
                Value::Map(_) | Value::Text { .. } => std::slice::from_ref(&entry.node),
            };
            for source in sources {
                let Value::Map(merged) = &source.value else {
                    let problem =
                        finding(entry.key_span, format!("`<<` needs a map, found {}", source.kind()));
                    self.findings.push(hinted(problem, "write `<<: *name`, where `&name` marks a map"));
                    continue;
                };
                self.count_repeated(merged.len(), entry.key_span)?;
                for entry in merged.iter() {
                    if own.insert(Rc::clone(&entry.key), 0).is_none() {
                        resolved.push(entry.clone());
                    }
                }
            }
        }
        Ok(resolved)
    }
}

fn finding(span: Span, message: impl Into<String>) -> Finding {
    (span, Box::new(Problem::error(Place::Nowhere, message)))
}

fn hinted((span, problem): Finding, hint: impl Into<String>) -> Finding {
    (span, Box::new(problem.hint(hint)))
}

/// Where the quote stands that is open at `end`: the last one behind a space or a bracket. Any of its kind behind it
/// would have closed it.
fn open_quote(text: &str, end: Span) -> Option<Span> {
    let before = &text[..end.start];
    let opens = |at: &usize| before[..*at].ends_with([' ', '\n', '[', '{', ',', '(']);
    let start = before.rmatch_indices(['"', '\'']).map(|(at, _)| at).find(opens)?;
    let line_start = before[..start].rfind('\n').map_or(0, |at| at + 1);
    let count = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
    let line = count(before[..start].matches('\n').count());
    Some(Span { start, end: start + 1, line, column: count(before[line_start..start].chars().count()) })
}

/// What the parser stumbled over, in words for someone who does not know YAML's grammar. `innermost` is the list or
/// map that was open then.
fn syntax(text: &str, error: &ScanError, innermost: Option<Span>) -> Finding {
    let mark = error.marker();
    // At the end of the file the caret belongs under the last thing that was written.
    let start = mark.byte_offset().unwrap_or(0).min(text.len());
    let span = convert(granit_parser::Span::empty(*mark));
    let mut span = Span { start, end: start, ..span };
    let (message, hint) = match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => ("a tab cannot indent in YAML", "replace the tab by spaces"),
        ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar
        | ErrorKind::UnclosedQuotedScalar => {
            span = open_quote(text, span).unwrap_or(span);
            ("a quote is opened here and not closed", "add the closing quote at the end of the text")
        }
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => {
            span = innermost.unwrap_or(span);
            (
                "a bracket is opened here and not closed",
                "add the closing `]` or `}`, or the comma between two entries",
            )
        }
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping => {
            ("a bracket is opened here and never closed", "add the closing `]` or `}`")
        }
        ErrorKind::MismatchedFlowCollectionEnd { .. } | ErrorKind::MisplacedFlowCollectionEnd => {
            ("this bracket closes nothing", "check the brackets before it")
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            ("a colon followed by a space is not expected here", "put the text in quotes: \"like: this\"")
        }
        ErrorKind::RecursionLimitExceeded => {
            ("lists and maps are nested too deeply", "a manifest needs no more than six levels")
        }
        ErrorKind::InvalidTrailingDoubleQuotedScalar | ErrorKind::InvalidTrailingSingleQuotedScalar => {
            ("text goes on behind the closing quote", "put the whole text in quotes")
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::SimpleKeyExpected | ErrorKind::InvalidIndentation => {
            (
                "this line is indented like none of the lines above it",
                "put as many spaces before it as before the lines it stands beside",
            )
        }
        kind => {
            let problem = finding(span, format!("this is not valid YAML: {kind}"));
            let line = text[..start].rfind('\n').map_or(0, |end| end + 1)
                ..text[start..].find('\n').map_or(text.len(), |end| start + end);
            if text[line].contains("{{") {
                return hinted(problem, IN_QUOTES);
            }
            return hinted(problem, "put text that holds any of : # { } [ ] & * in quotes");
        }
    };
    hinted(finding(span, message), hint)
}
