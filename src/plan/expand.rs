//! Items × shots: every item becomes its jobs as it comes, with all problems at once.
//!
//! Of an item nothing is kept but what others are held against.

use super::cells::{self, Cells};
use super::draft::{Draft, draft};
use super::order::{LinkBook, Look, Wrong, Wrongs, is_link, order};
use super::scope::Scope;
use super::values::{Subject, Values};
use crate::domain::digest::{Sha256, Short};
use crate::domain::fault::printable;
use crate::domain::item::Item;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::problem::{Causes, Place, Problem, Severity};
use crate::domain::take::Wanted;
use crate::manifest::{Manifest, OnBadItem, output};
use crate::provider::cards::Cards;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// A manifest at work on one item after the other.
pub struct Expansion<'a> {
    manifest: &'a Manifest,
    cards: &'a Cards,
    links: &'a LinkBook,
    look: &'a mut Look<'a>,
    scope: Scope<'a>,
    /// What is wrong with drafts.
    drafting: Causes,
    /// Clips of one name.
    clashes: Causes,
    /// What is wrong with orders.
    ordering: Wrongs,
    /// Output paths without upper and lower case, each with the position of its owner …
    paths: HashMap<Short, u32>,
    /// … among these …
    owners: Vec<Owner>,
    /// … and the owners' job keys, one behind the other: a million texts of their own would take twice the memory.
    keys: String,
    /// Whether links to pictures are asked for.
    with_links: bool,
    /// Columns of rows that look like ours and are not.
    strange: BTreeSet<String>,
    /// How many rows are left out by a cell of their own, and the sheet that they are in.
    skipped: (usize, Option<Place>),
    /// Identities of templates by the number of the shot and the model.
    templates: HashMap<(usize, ModelName), Sha256>,
    /// All but its problems.
    found: Expanded,
}

/// The place of a job among all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Placed {
    /// Priority of its item; higher goes first.
    pub urgency: i64,
    /// Identity of the template of its shot and model; `None` if the manifest has no rollout.
    pub template: Option<Sha256>,
}

/// What was found out about all items together.
#[derive(Debug, Default)]
pub struct Expanded {
    /// What is wrong or doubtful: with what is wanted, with drafts, with output paths, with orders, each in the order of the items.
    pub problems: Vec<Problem>,
    /// Every link to a picture, whether or not its order is right; empty where nobody asked for them.
    pub links: BTreeSet<String>,
    /// Fields that a model lacks and that were left out, as the shot allows: by model and name, in how many jobs.
    pub dropped: BTreeMap<(ModelName, String), usize>,
    /// Items that make no job because something is wrong with them.
    pub left_out: LeftOut,
    /// How many jobs are right.
    pub jobs: usize,
    /// Number of jobs, right or not.
    pub drafts: usize,
    /// Whether any of them has a picture.
    pub has_pictures: bool,
}

impl<'a> Expansion<'a> {
    /// Begins. `links` is what is known of linked pictures, `look` finds out about local ones.
    #[must_use]
    pub fn new(
        manifest: &'a Manifest,
        cards: &'a Cards,
        links: &'a LinkBook,
        look: &'a mut Look<'a>,
    ) -> Self {
        Self {
            manifest,
            cards,
            links,
            look,
            scope: Scope::new(manifest),
            drafting: Causes::default(),
            clashes: Causes::default(),
            ordering: Wrongs::default(),
            paths: HashMap::new(),
            owners: Vec::new(),
            keys: String::new(),
            with_links: false,
            strange: BTreeSet::new(),
            skipped: (0, None),
            templates: HashMap::new(),
            found: Expanded::default(),
        }
    }

    /// Keeps every link to a picture, too.
    #[must_use]
    pub fn with_links(self) -> Self {
        Self { with_links: true, ..self }
    }

    /// Renders every job of an item and hands on those that are right, with the item's priority, in the order of the shots and, within a
    /// shot, of its matrix. Of an item with which something is wrong none is handed on where the manifest says so.
    pub fn item(&mut self, subject: &Subject<'_>, take: &mut dyn FnMut(Wanted, Placed)) {
        let (mut drafting, mut ordering) = (Vec::new(), Vec::new());
        let mut wanted = Vec::with_capacity(self.manifest.shots.len());
        // An entry of the manifest has keys of its own for all this.
        let cells = match subject.own {
            Some(_) => Cells::default(),
            None => Cells::read(&subject.item, &mut self.strange, &mut drafting),
        };
        let context = self.manifest.item(Arc::clone(&subject.item));
        let is_wanted = if cells.is_skipped {
            self.skipped = (self.skipped.0 + 1, cells::sheet(&subject.item));
            Ok(false)
        } else {
            self.scope.wants(subject, &context)
        };
        match is_wanted {
            Ok(true) => {
                for (number, shot) in self.manifest.shots.iter().enumerate() {
                    drafting.extend(cells.against(&subject.item, shot));
                    for job in context.jobs(shot) {
                        self.scope.made(number);
                        let job = match job {
                            Ok(job) => job,
                            Err(problem) => {
                                drafting.push(*problem);
                                continue;
                            }
                        };
                        let values =
                            Values { manifest: self.manifest, shot, subject, job: &job, cells: &cells };
                        let Some(draft) = draft(values, self.cards, &mut drafting) else { continue };
                        self.note(&values, &draft);
                        let (cards, links) = (self.cards, self.links);
                        let made = order(draft, &values, cards, links, &mut *self.look, &mut ordering);
                        let told =
                            made.and_then(|plain| self.told(plain, &values, &mut drafting, &mut ordering));
                        if let Some(job) = told {
                            let template = self.template(number, &job.request.model);
                            wanted.push((job, template));
                        }
                    }
                }
            }
            Ok(false) => {}
            Err(problem) => drafting.push(*problem),
        }
        let problems = drafting.iter_mut().chain(ordering.iter_mut().map(|(problem, _)| problem));
        let is_skipped = self.manifest.on_bad_item == OnBadItem::Skip;
        if problems.filter(|problem| is_skipped && is_own_fault(problem)).map(excuse).count() > 0 {
            self.found.left_out.add(&subject.item.id);
            wanted.clear();
        }
        self.drafting.extend(drafting);
        for wrong in ordering {
            self.ordering.add(wrong);
        }
        self.found.jobs += wanted.len();
        for (job, template) in wanted {
            take(job, Placed { urgency: cells.priority, template });
        }
    }

    /// Returns the identity of a shot's template for a model, where the manifest has a rollout.
    fn template(&mut self, shot: usize, model: &ModelName) -> Option<Sha256> {
        self.manifest.rollout?;
        if let Some(known) = self.templates.get(&(shot, model.clone())) {
            return Some(*known);
        }
        let identity = self.manifest.template_identity(&self.manifest.shots[shot], model);
        self.templates.insert((shot, model.clone()), identity);
        Some(identity)
    }

    /// Returns an order with what a reviewer said about the clip of the job, where the manifest has a place for that.
    ///
    /// The fingerprint is that of the order without these words: a review alone never changes an order.
    fn told(
        &mut self,
        plain: Wanted,
        values: &Values<'_>,
        drafting: &mut Vec<Problem>,
        ordering: &mut Vec<Wrong>,
    ) -> Option<Wanted> {
        let feedback = self.manifest.feedback.get(&plain.key).filter(|_| self.manifest.reads_feedback());
        let Some(feedback) = feedback else { return Some(plain) };
        let mut job = values.job.clone();
        job.context = job.context.with_feedback(feedback);
        let job = &job;
        let values = Values { job, ..*values };
        let draft = draft(values, self.cards, drafting)?;
        let told = order(draft, &values, self.cards, self.links, &mut *self.look, ordering)?;
        // The take of this order is known by the likeness of the order without.
        let likeness = Some(plain.likeness());
        Some(Wanted { request: told.request, price: told.price, likeness, ..plain })
    }

    /// Leaves an item out about which its source has said what is wrong.
    pub fn leave_out(&mut self, item: &Item) {
        self.found.left_out.add(&item.id);
    }

    /// What was found out about all items.
    #[must_use]
    pub fn finish(self) -> Expanded {
        let mut problems = self.scope.finish();
        problems.extend(self.drafting.finish());
        problems.extend(self.clashes.finish());
        problems.extend(self.ordering.finish());
        let (rows, sheet) = self.skipped;
        problems.extend(cells::left_out(sheet, rows));
        Expanded { problems, ..self.found }
    }

    /// Keeps what is told of all drafts together.
    fn note(&mut self, values: &Values<'_>, draft: &Draft) {
        self.found.drafts += 1;
        self.found.has_pictures |= draft.pictures.all().next().is_some();
        if self.with_links {
            self.found.links.extend(draft.pictures.all().filter(|text| is_link(text)).cloned());
        }
        for name in &draft.dropped {
            *self.found.dropped.entry((draft.card.name.clone(), name.clone())).or_default() += 1;
        }
        if !draft.path.is_empty() {
            self.claim(values, draft);
        }
    }

    /// Two clips must not get one name, also not on a disk that ignores case.
    fn claim(&mut self, values: &Values<'_>, draft: &Draft) {
        let folded = output::fold(&draft.path);
        let exact = Sha256::of(draft.path.as_bytes());
        let digest = if folded == draft.path { exact } else { Sha256::of(folded.as_bytes()) };
        let [a, b, c, d, ..] = exact.0;
        let exact = [a, b, c, d];
        let first = match self.paths.entry(digest.short()) {
            Entry::Occupied(first) => *first.get() as usize,
            Entry::Vacant(free) => {
                free.insert(u32::try_from(self.owners.len()).unwrap_or(u32::MAX));
                self.keys.push_str(&draft.key.to_string());
                let line = u32::try_from(values.item().line()).unwrap_or(u32::MAX);
                self.owners.push(Owner { end: self.keys.len(), line, exact });
                return;
            }
        };
        let start = first.checked_sub(1).map_or(0, |before| self.owners[before].end);
        let first = &self.owners[first];
        let Ok(first_key) = self.keys[start..first.end].parse::<JobKey>() else { return };
        let output = values.output();
        let (same_shot, same_path) = (first_key.shot == draft.key.shot, first.exact == exact);
        let same_item = first_key.item == draft.key.item;
        let message = if same_path {
            "several clips would get the same file name"
        } else {
            "several clips would get names that macOS and Windows take for the same"
        };
        let has_id = output.columns().iter().any(|column| column == "id");
        let hint = match (same_shot, same_path) {
            (true, _) if same_item => {
                "add the variant to the name: `output: \"renders/{{ item.id }}_{{ shot }}_{{ variant }}.mp4\"`"
            }
            (false, true) => "add the shot to the name: `output: \"renders/{{ item.id }}_{{ shot }}.mp4\"`",
            (false, false) => {
                "rename one of the shots, so that they differ in more than upper and lower case"
            }
            (true, _) if !has_id => {
                "add the id to the name: `output: \"renders/{{ item.id }}_{{ shot }}.mp4\"`"
            }
            (true, true) => "change one of the ids, or write `{{ item.id }}` without a filter",
            (true, false) => "change one of the ids, so that they differ in more than upper and lower case",
        };
        let mut problem = Problem::error(output.place(), message).hint(hint);
        let [one, other] = if same_shot && !same_item {
            let first = values.item().neighbour(first_key.item.into_raw(), first.line.into());
            [&first, values.item()].map(|item| item.example(&["id".to_owned()]))
        } else {
            [&first_key, &draft.key].map(JobKey::to_string)
        };
        problem.examples = vec![format!("{one} and {other} → {}", printable(&draft.path))];
        self.clashes.add(problem);
    }
}

/// The job that was the first to get an output path.
struct Owner {
    /// Where its key ends among those of all owners.
    end: usize,
    /// Where its item was written.
    line: u32,
    /// The start of the digest of the path as it is written.
    exact: [u8; 4],
}

/// Items that make no job, though the manifest wants them: what was paid for them stays where it is.
#[derive(Debug, Clone, Default)]
pub struct LeftOut {
    items: HashSet<Short>,
    /// Rows of which not even the id can be read.
    pub nameless: usize,
}

impl LeftOut {
    /// Whether the item of that id is one.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.items.contains(&Sha256::of(id.as_bytes()).short())
    }

    /// Whether the item of that id may be one: it is, or there are rows whose ids nobody can read.
    #[must_use]
    pub fn may_have(&self, id: &str) -> bool {
        self.nameless > 0 || self.has(id)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.items.len() + self.nameless
    }

    fn add(&mut self, id: &str) {
        self.items.insert(Sha256::of(id.as_bytes()).short());
    }
}

/// Whether an item is left out for it, where the manifest says so.
#[must_use]
pub fn is_own_fault(problem: &Problem) -> bool {
    problem.is_error() && problem.of_item
}

/// Says of a problem for which an item is left out that the others go on.
pub fn excuse(problem: &mut Problem) {
    if is_own_fault(problem) {
        problem.severity = Severity::Warning;
    }
}
