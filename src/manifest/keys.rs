//! The keys of a manifest, each with a sentence that explains it to the manifest's author.
//!
//! The decoders accept the keys of these tables, and the schema for editors is made from them too.

use crate::domain::request::Field;

/// A table of keys in one part of a manifest, each with its description.
pub type Keys = [(&'static str, &'static str)];

/// The keys at the top level of a manifest.
pub const MANIFEST: &Keys = &[
    ("version", "The version of this format: 1."),
    (
        "project",
        "The name of the project, under which its records are stored; by default the manifest's file name.",
    ),
    ("items", "The items for which clips are made: a product file, or a list."),
    ("vars", "Texts that every template can use: `{{ vars.look }}`."),
    ("defaults", "The fields of every shot that does not set them itself."),
    ("presets", "Named groups of shot fields, for `extends`."),
    ("shots", "The kinds of clips, by name; each is made for every item."),
    ("output", "The path of clips, as a template, below the manifest's folder."),
    ("providers", "Changes of a provider's built-in settings, by its name."),
    ("models", "Corrections of model cards, and models that shotlist does not know yet."),
    ("prices", "The prices that you pay, if they differ from the list prices, by model."),
    (
        "on_ambiguous",
        "The action for a paid request that got no answer: `hold` it for your decision, or `resubmit` it with a limit.",
    ),
    ("budget", "The budgets, in US dollars."),
    ("guards", "Limits of a run: above them, nothing is sent until you approve."),
    (
        "reuse",
        "`never`: each job is paid separately, even if another job has the same clip; `always` (the default) shares \
         it.",
    ),
    (
        "on_bad_item",
        "The action for an item with an error: `fail` (the default) sends nothing, `skip` leaves the item out.",
    ),
    (
        "on_missing",
        "The action for a missing finished clip: `tell` (report it and exit with 3; the default), `fetch` it again \
         free, or `ignore` it.",
    ),
    (
        "image_identity",
        "The rule by which a picture counts as equal to the picture of a finished clip: the same \
         `bytes` or `url` (the default), a link that differs in its query only (`url_without_query`), or a file that \
         looks the same (`pixels`).",
    ),
    (
        "rollout",
        "Render a few clips of each shot and model first, and the remaining clips once these are approved.",
    ),
    ("checks", "The thresholds of the automatic checks of clips, and the checks that are switched off."),
];

/// The keys of `rollout`.
pub const ROLLOUT: &Keys = &[
    ("canary", "The number of clips that are rendered first, of each shot and model; by default 10."),
    (
        "then",
        "The condition for rendering the remaining clips: `approve` (the default) once each of these clips is \
         approved, or a rate: `{ approve: 80% }`.",
    ),
];

/// The keys of `rollout.then`.
pub const THEN: &Keys = &[
    ("approve", "The share of clips that must be approved, such as 80%: a test over random clips decides."),
    ("error", "The chance that the test stops or goes on wrongly; by default 5%."),
];

/// The keys of `checks`.
pub const CHECKS: &Keys = &[
    (
        "frames",
        "`auto` (the default) checks the frames if ffmpeg is installed, `off` checks only the file's own data.",
    ),
    ("duration", "The maximum difference from the requested length; by default `0.5s`."),
    ("size", "The maximum difference of each side from the requested size; by default `3%`."),
    ("black", "The maximum time for which the picture is black; by default `0.5s`."),
    ("frozen", "The maximum time without motion; by default `1s`."),
    ("bars", "The maximum share of the height or width that black or white bars take; by default `3%`."),
    (
        "hash",
        "The maximum number of the 63 bits of the perceptual hash in which a frame differs from its picture; by \
         default 12.",
    ),
    (
        "colour",
        "The difference of colours (CIEDE2000) from which a product counts as recoloured; by default 6.",
    ),
    (
        "cut",
        "The score from which a change between two frames counts as a cut, from 0 to 100; by default 10.",
    ),
    ("flicker", "The change of the mean brightness, of 255, from which a clip flickers; by default 0.8."),
    ("off", "The checks that are switched off, such as `[cut]`."),
];

/// The keys of `budget`.
pub const BUDGET: &Keys = &[
    ("run", "The budget of one run, together with the interrupted runs that it continues."),
    ("day", "The budget of the project in a day (UTC)."),
    ("month", "The budget of the project in a month (UTC)."),
];

/// The keys of `guards`.
pub const GUARDS: &Keys = &[
    ("max_jobs", "The maximum number of jobs that one run may request."),
    (
        "max_changed",
        "The maximum number of finished jobs that may get another clip, or a share such as `20%`.",
    ),
    (
        "max_removed",
        "The maximum number of finished jobs that may drop out of the plan, or a share such as `20%`.",
    ),
    ("max_new_spend", "The maximum cost of the jobs that one run may request, in US dollars."),
    (
        "max_in_doubt",
        "The maximum total price of unanswered requests (perhaps charged), in US dollars, above which a \
         run requests nothing more; by default 2 or a hundredth of the run's cost, whichever is more.",
    ),
];

/// The keys of `items` for a product file.
pub const ITEMS: &Keys = &[
    (
        "from",
        "The path of the product file from the manifest's folder: CSV, TSV, XLSX, JSON or an XML feed; - for \
         standard input.",
    ),
    (
        "one_per",
        "The unit for which a shot makes one clip: a product (the default), a variant, or an image of variants.",
    ),
    ("dialect", "The program that wrote the file, if its headers do not show it."),
    ("sheet", "The sheet of a workbook; by default the first that has a header."),
    (
        "columns",
        "The columns of fields, such as `{ title: Titel, image: [Bild, Foto] }`: a column, a path, or a list of \
         which the first found is read.",
    ),
    ("encoding", "The encoding of a sheet, such as `windows-1250`; by default detected."),
    (
        "delimiter",
        "The character between the cells of a sheet: `comma`, `semicolon`, `tab` or `bar`; by default detected.",
    ),
    ("path", "The path of the list of products in a JSON document, such as `data.products`."),
    ("element", "The element of an XML document that holds a product, such as `SHOPITEM`."),
    ("join", "A second sheet of your own: its filled cells replace the cells of the product file."),
    (
        "where",
        "The condition for the items that are used: `item.status == \"active\"`; numbers need `item.price|float > 5`.",
    ),
    ("all", "Drafts, archived and sold-out products are used too: true or false."),
];

/// The keys of `join` under `items`.
pub const JOIN: &Keys = &[
    ("from", "The path of the second sheet, from the manifest's folder."),
    ("on", "The column that both files have, such as `id`."),
];

/// The keys of a shot and of `defaults`, in addition to the fields that all providers share.
pub const SHOT: &Keys = &[
    (
        "extends",
        "The presets whose fields the shot uses, one or a list: later ones win over earlier ones, and the shot's \
         own fields over all.",
    ),
    (
        "matrix",
        "The variants that are made: axes with lists of values, `exclude` (partial cells) and `include` (adds or \
         extends cells).",
    ),
    (
        "when",
        "The condition for the items and cells for which clips are made, over `item`, `vars` and `matrix`.",
    ),
    ("model", "The model that renders the clips, as `provider/model`; may be a template."),
    ("params", "Other documented parameters of the model, by the provider's own names."),
    ("optional", "Fields and parameters that are left out if the model lacks them or if they render empty."),
    ("output", "The path of this shot's clips, as a template."),
    (
        "on_change",
        "The action for a finished clip whose input changed: `render` it again, `ask` first, or `keep` it.",
    ),
    (
        "reuse",
        "`never`: each clip of the shot is paid separately, even if another job has the same clip; `always` shares \
         them.",
    ),
];

/// The keys of a matrix, in addition to its axes.
pub const MATRIX: &Keys = &[
    ("exclude", "The cells that are not made: values of some axes, by their ids."),
    (
        "include",
        "Each entry extends the cells that it contradicts in no axis, or makes its own cell if there are none; \
         `when` is the condition for items.",
    ),
];

/// The keys of a provider's entry under `providers`.
pub const PROVIDER: &Keys = &[
    ("base_url", "The address of the provider's server."),
    ("api_key", "The environment variable that holds the API key, as \"${NAME}\"; never the key itself."),
    ("limits", "The limits of speed and concurrency; a missing limit comes from the model's card."),
];

/// The keys of a provider's `limits`.
pub const LIMITS: &Keys = &[
    ("concurrency", "The maximum number of tasks at the same time."),
    ("rate", "The maximum rate of submissions, such as `60/min`."),
    ("per_day", "The maximum number of submissions in a day (UTC)."),
    ("polls", "The maximum number of polls at the same time."),
    ("poll_rate", "The maximum rate of polls, such as `5/s`."),
    ("downloads", "The maximum number of downloads at the same time."),
    (
        "first_poll",
        "The time from acceptance to the first poll, such as `45s`; learned from finished tasks if it is not set.",
    ),
    ("poll_every", "The time between polls, such as `10s`; learned from finished tasks if it is not set."),
];

/// The keys of a price in a model's entry or under `prices`.
pub const PRICE: &Keys = &[
    ("per", "The unit of the price: `clip` or `second`."),
    ("usd", "The price of one unit in US dollars, such as \"0.20\"."),
    ("surcharges", "The amounts that some parameters add to a clip's price."),
];

/// The keys of a surcharge, which is a part of a price.
pub const SURCHARGE: &Keys = &[
    ("param", "The parameter that costs extra, as under `params`."),
    ("equals", "The value that costs extra."),
    ("usd", "The amount that this value adds to a clip's price, in US dollars."),
];

/// The keys of `on_ambiguous`, if it is not a single word.
pub const ON_AMBIGUOUS: &Keys = &[("resubmit", "Send the request again, although both may be paid.")];

/// The keys of `on_ambiguous.resubmit`.
pub const RESUBMIT: &Keys =
    &[("max_extra_spend", "The maximum total of the money that may be paid twice, in US dollars.")];

/// The key that names the known model from which a new model is copied. All other keys of a model's entry are parts of
/// its card (its rules and price).
pub const LIKE: (&str, &str) = (
    "like",
    "The model from whose card this model's card starts; only for a model that shotlist does not know.",
);

/// The keys of a model's entry that contain lists of rules. Each rule is merged with the known rule of the same name.
pub const RULES: [&str; 2] = ["fields", "params"];

/// Returns the description of a field that all providers share.
#[must_use]
pub const fn field(field: Field) -> &'static str {
    match field {
        Field::Prompt => "The description of the clip, as a template.",
        Field::Image => {
            "The picture to animate, or the first frame: a web address, or the path of a file from the manifest's \
             folder."
        }
        Field::LastImage => "The picture for the last frame.",
        Field::ReferenceImages => "The pictures whose subjects appear in the clip.",
        Field::Duration => "The length of the clip in seconds.",
        Field::AspectRatio => "The aspect ratio, such as \"16:9\".",
        Field::Size => "The size in pixels, such as 1280x720.",
        Field::Seed => "The seed: a number with which some models can reproduce a clip.",
        Field::Audio => "The clip has sound: true or false.",
        Field::Style => "The visual style, as one of the model's own words.",
        Field::Motion => "The amount of movement, as one of the model's own words.",
    }
}

pub(super) fn names(keys: &Keys) -> Vec<&'static str> {
    keys.iter().map(|(name, _)| *name).collect()
}
