//! The keys of a manifest, each with a sentence for whoever writes one.
//!
//! The decoders know a key because it stands here, and the schema for editors is made from the same tables.

use crate::domain::request::Field;

/// The keys of a group of fields, with what each is for.
pub type Keys = [(&'static str, &'static str)];

/// Of the manifest itself.
pub const MANIFEST: &Keys = &[
    ("version", "The version of this format: 1."),
    ("project", "The name under which the work is remembered; by default the manifest's file name."),
    ("items", "What clips are made of: a product file, or a list."),
    ("vars", "Texts that every template can use: `{{ vars.look }}`."),
    ("defaults", "What holds for every shot that does not say otherwise."),
    ("presets", "Fields of shots under a name, for `extends`."),
    ("shots", "The kinds of clips, by name; each is made of every item."),
    ("output", "Where clips go, as a template; stays below the manifest's folder."),
    ("providers", "What differs from a provider's built-in settings, by its name."),
    ("models", "Corrections of model cards, and models that shotlist does not know yet."),
    ("prices", "What you pay where it is not the list price, by model."),
    (
        "on_ambiguous",
        "What to do with a paid request that got no answer: `hold`, or `resubmit` with a limit.",
    ),
    ("budget", "The most that may be spent, in US dollars."),
    ("guards", "What a run may order without being asked: beyond it, nothing is sent until somebody agrees."),
    ("reuse", "`never`: each job is paid for itself, also where another has the same clip; else `always`."),
    (
        "on_bad_item",
        "What to do where something is wrong with an item: `fail` (the default) sends nothing, `skip` leaves the item out.",
    ),
    (
        "on_missing",
        "What to do where a finished clip is gone: `tell` (the default; exit 3), `fetch` it again free, or `ignore` it.",
    ),
    (
        "image_identity",
        "When a picture is still that of a finished clip: the same `bytes` or `url` (the default), a link that differs in \
         its query alone (`url_without_query`), or a file that shows the same (`pixels`).",
    ),
    ("rollout", "Render a few clips of each shot and model first, and the rest once these are approved."),
    ("checks", "Thresholds of the automatic checks of clips, and which of them are not made."),
];

/// Keys of `rollout`.
pub const ROLLOUT: &Keys = &[
    ("canary", "The number of clips that are rendered first, of each shot and model; by default 10."),
    (
        "then",
        "When the rest is rendered: `approve` (the default) once every one of these is approved, or a rate: \
         `{ approve: 80% }`.",
    ),
];

/// Keys of `rollout.then`.
pub const THEN: &Keys = &[
    ("approve", "The share of clips that must turn out well, such as 80%: a test over random clips decides."),
    ("error", "The chance that the test stops or goes on wrongly; by default 5%."),
];

/// Keys of `checks`.
pub const CHECKS: &Keys = &[
    (
        "frames",
        "`auto` (the default) looks at the frames where ffmpeg is installed, `off` at the file's own data alone.",
    ),
    ("duration", "By how much a clip may be longer or shorter than ordered; by default `0.5s`."),
    ("size", "By how much each side of the picture may differ from the order; by default `3%`."),
    ("black", "For how long the picture may be black; by default `0.5s`."),
    ("frozen", "For how long the picture may stand still; by default `1s`."),
    ("bars", "What share of the height or width bars may take; by default `3%`."),
    (
        "hash",
        "In how many of the 63 bits of its perceptual hash a frame may differ from its picture; by default 12.",
    ),
    ("colour", "From which difference (CIEDE2000) on a product counts as recoloured; by default 6."),
    ("cut", "From which score on a change of the picture is a cut, from 0 to 100; by default 10."),
    ("flicker", "From which change of the mean brightness on a clip flickers, of 255; by default 0.8."),
    ("off", "Checks that are not made, such as `[cut]`."),
];

/// Of `budget`.
pub const BUDGET: &Keys = &[
    ("run", "By one run, together with the interrupted ones that it goes on with."),
    ("day", "By the project in a day (UTC)."),
    ("month", "By the project in a month (UTC)."),
];

/// Of `guards`.
pub const GUARDS: &Keys = &[
    ("max_jobs", "The most jobs that one run may order."),
    ("max_changed", "The most finished jobs that may get another clip: how many, or a share such as `20%`."),
    ("max_removed", "The most finished jobs that may be gone: how many, or a share such as `20%`."),
    ("max_new_spend", "The most that one run may order for, in US dollars."),
    (
        "max_in_doubt",
        "The most that may have been charged without an answer, in US dollars, before a run orders nothing more; by \
         default 2 or a hundredth of what the run costs, whichever is more.",
    ),
];

/// Of `items`, where they come from a file.
pub const ITEMS: &Keys = &[
    (
        "from",
        "The product file, seen from the manifest's folder: CSV, TSV, XLSX, JSON or an XML feed; - for standard input.",
    ),
    (
        "one_per",
        "What a shot makes one clip of: a product (the default), a variant, or an image that stands for variants.",
    ),
    ("dialect", "The program that wrote the file, where its headers leave that open."),
    ("sheet", "The sheet of a workbook; by default the first that has a header."),
    (
        "columns",
        "Which column is what, such as `{ title: Titel, image: [Bild, Foto] }`: a column, a path, or the first that is there.",
    ),
    ("encoding", "How the letters of a sheet are written, such as `windows-1250`; by default detected."),
    (
        "delimiter",
        "What separates the cells of a sheet: `comma`, `semicolon`, `tab` or `bar`; by default detected.",
    ),
    ("path", "Where the list of products is in a JSON document, such as `data.products`."),
    ("element", "The element of an XML document that holds a product, such as `SHOPITEM`."),
    ("join", "A sheet of your own beside the file: its filled cells replace those of the file."),
    (
        "where",
        "Which items are wanted, as a condition: `item.status == \"active\"`; numbers need `item.price|float > 5`.",
    ),
    ("all", "Whether drafts, archived products and what is sold out are made, too: true or false."),
];

/// Of `join` under `items`.
pub const JOIN: &Keys = &[
    ("from", "The sheet, seen from the manifest's folder."),
    ("on", "The column that both have in common, such as `id`."),
];

/// Of a shot and of `defaults`, beside the fields that all providers share.
pub const SHOT: &Keys = &[
    (
        "extends",
        "The presets whose fields it takes over, one or a list: later ones win, and its own fields over all.",
    ),
    (
        "matrix",
        "In which variants it is made: axes with lists of values, `exclude` (partial cells) and `include` (adds cells, or extends them).",
    ),
    ("when", "Of which items and cells it is made, as a condition over `item`, `vars` and `matrix`."),
    ("model", "The model that renders it, as `provider/model`; may be a template."),
    ("params", "What else the model documents, by the provider's own names."),
    (
        "optional",
        "Fields and parameters that are left out where the model lacks them or where they render empty.",
    ),
    ("output", "Where the clips of this shot go, as a template."),
    (
        "on_change",
        "What to do where the input of a finished clip changed: `render` it anew, `ask` first, or `keep` it.",
    ),
    (
        "reuse",
        "`never`: its clips are paid for themselves, also where another job has the same; else `always`.",
    ),
];

/// Of a matrix, beside its axes.
pub const MATRIX: &Keys = &[
    ("exclude", "Cells that are not made: values of some axes, by their ids."),
    (
        "include",
        "Entries go to the cells that they contradict in no axis, and make a cell of their own where there is none; `when` says for which items.",
    ),
];

/// Of a provider.
pub const PROVIDER: &Keys = &[
    ("base_url", "The address of its server."),
    ("api_key", "The environment variable that holds the key, as \"${NAME}\"; never the key itself."),
    ("limits", "How fast it may be used; what is left out comes from the model's card."),
];

/// Of a provider's `limits`.
pub const LIMITS: &Keys = &[
    ("concurrency", "Tasks at once."),
    ("rate", "Submissions, such as `60/min`."),
    ("per_day", "Submissions in a day (UTC)."),
    ("polls", "Questions after a task at once."),
    ("poll_rate", "Questions after tasks, such as `5/s`."),
    ("downloads", "Downloads at once."),
    (
        "first_poll",
        "From acceptance to the first question, such as `45s`; learned from finished tasks where it is not set.",
    ),
    ("poll_every", "Between questions, such as `10s`; learned from finished tasks where it is not set."),
];

/// Of a price.
pub const PRICE: &Keys = &[
    ("per", "What it is counted by: `clip` or `second`."),
    ("usd", "US dollars for one, such as \"0.20\"."),
    ("surcharges", "What some parameters add to a clip."),
];

/// Of a surcharge.
pub const SURCHARGE: &Keys = &[
    ("param", "The parameter that costs extra, as under `params`."),
    ("equals", "The value that costs extra."),
    ("usd", "US dollars that it adds to a clip."),
];

/// Of `on_ambiguous`, where it is not one word.
pub const ON_AMBIGUOUS: &Keys = &[("resubmit", "Send it again, although both may be paid.")];

/// Of `on_ambiguous.resubmit`.
pub const RESUBMIT: &Keys = &[("max_extra_spend", "The most that may be paid twice in all, in US dollars.")];

/// In a model's entry: the model from whose card a new one starts. All its other keys are parts of a card.
pub const LIKE: (&str, &str) =
    ("like", "The model from whose card this one starts; only for a model that shotlist does not know.");

/// The parts of a model's entry that are lists of rules, merged by the names of the rules.
pub const RULES: [&str; 2] = ["fields", "params"];

/// What a field that all providers share is for.
#[must_use]
pub const fn field(field: Field) -> &'static str {
    match field {
        Field::Prompt => "What is to be seen, as a template.",
        Field::Image => "The picture, or the first frame: a web address, or a file seen from the manifest.",
        Field::LastImage => "The last frame.",
        Field::ReferenceImages => "Pictures whose subjects are to appear.",
        Field::Duration => "Seconds.",
        Field::AspectRatio => "The shape, such as \"16:9\".",
        Field::Size => "Pixels, such as 1280x720.",
        Field::Seed => "A number for models that can repeat themselves.",
        Field::Audio => "Whether sound is wanted.",
        Field::Style => "The model's word for a look.",
        Field::Motion => "The model's word for the amount of movement.",
    }
}

/// The names alone.
pub(super) fn names(keys: &Keys) -> Vec<&'static str> {
    keys.iter().map(|(name, _)| *name).collect()
}
