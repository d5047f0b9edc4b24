//! Items × shots: every item becomes its jobs as it comes, with all problems at once.
//!
//! Of an item nothing is kept but what others are held against.

use super::draft::{Draft, draft};
use super::order::{LinkBook, Look, Wrongs, is_link, order};
use super::scope::Scope;
use super::values::{Subject, Values};
use crate::domain::fault::printable;
use crate::domain::item::Item;
use crate::domain::key::{JobKey, ModelName};
use crate::domain::problem::Problem;
use crate::domain::take::Wanted;
use crate::manifest::{Manifest, output};
use crate::provider::cards::Cards;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// A manifest at work on one item after the other.
pub struct Expansion<'a> {
    manifest: &'a Manifest,
    cards: &'a Cards,
    links: &'a LinkBook,
    look: &'a mut Look<'a>,
    scope: Scope<'a>,
    /// What is wrong with drafts.
    drafting: Vec<Problem>,
    /// Clips of one name.
    clashes: Vec<Problem>,
    /// What is wrong with orders.
    ordering: Wrongs,
    /// Who has an output path, without upper and lower case.
    owners: HashMap<String, Owner>,
    linked: BTreeSet<String>,
    dropped: BTreeMap<(ModelName, String), usize>,
}

/// What was found out about all items together.
#[derive(Debug, Default)]
pub struct Expanded {
    /// What is wrong or doubtful: with what is wanted, with drafts, with output paths, with orders, each in the order of the items.
    pub problems: Vec<Problem>,
    /// Every link to a picture, whether or not its order is right.
    pub links: BTreeSet<String>,
    /// Fields that a model lacks and that were left out, as the shot allows: by model and name, in how many jobs.
    pub dropped: BTreeMap<(ModelName, String), usize>,
}

/// The job that an output path belongs to.
struct Owner {
    key: JobKey,
    item: Arc<Item>,
    path: String,
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
            drafting: Vec::new(),
            clashes: Vec::new(),
            ordering: Wrongs::default(),
            owners: HashMap::new(),
            linked: BTreeSet::new(),
            dropped: BTreeMap::new(),
        }
    }

    /// Renders every job of an item and hands on those that are right, in the order of the shots and, within a
    /// shot, of its matrix.
    pub fn item(&mut self, subject: &Subject<'_>, take: &mut dyn FnMut(Wanted)) {
        let context = self.manifest.item(Arc::clone(&subject.item));
        match self.scope.wants(subject, &context) {
            Ok(true) => {}
            Ok(false) => return,
            Err(problem) => return self.drafting.push(*problem),
        }
        for (number, shot) in self.manifest.shots.iter().enumerate() {
            for job in context.jobs(shot) {
                self.scope.made(number);
                let job = match job {
                    Ok(job) => job,
                    Err(problem) => {
                        self.drafting.push(*problem);
                        continue;
                    }
                };
                let values = Values { manifest: self.manifest, shot, subject, job: &job };
                let Some(draft) = draft(values, self.cards, &mut self.drafting) else { continue };
                self.note(&values, &draft);
                let (cards, links) = (self.cards, self.links);
                if let Some(wanted) = order(draft, &values, cards, links, &mut *self.look, &mut self.ordering)
                {
                    take(wanted);
                }
            }
        }
    }

    /// What was found out about all items.
    #[must_use]
    pub fn finish(self) -> Expanded {
        let mut problems = self.scope.finish();
        problems.extend(self.drafting);
        problems.extend(self.clashes);
        problems.extend(self.ordering.finish());
        Expanded { problems, links: self.linked, dropped: self.dropped }
    }

    /// Keeps what is told of all drafts together.
    fn note(&mut self, values: &Values<'_>, draft: &Draft) {
        let links = draft.pictures.all().filter(|text| is_link(text));
        self.linked.extend(links.cloned());
        for name in &draft.dropped {
            *self.dropped.entry((draft.card.name.clone(), name.clone())).or_default() += 1;
        }
        if !draft.path.is_empty() {
            self.claim(values, draft);
        }
    }

    /// Two clips must not get one name, also not on a disk that ignores case.
    fn claim(&mut self, values: &Values<'_>, draft: &Draft) {
        let folded = output::fold(&draft.path);
        let Some(first) = self.owners.get(&folded) else {
            let item = Arc::clone(&values.subject.item);
            let owner = Owner { key: draft.key.clone(), item, path: draft.path.clone() };
            self.owners.insert(folded, owner);
            return;
        };
        let output = values.output();
        let (same_shot, same_path) = (first.key.shot == draft.key.shot, first.path == draft.path);
        let same_item = first.key.item == draft.key.item;
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
            [&*first.item, values.item()].map(|item| item.example(&["id".to_owned()]))
        } else {
            [&first.key, &draft.key].map(JobKey::to_string)
        };
        problem.examples = vec![format!("{one} and {other} → {}", printable(&draft.path))];
        self.clashes.push(problem);
    }
}
