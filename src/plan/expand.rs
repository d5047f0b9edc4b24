//! Makes jobs from the items of a manifest, one item at a time, and collects all problems together.
//!
//! Only the data that later items are compared with stays in memory.

use super::cells::{self, Cells};
use super::draft::{Draft, draft};
use super::order::{LinkBook, Look, RequestProblem, RequestProblems, is_link, order};
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

/// The process that makes jobs from the items of a manifest, one item after the other.
pub struct Expansion<'a> {
    manifest: &'a Manifest,
    cards: &'a Cards,
    links: &'a LinkBook,
    look: &'a mut Look<'a>,
    scope: Scope<'a>,
    /// Problems found while the templates of the jobs are filled in.
    drafting: Causes,
    /// Problems of jobs whose clips would have the same path.
    clashes: Causes,
    /// Problems found while the jobs' requests are checked.
    ordering: RequestProblems,
    /// The position of each output path in `owners`. The key is the digest of the path in lower case.
    paths: HashMap<Short, u32>,
    /// The first job with each output path.
    owners: Vec<Owner>,
    /// The keys of the jobs in `owners`, joined in one text: a million separate texts would need twice the memory.
    keys: String,
    /// True if the caller asked for links to pictures.
    with_links: bool,
    /// The unknown columns that have the prefix `shotlist_`.
    strange: BTreeSet<String>,
    /// The number of rows that the column `shotlist_skip` skips, and the sheet that contains them.
    skipped: (usize, Option<Place>),
    /// The digests that identify templates, by the model and the shot's position in the manifest.
    templates: HashMap<(usize, ModelName), Sha256>,
    /// The results for the items so far, except problems, which are collected separately.
    found: Expanded,
}

/// The facts that decide when a job is submitted: the priority of its item, and its template (its shot with its model).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Placed {
    /// The priority of the job's item; higher values go first.
    pub urgency: i64,
    /// A digest of the manifest's settings for the job's shot and model. `None` if the manifest has no `rollout`, which
    /// means that no clips are rendered first for a review.
    pub template: Option<Sha256>,
}

/// The results of making the jobs of all items: problems, links and counts. The jobs themselves are passed on one by
/// one.
#[derive(Debug, Default)]
pub struct Expanded {
    /// All problems, in four groups: of the selection of items, of templates, of output paths, and of requests. Each
    /// group has the order of the items.
    pub problems: Vec<Problem>,
    /// Every link to a picture, even of an invalid request; empty unless the caller asked for links.
    pub links: BTreeSet<String>,
    /// The optional fields that a model lacks, by model and field name, each with the number of jobs that leave it out.
    pub dropped: BTreeMap<(ModelName, String), usize>,
    /// The items that are skipped because of a problem.
    pub left_out: LeftOut,
    /// The number of valid jobs of all items.
    pub jobs: usize,
    /// The number of jobs with a known model, valid or not.
    pub drafts: usize,
    /// True if any job has a picture.
    pub has_pictures: bool,
}

impl<'a> Expansion<'a> {
    /// Starts making jobs. `links` has the results of checking linked pictures, and `look` reads local pictures.
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
            ordering: RequestProblems::default(),
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

    /// Also collects every link to a picture.
    #[must_use]
    pub fn with_links(self) -> Self {
        Self { with_links: true, ..self }
    }

    /// Makes all jobs of an item, and passes the valid ones to `take` with the item's priority.
    ///
    /// The order is that of the shots and, within a shot, of its matrix. If the manifest skips bad items, one problem
    /// of the item drops all its jobs.
    pub fn item(&mut self, subject: &Subject<'_>, take: &mut dyn FnMut(Wanted, Placed)) {
        let (mut drafting, mut ordering) = (Vec::new(), Vec::new());
        let mut wanted = Vec::with_capacity(self.manifest.shots.len());
        // An entry of the manifest has its own keys for these settings.
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
                        let reported = made
                            .and_then(|plain| self.reported(plain, &values, &mut drafting, &mut ordering));
                        if let Some(job) = reported {
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

    /// Returns a digest of the manifest's settings for a shot and a model. Returns `None` if the manifest has no
    /// `rollout`, which means that no clips are rendered first for a review.
    fn template(&mut self, shot: usize, model: &ModelName) -> Option<Sha256> {
        self.manifest.rollout?;
        if let Some(known) = self.templates.get(&(shot, model.clone())) {
            return Some(*known);
        }
        let identity = self.manifest.template_identity(&self.manifest.shots[shot], model);
        self.templates.insert((shot, model.clone()), identity);
        Some(identity)
    }

    /// Returns the job `plain` with the reviewer's feedback in its request, if the manifest uses feedback. Returns
    /// `None` if that request has an error.
    ///
    /// The fingerprint remains that of the request without feedback: a review alone never makes a job count as changed.
    fn reported(
        &mut self,
        plain: Wanted,
        values: &Values<'_>,
        drafting: &mut Vec<Problem>,
        ordering: &mut Vec<RequestProblem>,
    ) -> Option<Wanted> {
        let feedback = self.manifest.feedback.get(&plain.key).filter(|_| self.manifest.reads_feedback());
        let Some(feedback) = feedback else { return Some(plain) };
        let mut job = values.job.clone();
        job.context = job.context.with_feedback(feedback);
        let job = &job;
        let values = Values { job, ..*values };
        let draft = draft(values, self.cards, drafting)?;
        let reported = order(draft, &values, self.cards, self.links, &mut *self.look, ordering)?;
        // The take of this request is recognised by the likeness of the request without feedback.
        let likeness = Some(plain.likeness());
        Some(Wanted { request: reported.request, price: reported.price, likeness, ..plain })
    }

    /// Skips an item because its source has already reported a problem.
    pub fn leave_out(&mut self, item: &Item) {
        self.found.left_out.add(&item.id);
    }

    /// Returns the results for all items.
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

    /// Adds the pictures, links and left-out fields of a job to the results, and records the job's output path. `draft`
    /// is the job before its pictures are read.
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

    /// Records the output path of a job, and adds a problem if an earlier job has the same path, or a path that differs
    /// only in upper and lower case. `draft` is the job before its pictures are read.
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
            "several clips would get names that macOS and Windows treat as the same"
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

/// The first of all jobs with a certain output path, kept to find later jobs with the same path.
struct Owner {
    /// The position at which the job's key ends in the text of all keys.
    end: usize,
    /// The row or line of the job's item in its file.
    line: u32,
    /// The first bytes of the digest of this job's path as written. They show whether the path of a later job is equal,
    /// or differs in upper and lower case.
    exact: [u8; 4],
}

/// The items of the manifest that are skipped because of a problem. Their paid clips stay where they are.
#[derive(Debug, Clone, Default)]
pub struct LeftOut {
    items: HashSet<Short>,
    /// The number of rows whose ids cannot be read.
    pub nameless: usize,
}

impl LeftOut {
    /// Checks whether the item with this id was skipped.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.items.contains(&Sha256::of(id.as_bytes()).short())
    }

    /// Checks whether the item with this id was skipped, or may be one of the skipped items with unreadable ids.
    #[must_use]
    pub fn may_have(&self, id: &str) -> bool {
        self.nameless > 0 || self.has(id)
    }

    /// Returns the number of items that were skipped.
    #[must_use]
    pub fn count(&self) -> usize {
        self.items.len() + self.nameless
    }

    fn add(&mut self, id: &str) {
        self.items.insert(Sha256::of(id.as_bytes()).short());
    }
}

/// Checks whether a problem is an error of one item alone. If the manifest skips bad items, only this item is then
/// skipped.
#[must_use]
pub fn is_own_fault(problem: &Problem) -> bool {
    problem.is_error() && problem.of_item
}

/// Turns an error of one item alone into a warning, because only this item is skipped.
pub fn excuse(problem: &mut Problem) {
    if is_own_fault(problem) {
        problem.severity = Severity::Warning;
    }
}
