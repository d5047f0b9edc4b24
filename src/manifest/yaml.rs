//! Reads YAML into a tree with places. Anchors, aliases and merge keys are resolved; every scalar is text as written.
//!
//! The tree is built from the parser's events and not with serde, because serde would turn texts into typed values.
//! Here `0123`, `no`, `1e3` and `1_000` are names of products.

use super::source::Span;
use super::syntax::{Finding, convert, finding, hinted, in_quotes, section, syntax};
use serde_yaml::granit_parser::{self, Event, Parser, ScalarStyle};
use std::collections::HashMap;
use std::rc::Rc;

/// A node of the YAML tree. Copies of a node share the nodes below it, so that a thousand aliases cost no more than
/// one.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) value: Value,
    /// The number of nodes in the tree that consists of this node and all nodes below it. A node that aliases (`*name`)
    /// repeat is counted each time.
    size: usize,
    /// The number of nested levels below the node.
    depth: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Text {
        text: Rc<str>,
        /// True if the text is written without quotes in the file.
        plain: bool,
    },
    List(Rc<Vec<Node>>),
    Map(Rc<Vec<Entry>>),
}

/// A key of a map, with its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: Rc<str>,
    pub(super) key_span: Span,
    pub(super) node: Node,
}

impl Node {
    /// Returns whether the value is empty or YAML's word for null.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Text { text, plain: true }
            if matches!(&**text, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// Returns whether the value is a number without quotes that begins with a digit, such as `5` or `0.20`.
    pub(super) fn is_number(&self) -> bool {
        matches!(&self.value, Value::Text { text, plain: true }
            if text.starts_with(|first: char| first.is_ascii_digit()) && text.parse::<f64>().is_ok())
    }

    /// Returns the words for the node's kind in messages, such as `a list`.
    pub(super) fn kind(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "nothing",
            Value::Text { .. } if self.is_number() => "a number",
            Value::Text { .. } => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a group of fields",
        }
    }
}

/// The maximum number of nodes in a file: a catalog of 100,000 items with 20 columns has four million nodes.
const NODES: usize = 5_000_000;
/// The maximum number of nodes that aliases and merge keys may add. A file with more is an attack, or belongs in a
/// sheet.
const REPEATED: usize = 1_000_000;
/// The maximum number of nested levels in a manifest. A real manifest needs six.
const DEPTH: usize = 64;

/// Reads one YAML document. If no tree is returned, the findings hold the reason; with a tree, there may be findings
/// too.
pub(super) fn read(text: &str) -> (Option<Node>, Vec<Finding>) {
    let mut options = granit_parser::Options::default();
    options.emit_unresolved_aliases = true;
    options.flow_nesting_limit = DEPTH;
    options.block_nesting_limit = DEPTH;
    options.set_emit_comments(false);
    let mut composer = Composer { text, ..Composer::default() };
    for event in Parser::new_from_str_with_options(text, options) {
        let going_on = match event {
            Ok((event, span)) => composer.take(event, span),
            Err(error) => Err(syntax(text, &error, composer.open.last().map(|open| open.span))),
        };
        if let Err((span, problem)) = going_on {
            // An earlier finding on this line is most likely the cause of the parser's error.
            if composer.findings.iter().all(|(known, _)| known.line != span.line) {
                composer.findings.push((span, problem));
            }
            return (None, composer.findings);
        }
    }
    (composer.root, composer.findings)
}

/// A list or map that is not closed yet.
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
        /// True if one of the map's keys was not a string, which is reported. The whole map is then read as an empty
        /// string, so that no further problems of the map are reported.
        broken: bool,
    },
}

#[derive(Default)]
struct Composer<'a> {
    text: &'a str,
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    findings: Vec<Finding>,
    nodes: usize,
    repeated: usize,
}

impl Composer<'_> {
    /// Handles the parser's next event; an error ends the reading.
    fn take(&mut self, event: Event<'_>, at: granit_parser::Span) -> Result<(), Finding> {
        if let Some(tag) = event.tag().filter(|tag| !tag.is_yaml_core_schema()) {
            let problem = finding(
                convert(at.tag_span().unwrap_or(at)),
                format!("the tag `{}` has no meaning here", tag.original()),
            );
            self.findings.push(hinted(
                problem,
                "remove the tag and write only the value: the name of the setting decides whether it is a number or text",
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
                // The parser writes `~` for a missing value.
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
                let problem = finding(span, format!("there is no `&{name}` above this `*{name}`"));
                Err(hinted(
                    problem,
                    format!("give the value a name first: `&{name} value`; or quote the text"),
                ))
            }
            _ => Ok(()),
        }
    }

    /// Puts a copy of an anchored node in the place of an alias.
    fn repeat(&mut self, anchor: usize, span: Span) -> Result<(), Finding> {
        let Some(node) = self.anchors.get(&anchor).cloned() else {
            return Err(finding(span, "this alias is inside the value that it names"));
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
                "write the items into a sheet and name the sheet: `items: { from: items.csv }`",
            ));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.place(node);
        Ok(())
    }

    /// Adds a finished node to its list or map.
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
                    // YAML reads a template without quotes as a map within a map.
                    let (bytes, mut span) = (self.text.as_bytes(), key.span);
                    if span.start > 0 && bytes[span.start - 1] == b'{' && span.column > 1 {
                        span = Span { start: span.start - 1, column: span.column - 1, ..span };
                        span.end += usize::from(bytes.get(span.end) == Some(&b'}'));
                    }
                    let problem = finding(span, "a string that begins with a bracket must be in quotes");
                    self.findings.push(hinted(problem, in_quotes(self.text, span.start)));
                }
            },
        }
    }

    /// Returns the entries of a map with its merge keys (`<<`) resolved, and reports keys that occur twice.
    ///
    /// A map's own entries win over merged ones, and earlier merged entries win over later ones.
    fn merged(&mut self, entries: Vec<Entry>) -> Result<Vec<Entry>, Finding> {
        let mut own: HashMap<Rc<str>, u32> = HashMap::with_capacity(entries.len());
        let mut kept = Vec::with_capacity(entries.len());
        for entry in entries {
            if &*entry.key != "<<"
                && let Some(line) = own.insert(Rc::clone(&entry.key), entry.key_span.line)
            {
                let problem = finding(entry.key_span, format!("`{}` occurs twice", entry.key));
                self.findings.push(hinted(problem, format!("the first is on line {line}; keep one of them")));
            }
            // The second entry of a name is kept, too: it may hold a key that must not be shown.
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
                    let problem = self.not_a_group(&entry, source);
                    self.findings.push(problem);
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

    /// Returns the problem with a merge key that does not name a map.
    fn not_a_group(&self, merge: &Entry, named: &Node) -> Finding {
        let before = self.text[..named.span.start].trim_end();
        let (key, name) = before.rsplit_once('&').unwrap_or((before, ""));
        let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
        let what = if is_name { format!("`{name}`") } else { "this".to_owned() };
        let message = format!("{what} is {}; only a group of fields can be inserted with `<<`", named.kind());
        let remove = if is_name { format!("remove `<<: *{name}`") } else { "remove `<<`".to_owned() };
        let key = key.trim_end().strip_suffix(':').and_then(|text| text.rsplit([' ', '\n', '{', ',']).next());
        let hint = match key {
            Some(key) if is_name && section(self.text, named.span.start) == "vars" => {
                format!("{remove}; to use the string, write `{{{{ vars.{key} }}}}`")
            }
            _ => remove,
        };
        hinted(finding(merge.key_span, message), hint)
    }
}
