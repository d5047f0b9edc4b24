// Reads the jobs from the data of the page.

const COMMANDS_OF = {
  held: "status", failed: "failed", missing: "repair", altered: "verify", asks: "plan", review: "review", to_render: "run",
  in_flight: "collect",
};

function readTake(raw, texts, pictures, job) {
  const take = { ...raw };
  take.model = texts[raw.model_text];
  take.settings = (raw.setting_texts ?? []).map((id) => texts[id]);
  take.said = raw.said_text === undefined ? null : texts[raw.said_text];
  take.findings = (raw.finding_texts ?? []).map(([check, verdict, reason]) => ({ check: texts[check], verdict: texts[verdict], reason: texts[reason] }));
  take.cost = raw.account === "free" ? 0 : raw.cost ?? raw.price;
  take.account = raw.account ?? "settled";
  take.phase = raw.phase ?? "done";
  take.attempts = raw.attempts ?? 1;
  take.source = raw.source === undefined ? null : pictures[raw.source];
  take.poster = raw.poster === undefined ? null : pictures[raw.poster];
  take.path = raw.sha256 ? raw.path ?? job.path : null;
  // The prompt is joined only when it is shown, because all prompts together are the largest part of a catalog.
  Object.defineProperty(take, "prompt", { get: () => (raw.prompt_texts ?? []).map((id) => texts[id]).join("") });
  return take;
}

function readJob(raw, texts, pictures) {
  const job = {
    name: raw.job, item: raw.item, title: raw.title ?? raw.item, shot: texts[raw.shot_text],
    variant: raw.variant_text === undefined ? "" : texts[raw.variant_text],
    tags: (raw.tag_texts ?? []).map((id) => texts[id]),
    state: raw.state, why: raw.why_text === undefined ? null : texts[raw.why_text], path: raw.path,
    standing: raw.standing ?? "undecided", review: raw.review ?? null, redo: raw.redo ?? false,
    saving: null, conflict: null,
  };
  job.takes = (raw.takes ?? []).map((take) => readTake(take, texts, pictures, job));
  job.current = job.takes.find((take) => take.take === raw.take) ?? null;
  if (job.current && job.current.of) job.current.path = job.path;
  job.shown = job.current ?? job.takes[0] ?? null;
  job.verdict = job.current ? job.current.verdict ?? "unchecked" : null;
  job.finding = job.current?.findings[0] ?? null;
  job.model = (job.takes[0] ?? {}).model ?? null;
  job.own = job.takes.filter((take) => !take.of);
  job.price = (job.own[0] ?? job.takes[0])?.price ?? 0;
  job.time = job.shown ? job.shown.ended ?? job.shown.submitted ?? job.shown.created : 0;
  job.recorded = { review: job.review, standing: job.standing, redo: job.redo };
  return job;
}

const decisionOf = (job) => (job.current ? job.standing : null);
const revisionOf = (job) => job.recorded.review?.revision ?? 0;

// Returns the text in which the free words of a search are looked for.
function searchText(job) {
  job.text ??= [job.name, job.title, ...job.tags, job.path, job.model, job.why, job.shown?.prompt, job.shown?.said, job.review?.note, ...(job.current?.findings ?? []).map((it) => it.reason)]
    .filter(Boolean).join("\n").toLowerCase();
  return job.text;
}

class Model {
  constructor(data) {
    this.data = data;
    this.summary = data.summary;
    this.jobs = data.jobs.map((raw) => readJob(raw, data.texts, data.pictures ?? []));
    this.index();
  }

  index() {
    this.byName = new Map(this.jobs.map((job) => [job.name, job]));
  }

  // Updates the jobs; a job keeps its place and its object.
  apply(change) {
    this.summary = change.summary ?? this.summary;
    const changed = [];
    for (const raw of change.jobs ?? []) {
      const now = readJob(raw, change.texts ?? [], []);
      const known = this.byName.get(now.name);
      if (known) {
        const { saving, conflict } = known;
        delete known.text;
        Object.assign(known, now, { saving, conflict });
        changed.push(known);
      } else {
        this.jobs.push(now);
        this.byName.set(now.name, now);
        changed.push(now);
      }
    }
    return changed;
  }

  command(name, job = null) {
    const text = this.data.commands[name];
    return job ? text.replace("{job}", () => quoted(job.name)) : text;
  }

  // Returns each rendering whose price counts for the jobs of this page once.
  takes() {
    return this.jobs.flatMap((job) => job.own.map((take) => ({ job, take })));
  }
}

// Addresses of a clip and its pictures, in a file and in a served page.
const encodedPath = (path) => path.split("/").map(encodeURIComponent).join("/");
const Address = {
  live: false,
  folder: "",
  output: "",
  // The path of a file as it can be opened from the folder in which the program was started.
  file: (path) => [Address.output.replace(/\/$/, ""), path].filter(Boolean).join("/").replace(/^\.\//, ""),
  clip: (take) => (take?.path ? (Address.live ? `clip/${encodeURIComponent(take.take)}` : Address.folder + encodedPath(take.path)) : null),
  poster: (take) => (Address.live ? (take?.sha256 ? `poster/${encodeURIComponent(take.take)}` : null) : take?.poster ?? null),
  source: (take) => (Address.live ? (take?.file ? `source/${encodeURIComponent(take.take)}` : null) : take?.source ?? null),
  // Only a web address becomes a link.
  link: (text) => {
    try {
      const url = new URL(text);
      return ["https:", "http:"].includes(url.protocol) ? url.href : null;
    } catch {
      return null;
    }
  },
};
