//! Builds the help: commands in groups, examples that can be typed, exit codes and the environment.

use super::args::Cli;
use crate::app::exit::GRAVEST_FIRST;
use crate::provider::{Provider, Registry};
use clap::{Command, CommandFactory as _};
use std::fmt::Write as _;
use std::sync::Arc;

/// The commands in groups. A test checks that every command is in exactly one group.
const GROUPS: &[(&str, &[&str])] = &[
    ("Make clips", &["run", "collect"]),
    ("Look", &["plan", "status", "jobs", "show", "report", "ledger", "check", "verify", "models"]),
    ("Review", &["review", "approve", "reject"]),
    ("Hand over", &["export"]),
    ("Fix", &["retry", "redo", "resolve", "dismiss", "cancel", "pause", "resume", "prune", "recover"]),
    ("Set up", &["init", "catalog", "validate", "doctor", "schema", "sandbox", "completions", "help"]),
];

/// Examples by the name of a command: pairs of a purpose and the words to type. A test parses each of them.
const EXAMPLES: &[(&str, &[[&str; 2]])] = &[
    (
        "",
        &[
            ["a manifest for the export of your shop", "shotlist init --from products_export_1.csv"],
            ["what would be rendered, and its price", "shotlist plan"],
            ["a rehearsal: fake clips, no key, no cost", "shotlist run --sandbox"],
            ["one clip, to look at", "shotlist run --limit 1"],
            ["the remaining jobs; continues after any crash", "shotlist run"],
        ],
    ),
    (
        "run",
        &[
            ["some products, for at most five dollars", "shotlist run --only 'WH-*' --max-cost 5.00"],
            ["every night, from a timer", "shotlist run --yes --max-time 5h --log-file run.log"],
            ["an approved plan, and nothing else", "shotlist run --plan night.json"],
            ["a rehearsal: fake clips, no key, no cost", "shotlist run --sandbox"],
        ],
    ),
    (
        "collect",
        &[
            ["before links expire, as often as you like", "shotlist collect"],
            ["with each step as a line of JSON", "shotlist collect --json"],
        ],
    ),
    (
        "validate",
        &[
            ["the manifest here, or in a folder above", "shotlist validate"],
            ["another manifest, for an editor", "shotlist validate shop/spring.yaml --json"],
        ],
    ),
    (
        "plan",
        &[
            ["all that is new or changed", "shotlist plan"],
            ["for approval, then run --plan", "shotlist plan --out night.json"],
            ["clips that Google accepts", "shotlist plan --for google"],
            ["in a script: exit 6 if there is work", "shotlist plan --detailed-exitcode"],
        ],
    ),
    (
        "status",
        &[
            ["this project, also while a run is active", "shotlist status"],
            ["the rehearsal", "shotlist status --sandbox"],
            ["for a monitor", "shotlist status --json"],
        ],
    ),
    (
        "jobs",
        &[
            ["every job with its state and its clip", "shotlist jobs"],
            ["jobs that failed or need your decision", "shotlist jobs --state failed --state held"],
            ["rejected clips of some products", "shotlist jobs 'WH-*' --decision rejected"],
            ["by a tag of the shop, for a spreadsheet", "shotlist jobs --tag sale --csv > jobs.csv"],
        ],
    ),
    (
        "show",
        &[
            ["by item, if it has one job", "shotlist show WH-100"],
            ["by shot and item", "shotlist show hero/WH-100"],
            ["by a pattern that matches one job", "shotlist show 'social/WH-100/*beach'"],
        ],
    ),
    (
        "report",
        &[
            ["a page in the folder of the clips, report.html", "shotlist report"],
            ["for the summary of a build", "shotlist report --markdown"],
            ["for the tests of a build server", "shotlist report --junit --out clips.xml"],
            ["what changed since run 12", "shotlist report --compare 12"],
        ],
    ),
    (
        "ledger",
        &[
            ["this project, day by day", "shotlist ledger"],
            ["what each model cost in November", "shotlist ledger --by model --since 2026-11-01"],
            ["for a spreadsheet", "shotlist ledger --by item --csv > money.csv"],
            [
                "a correction from the provider's bill",
                "shotlist ledger adjust hero/WH-100 --usd 0.36 --reason 'invoice of November'",
            ],
        ],
    ),
    (
        "review",
        &[
            ["all clips, in the browser", "shotlist review --open"],
            ["some of them, without recording decisions", "shotlist review --only 'hero/*' --read-only"],
            ["on a server, through an SSH tunnel", "shotlist review --listen 127.0.0.1:8420"],
            ["decisions from the report's page", "shotlist review --import decisions.csv"],
        ],
    ),
    (
        "check",
        &[
            ["every clip without a verdict", "shotlist check"],
            ["the rehearsal", "shotlist check --sandbox"],
            ["for a script", "shotlist check --json"],
        ],
    ),
    (
        "verify",
        &[
            ["all clips, before they are uploaded", "shotlist verify"],
            ["every night, a tenth of them", "shotlist verify --subset 10% --json"],
            ["the clips in a copy of the output folder", "shotlist verify --out /backup/shop"],
            ["restore missing clips, free of charge", "shotlist verify --repair"],
        ],
    ),
    (
        "export",
        &[
            ["your sheet with the approved clips", "shotlist export sheet"],
            ["also clips without a review", "shotlist export sheet --all --shot hero"],
            ["a feed for Google", "shotlist export google --base-url https://cdn.example.com/clips"],
            ["a folder to upload", "shotlist export flat upload"],
        ],
    ),
    (
        "recover",
        &[
            ["after the database was lost or replaced by an old copy", "shotlist recover"],
            ["clips in another folder", "shotlist recover --out /mnt/clips"],
        ],
    ),
    (
        "retry",
        &[
            ["jobs that failed and were not charged", "shotlist retry"],
            ["some of these jobs, for at most two dollars", "shotlist retry --only 'hero/*' --max-cost 2.00"],
            ["also jobs that may have been charged", "shotlist retry --charged"],
            ["jobs that were written off", "shotlist retry --written-off"],
        ],
    ),
    (
        "resolve",
        &[
            ["found in the provider's console", "shotlist resolve hero/WH-100 --task-id 8353992"],
            ["no task found there: resubmit at a new charge", "shotlist resolve hero/WH-100 --resubmit"],
            [
                "all with expired links: ask for the results again",
                "shotlist resolve --all --again --reason url_expired",
            ],
            ["write off old jobs", "shotlist resolve --all --write-off --older-than 7d --note refunded"],
        ],
    ),
    (
        "dismiss",
        &[
            ["a job that stays as it is", "shotlist dismiss hero/WH-100"],
            ["with a reason, for others", "shotlist dismiss WH-100 --reason 'discontinued'"],
            ["reported again from now on", "shotlist dismiss hero/WH-100 --undo"],
        ],
    ),
    (
        "approve",
        &[
            ["a clip that you looked at", "shotlist approve hero/WH-100"],
            ["undo the approval", "shotlist approve hero/WH-100 --undo"],
        ],
    ),
    (
        "reject",
        &[
            [
                "with a reason; the next run renders it again",
                "shotlist reject WH-100 --reason wrong_colour --redo",
            ],
            ["with a note", "shotlist reject WH-100 --reason other --note 'the strap is missing'"],
        ],
    ),
    (
        "redo",
        &[
            ["all jobs with rejected clips", "shotlist redo --rejected"],
            ["another version of one clip", "shotlist redo hero/WH-100"],
            ["some clips, for at most two dollars", "shotlist redo --only 'social/WH-*' --max-cost 2.00"],
        ],
    ),
    (
        "pause",
        &[
            ["one provider", "shotlist pause zai --reason 'price is to go up'"],
            ["all providers", "shotlist pause"],
        ],
    ),
    ("resume", &[["one provider", "shotlist resume zai"], ["all pauses", "shotlist resume"]]),
    (
        "cancel",
        &[
            ["one job, sent or not sent", "shotlist cancel hero/WH-100"],
            ["all jobs of one shot; works while a run is active", "shotlist cancel --only 'hero/*'"],
        ],
    ),
    (
        "prune",
        &[
            ["clips of removed products; asks first", "shotlist prune"],
            ["in a script", "shotlist prune --yes"],
        ],
    ),
    (
        "doctor",
        &[
            ["the set-up of this project", "shotlist doctor"],
            ["in a script", "shotlist doctor shop/spring.yaml --json"],
            ["the rehearsal, which needs no key", "shotlist doctor --sandbox"],
        ],
    ),
    (
        "models",
        &[
            ["all models that can be bought", "shotlist models"],
            ["one model, with its fields, limits and price", "shotlist models zai/vidu2-image"],
            ["by a part of its name, as data", "shotlist models cogvideo --json"],
        ],
    ),
    (
        "init",
        &[
            ["for the export of a shop", "shotlist init --from products_export_1.csv"],
            ["the same, a clip for each colour", "shotlist init --from feed.tsv --one-per image"],
            ["a film, in a file of its own", "shotlist init film.yaml --scenes"],
            ["a small sample to try things on", "shotlist init"],
        ],
    ),
    (
        "catalog",
        &[
            ["an export of a shop", "shotlist catalog products_export_1.csv"],
            ["with an item for each variant", "shotlist catalog feed.tsv --one-per variant"],
            ["a sheet of a workbook, as data", "shotlist catalog range.xlsx --sheet Spring --json"],
        ],
    ),
    (
        "schema",
        &[
            ["next to the manifest", "shotlist schema > .shotlist/schema.json"],
            ["for all your projects", "shotlist schema > ~/.config/shotlist.schema.json"],
        ],
    ),
    (
        "sandbox",
        &[
            ["until Ctrl-C, on any free port", "shotlist sandbox"],
            [
                "a quick sandbox with small clips",
                "shotlist sandbox --port 8080 --clips tiny --task-time 300ms",
            ],
            ["a sandbox that misbehaves", "shotlist sandbox --faults faults.json"],
        ],
    ),
    (
        "completions",
        &[
            ["for bash", "shotlist completions bash > ~/.local/share/bash-completion/completions/shotlist"],
            ["for zsh", "shotlist completions zsh > ~/.zfunc/_shotlist"],
        ],
    ),
];

/// The environment variables that the help shows after those for the API keys, with their meaning.
const ENVIRONMENT: &[[&str; 2]] = &[
    ["SHOTLIST_LOG", "level of the log, such as debug"],
    ["HTTPS_PROXY, NO_PROXY", "how to reach the providers"],
    ["NO_COLOR, CLICOLOR_FORCE", "never colour; always colour"],
];

/// Returns the commands with their help, for parsing arguments. Only the help of [`whole`] has the exit codes and the
/// environment.
#[must_use]
pub fn command() -> Command {
    let mut command = Cli::command();
    let names: Vec<String> = command.get_subcommands().map(|known| known.get_name().to_owned()).collect();
    for name in names {
        if let Some(examples) = examples(&name) {
            command = command.mut_subcommand(name, |known| known.after_help(examples));
        }
    }
    let mut template = "{about}\n\n{usage-heading} {usage}\n".to_owned();
    for (title, names) in GROUPS {
        let _ = write!(template, "\n{title}:\n");
        for name in names.iter().filter(|name| is_built_in(name)) {
            let _ = writeln!(template, "  {name:<12} {}", summary(&command, name));
        }
    }
    template.push_str("\nOptions:\n{options}{after-help}");
    command.help_template(template).after_help(examples("").unwrap_or_default())
}

/// Returns the commands with all their help.
///
/// It is slow: the list of environment variables names the keys of the providers, so it reads the documents of all
/// providers.
#[must_use]
pub fn whole() -> Command {
    let short = examples("").unwrap_or_default();
    command().after_long_help(format!("{short}\n\n{}\n\n{}", exit_codes(), environment()))
}

fn summary(command: &Command, name: &str) -> String {
    match command.find_subcommand(name).and_then(Command::get_about) {
        Some(about) => about.to_string(),
        // clap adds this one itself when it parses.
        None => "Print this help, or the help of a command".to_owned(),
    }
}

fn examples(name: &str) -> Option<String> {
    let (_, examples) = EXAMPLES.iter().find(|(known, _)| *known == name)?;
    let examples = examples.iter().filter(|[_, typed]| is_built_in(typed));
    let lines: Vec<String> = examples.map(|[purpose, typed]| format!("  # {purpose}\n  {typed}")).collect();
    Some(format!("Examples:\n{}", lines.join("\n")))
}

/// Returns whether a typed command exists in this program. A build without the sandbox lacks every command that
/// contains `sandbox`.
fn is_built_in(typed: &str) -> bool {
    cfg!(feature = "sandbox") || !typed.contains("sandbox")
}

fn exit_codes() -> String {
    let mut codes = GRAVEST_FIRST;
    codes.sort_by_key(|exit| *exit as u8);
    let lines: Vec<String> =
        codes.iter().map(|exit| format!("  {:>3}  {}", *exit as u8, exit.meaning())).collect();
    format!("Exit codes (an unknown one means failure):\n{}", lines.join("\n"))
}

fn environment() -> String {
    let key = |provider: &Arc<dyn Provider>| {
        [provider.profile().key_env.clone(), format!("the key of {}", provider.name())]
    };
    let others = ENVIRONMENT.iter().map(|row| row.map(str::to_owned));
    let registry = Registry::built_in();
    let rows: Vec<[String; 2]> =
        registry.iter().filter(|provider| !provider.profile().sandbox_only).map(key).chain(others).collect();
    let width = rows.iter().map(|[name, _]| name.len()).max().unwrap_or(0);
    let lines: Vec<String> = rows.iter().map(|[name, what]| format!("  {name:<width$}  {what}")).collect();
    format!("Environment:\n{}", lines.join("\n"))
}

#[cfg(test)]
mod tests;
