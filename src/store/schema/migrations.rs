//! Defines the tables of the database as a series of migrations.

/// The tables of version 1. Times are milliseconds since 1970 in UTC; money is in millionths of a dollar.
///
/// `takes.data` is the whole state of a take as JSON. The columns `state`, `due`, `expires`, `task_id`, `account` and
/// `queue` repeat parts of it, so that they can be searched. `queue` is the priority of the job as long as the take may
/// be submitted. `place` grows with each take, so the newest take of a job has the highest number. A trigger updates
/// `tallies`, so that no write can forget it.
const V1: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('seq', 0), ('agreed', 0), ('visits', 0);

CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    chain INTEGER NOT NULL,
    project TEXT NOT NULL,
    command TEXT NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER,
    exit INTEGER,
    cap_invocation INTEGER,
    cap_run INTEGER,
    cap_day INTEGER,
    cap_month INTEGER
) STRICT;
CREATE INDEX runs_of_a_chain ON runs (chain);
CREATE INDEX runs_of_a_project ON runs (project, command);

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    project TEXT NOT NULL,
    shot TEXT NOT NULL,
    item TEXT NOT NULL,
    variant TEXT NOT NULL,
    title TEXT NOT NULL,
    wanted INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    path TEXT NOT NULL,
    filed_take TEXT REFERENCES takes (id),
    filed_path TEXT,
    filed_size INTEGER,
    filed_sha256 TEXT,
    UNIQUE (project, shot, item, variant)
) STRICT;

CREATE TABLE takes (
    id TEXT PRIMARY KEY,
    place INTEGER NOT NULL UNIQUE,
    job INTEGER NOT NULL REFERENCES jobs (id),
    fingerprint TEXT NOT NULL,
    request TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    price INTEGER NOT NULL,
    path TEXT NOT NULL,
    created INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL,
    data TEXT NOT NULL,
    due INTEGER NOT NULL,
    expires INTEGER,
    task_id TEXT,
    account TEXT NOT NULL,
    queue INTEGER,
    run INTEGER REFERENCES runs (id),
    day TEXT,
    settled INTEGER,
    amount INTEGER NOT NULL GENERATED ALWAYS AS (
        CASE account WHEN 'free' THEN 0 WHEN 'settled' THEN coalesce(settled, price) ELSE price END
    ) VIRTUAL
) STRICT;
CREATE UNIQUE INDEX one_take_a_task ON takes (provider, task_id) WHERE task_id IS NOT NULL;
CREATE INDEX takes_of_a_job ON takes (job, place);
CREATE INDEX takes_by_state ON takes (state, due);
CREATE INDEX takes_in_the_queue ON takes (queue, place) WHERE queue IS NOT NULL;

CREATE TABLE attempts (
    take TEXT NOT NULL REFERENCES takes (id),
    number INTEGER NOT NULL,
    request_id TEXT NOT NULL UNIQUE,
    body_sha256 TEXT NOT NULL,
    price INTEGER NOT NULL,
    at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    outcome TEXT,
    said TEXT,
    code TEXT,
    http INTEGER,
    PRIMARY KEY (take, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (seq INTEGER PRIMARY KEY, intent INTEGER NOT NULL, line TEXT NOT NULL) STRICT;

CREATE TABLE tallies (
    run INTEGER NOT NULL REFERENCES runs (id),
    day TEXT NOT NULL,
    reserved INTEGER NOT NULL,
    in_doubt INTEGER NOT NULL,
    settled INTEGER NOT NULL,
    PRIMARY KEY (run, day)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER takes_are_tallied AFTER UPDATE OF account, price, settled, run, day ON takes
BEGIN
    UPDATE tallies SET
        reserved = reserved - iif(OLD.account = 'reserved', OLD.amount, 0),
        in_doubt = in_doubt - iif(OLD.account = 'in_doubt', OLD.amount, 0),
        settled = settled - iif(OLD.account = 'settled', OLD.amount, 0)
    WHERE run = OLD.run AND day = OLD.day;
    INSERT INTO tallies (run, day, reserved, in_doubt, settled)
    SELECT NEW.run, NEW.day,
        iif(NEW.account = 'reserved', NEW.amount, 0),
        iif(NEW.account = 'in_doubt', NEW.amount, 0),
        iif(NEW.account = 'settled', NEW.amount, 0)
    WHERE NEW.run IS NOT NULL
    ON CONFLICT (run, day) DO UPDATE SET
        reserved = reserved + excluded.reserved,
        in_doubt = in_doubt + excluded.in_doubt,
        settled = settled + excluded.settled;
END;
";

/// Adds `takes.instead_of`: the id of an older take, perhaps charged, that a take replaces. Also adds the table with
/// the output folder.
const V2: &str = "
ALTER TABLE takes ADD COLUMN instead_of TEXT REFERENCES takes (id);
CREATE TABLE output (root TEXT NOT NULL) STRICT;
";

/// Changes the computed column `takes.amount`: a known charge counts as soon as it is known, and not only once the clip
/// exists.
///
/// A charge can be known before that, because a person may correct the price of a take that needs a decision. SQLite
/// cannot change a computed column, so the column is dropped and added again.
const V3: &str = "
DROP TRIGGER takes_are_tallied;
ALTER TABLE takes DROP COLUMN amount;
ALTER TABLE takes ADD COLUMN amount INTEGER NOT NULL GENERATED ALWAYS AS (
    CASE account WHEN 'free' THEN 0 ELSE coalesce(settled, price) END
) VIRTUAL;

DELETE FROM tallies;
INSERT INTO tallies (run, day, reserved, in_doubt, settled)
SELECT run, day,
    sum(iif(account = 'reserved', amount, 0)),
    sum(iif(account = 'in_doubt', amount, 0)),
    sum(iif(account = 'settled', amount, 0))
FROM takes WHERE run IS NOT NULL GROUP BY run, day;

CREATE TRIGGER takes_are_tallied AFTER UPDATE OF account, price, settled, run, day ON takes
BEGIN
    UPDATE tallies SET
        reserved = reserved - iif(OLD.account = 'reserved', OLD.amount, 0),
        in_doubt = in_doubt - iif(OLD.account = 'in_doubt', OLD.amount, 0),
        settled = settled - iif(OLD.account = 'settled', OLD.amount, 0)
    WHERE run = OLD.run AND day = OLD.day;
    INSERT INTO tallies (run, day, reserved, in_doubt, settled)
    SELECT NEW.run, NEW.day,
        iif(NEW.account = 'reserved', NEW.amount, 0),
        iif(NEW.account = 'in_doubt', NEW.amount, 0),
        iif(NEW.account = 'settled', NEW.amount, 0)
    WHERE NEW.run IS NOT NULL
    ON CONFLICT (run, day) DO UPDATE SET
        reserved = reserved + excluded.reserved,
        in_doubt = in_doubt + excluded.in_doubt,
        settled = settled + excluded.settled;
END;
";

/// Adds the table of paused providers. An empty `provider` means all providers.
const V4: &str = "
CREATE TABLE pauses (
    project TEXT NOT NULL,
    provider TEXT NOT NULL,
    since INTEGER NOT NULL,
    reason TEXT,
    PRIMARY KEY (project, provider)
) STRICT, WITHOUT ROWID;
";

/// Adds `takes.approved`: the number of the last run that was allowed to submit the take.
///
/// Also adds an index for each list of takes that a run reads in a certain order: to submit, to download and to poll.
/// The module `work` reads these lists.
const APPROVED: &str = "
ALTER TABLE takes ADD COLUMN approved INTEGER REFERENCES runs (id);
DROP INDEX takes_in_the_queue;
CREATE INDEX takes_to_submit ON takes (approved, provider, model, queue, place) WHERE queue IS NOT NULL;
CREATE INDEX takes_to_collect ON takes (coalesce(expires, 9223372036854775807), place)
    WHERE state IN ('placing', 'downloading');
CREATE INDEX takes_to_poll ON takes (due, place) WHERE state IN ('running', 'doubtful');
";

/// Adds two indexes for plans. The first finds the takes with a given fingerprint, the second finds the jobs that have
/// the clip of a given take.
const LOOK_UPS: &str = "
CREATE INDEX takes_by_order ON takes (fingerprint);
CREATE INDEX jobs_by_clip ON jobs (filed_take, project) WHERE filed_take IS NOT NULL;
";

/// Adds `output.disks`: the folders of clips on another device than the state folder, joined by `/`.
///
/// `.` is the output folder itself. The folders are recorded because a disk that is not mounted looks as if its clips
/// were deleted.
const DISKS: &str = "
ALTER TABLE output ADD COLUMN disks TEXT;
";

/// Adds `takes.dismissed`: the time at which a person accepted the outcome of the take, such as a failure.
const DISMISSED: &str = "
ALTER TABLE takes ADD COLUMN dismissed INTEGER;
CREATE INDEX takes_dismissed ON takes (dismissed) WHERE dismissed IS NOT NULL;
";

/// Adds a table with the machine (its id and name) and the folder in which commands last submitted or collected.
const DRIVEN: &str = "
CREATE TABLE driven (machine TEXT NOT NULL, host TEXT NOT NULL, folder TEXT NOT NULL) STRICT;
";

/// Adds the table of takes that count as renderings of a job although the take and the job have different fingerprints.
/// Each row has the id of a take and the job's `likeness`: a second hash of the job's request, with 32 bytes.
const ALIASES: &str = "
CREATE TABLE aliases (
    take TEXT NOT NULL REFERENCES takes (id),
    likeness BLOB NOT NULL,
    PRIMARY KEY (take, likeness)
) STRICT, WITHOUT ROWID;
";

/// Limits the trigger `takes_are_tallied` to changes of a take's money, because most changes of a take are not about
/// money.
const TALLIED: &str = "
DROP TRIGGER takes_are_tallied;
CREATE TRIGGER takes_are_tallied AFTER UPDATE OF account, price, settled, run, day ON takes
WHEN OLD.account <> NEW.account OR OLD.amount <> NEW.amount OR OLD.run IS NOT NEW.run OR OLD.day IS NOT NEW.day
BEGIN
    UPDATE tallies SET
        reserved = reserved - iif(OLD.account = 'reserved', OLD.amount, 0),
        in_doubt = in_doubt - iif(OLD.account = 'in_doubt', OLD.amount, 0),
        settled = settled - iif(OLD.account = 'settled', OLD.amount, 0)
    WHERE run = OLD.run AND day = OLD.day;
    INSERT INTO tallies (run, day, reserved, in_doubt, settled)
    SELECT NEW.run, NEW.day,
        iif(NEW.account = 'reserved', NEW.amount, 0),
        iif(NEW.account = 'in_doubt', NEW.amount, 0),
        iif(NEW.account = 'settled', NEW.amount, 0)
    WHERE NEW.run IS NOT NULL
    ON CONFLICT (run, day) DO UPDATE SET
        reserved = reserved + excluded.reserved,
        in_doubt = in_doubt + excluded.in_doubt,
        settled = settled + excluded.settled;
END;
";

/// Creates the table of the durations of renderings, by model and by the requested length and size of the clip.
///
/// `weights` are the non-empty buckets of a histogram, as JSON pairs of the bucket's number and its weight.
const DURATIONS: &str = "
CREATE TABLE durations (
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    class TEXT NOT NULL,
    finished INTEGER NOT NULL,
    weights TEXT NOT NULL,
    PRIMARY KEY (provider, model, class)
) STRICT, WITHOUT ROWID;
";

/// Adds reviews of clips, which never change: `revision` grows, and the newest review of a job counts.
///
/// `reasons` are names joined by commas.
///
/// `checks` has the verdicts of the automatic checks, each with the digests of the checked bytes and of the settings.
/// `findings` is JSON.
///
/// `jobs.tags` are the tags of the item, as a JSON list, for filters. `takes.ended` is the time at which a take reached
/// a final state; NULL for takes that ended before version 7.
const REVIEWS: &str = "
CREATE TABLE reviews (
    revision INTEGER PRIMARY KEY AUTOINCREMENT,
    job INTEGER NOT NULL REFERENCES jobs (id),
    take TEXT NOT NULL REFERENCES takes (id),
    clip TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reasons TEXT NOT NULL,
    note TEXT,
    redo INTEGER NOT NULL,
    who TEXT NOT NULL,
    at INTEGER NOT NULL,
    latest TEXT
) STRICT;
CREATE INDEX reviews_of_a_job ON reviews (job, revision);
CREATE INDEX reviews_of_a_clip ON reviews (clip, revision);

CREATE TABLE checks (
    take TEXT NOT NULL REFERENCES takes (id),
    clip TEXT NOT NULL,
    settings TEXT NOT NULL,
    verdict TEXT NOT NULL,
    findings TEXT NOT NULL,
    frames INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (take)
) STRICT, WITHOUT ROWID;

ALTER TABLE jobs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE takes ADD COLUMN ended INTEGER;
";

/// Adds the tables of rollouts, in which a person reviews the first clips of a template before the other jobs are
/// rendered.
///
/// `canaries` are the jobs that are rendered first, in the order in which the rule `draw` chose them; `template` is the
/// digest of their template. `passed_templates` are the templates whose canaries have passed the review. `held_back`
/// are the wanted jobs that wait for such a review, as the last run found them.
const ROLLOUT: &str = "
CREATE TABLE canaries (
    project TEXT NOT NULL,
    template TEXT NOT NULL,
    draw TEXT NOT NULL,
    place INTEGER NOT NULL,
    shot TEXT NOT NULL,
    item TEXT NOT NULL,
    variant TEXT NOT NULL,
    PRIMARY KEY (project, template, draw, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE passed_templates (
    project TEXT NOT NULL,
    template TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (project, template)
) STRICT, WITHOUT ROWID;

CREATE TABLE held_back (job INTEGER PRIMARY KEY REFERENCES jobs (id)) STRICT;
";

/// Adds an index for takes that replace an older take. They are few among the many takes that wait to be sent.
const STAND_INS: &str = "
CREATE INDEX stand_ins ON takes (instead_of) WHERE instead_of IS NOT NULL;
";

/// Adds a column that marks charges which a person recorded, so that the provider's figures do not replace them.
/// Charges that were corrected before this migration have no mark until `shotlist recover` reads them from the ledger.
const ADJUSTED: &str = "
ALTER TABLE takes ADD COLUMN adjusted INTEGER NOT NULL DEFAULT 0;
";

/// The SQL of the migrations in their order; the first leads to version 1 of the tables. A released migration is never
/// changed.
pub(super) const MIGRATIONS: [&[&str]; 9] = [
    &[V1],
    &[V2],
    &[V3],
    &[V4],
    &[APPROVED, LOOK_UPS, DISKS, DISMISSED, DRIVEN, ALIASES],
    &[TALLIED, DURATIONS],
    &[REVIEWS, ROLLOUT],
    &[STAND_INS],
    &[ADJUSTED],
];
