// Stores decisions: in this browser for a page from a file, in the program for a served page.
//
// A store has `canWrite`, `canChoose`, `decide(list)`, `choose(job, take)` and `start()`. A decision of `list` is
// `{job, take, seen, outcome, reasons, note, redo}`. `decide` updates the jobs and returns the jobs about which another
// person decided first; it throws if nothing was stored.

class FileStore {
  constructor(model) {
    this.model = model;
    this.canWrite = true;
    this.canChoose = false;
    this.key = `shotlist:${location.pathname}:${model.data.project}`;
    this.kept = {};
    try {
      this.kept = JSON.parse(localStorage.getItem(this.key) ?? "{}");
    } catch {
      this.kept = {};
    }
    this.who = localStorage.getItem("shotlist:who") ?? "";
  }

  // Applies the stored decisions over those of the file. A decision that the file already has is removed; if another
  // person decided differently since, both decisions are shown.
  start() {
    for (const [name, mine] of Object.entries(this.kept)) {
      const job = this.model.byName.get(name);
      if (!job) continue;
      const theirs = job.recorded.review;
      const isNew = (theirs?.revision ?? 0) > mine.seen;
      if (isNew && theirs.outcome === mine.outcome && theirs.take === mine.take) {
        delete this.kept[name];
      } else if (!job.own.concat(job.takes).some((take) => take.take === mine.take)) {
        delete this.kept[name];
      } else {
        this.show(job, mine);
        if (isNew) job.conflict = theirs;
      }
    }
    this.keep();
  }

  show(job, mine) {
    if (mine) {
      job.review = { ...mine, revision: job.recorded.review?.revision ?? 0 };
      const isCurrent = mine.take === job.current?.take;
      job.standing = mine.outcome === "undecided" ? "undecided" : isCurrent ? mine.outcome : "outdated";
      job.redo = Boolean(mine.redo);
    } else {
      Object.assign(job, job.recorded);
    }
    delete job.text;
  }

  keep() {
    localStorage.setItem(this.key, JSON.stringify(this.kept));
  }

  async decide(list) {
    const before = { ...this.kept };
    for (const made of list) {
      const sha256 = this.model.byName.get(made.job).takes.find((take) => take.take === made.take)?.sha256 ?? "";
      if (this.isRecorded(made)) delete this.kept[made.job];
      else this.kept[made.job] = { ...made, sha256, who: this.who, at: Math.floor(Date.now() / 1000) };
    }
    try {
      this.keep();
    } catch (error) {
      this.kept = before;
      throw new Error("this browser cannot store data for this page", { cause: error });
    }
    for (const made of list) {
      const job = this.model.byName.get(made.job);
      if (job.conflict) job.conflict = null;
      this.show(job, this.kept[made.job]);
    }
    return [];
  }

  // Returns whether the file of the page has the same decision, as after an undo. Then there is nothing to record.
  isRecorded({ job, outcome, reasons, note, redo }) {
    const { review, standing } = this.model.byName.get(job).recorded;
    if (!review) return outcome === "undecided";
    return standing !== "outdated" && review.outcome === outcome && (review.reasons ?? []).join() === reasons.join()
      && (review.note ?? null) === note && (review.redo ?? false) === redo;
  }

  setWho(name) {
    this.who = name;
    localStorage.setItem("shotlist:who", name);
    for (const mine of Object.values(this.kept)) mine.who ||= name;
    this.keep();
  }

  decisions() {
    return Object.values(this.kept);
  }

  // Returns the decisions as the CSV file that `review --import` reads.
  csv() {
    const cell = (value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
    const header = "job,take,clip_sha256,revision,outcome,reasons,note,redo,who,at";
    const rows = this.decisions().map((mine) =>
      [mine.job, mine.take, mine.sha256, String(mine.seen), mine.outcome, mine.reasons.join(" "), mine.note ?? "", mine.redo ? "true" : "false", mine.who || this.who, new Date(mine.at * 1000).toISOString().replace(".000", "")]
        .map(cell).join(","));
    return `${[header, ...rows].join("\r\n")}\r\n`;
  }
}

class ServedStore {
  constructor(model, changed) {
    this.model = model;
    this.changed = changed;
    this.canWrite = !model.data.live.read_only;
    this.canChoose = this.canWrite;
  }

  // One stream for the whole page: a browser opens six connections to a host, and clips need the others.
  start() {
    const stream = new EventSource(`events?since=${this.model.data.live.since}`);
    stream.addEventListener("change", (event) => {
      const jobs = this.model.apply(JSON.parse(event.data));
      this.changed(jobs);
    });
    stream.addEventListener("open", () => this.connected?.(true));
    stream.addEventListener("error", () => this.connected?.(false));
  }

  async post(address, body) {
    const headers = { "content-type": "application/json", "x-shotlist-token": sessionStorage.getItem("shotlist:token") ?? "" };
    const reply = await fetch(address, { method: "POST", headers, body: JSON.stringify(body) });
    const text = await reply.text();
    let said = {};
    try {
      said = JSON.parse(text);
    } catch {
      said = { error: text };
    }
    if (reply.ok || reply.status === 409) return { ...said, refused: reply.status === 409 };
    throw new Error(said.error ?? `the program answered ${reply.status}`);
  }

  settle(said) {
    const changed = this.model.apply(said);
    const late = said.refused ? (said.conflicts ?? []).map((it) => this.model.byName.get(it.job ?? it)).filter(Boolean) : [];
    if (said.refused && late.length === 0) throw new Error("another person decided first; load the page again");
    this.changed(changed);
    return late;
  }

  // The program records all decisions of a request or none. So those without a conflict are sent again.
  async decide(list) {
    const late = this.settle(await this.post("/api/decide", { decisions: list }));
    const others = list.filter((made) => !late.some((job) => job.name === made.job));
    if (late.length === 0 || others.length === 0) return late;
    return [...late, ...(await this.decide(others))];
  }

  async choose(job, take) {
    return this.settle(await this.post("/api/choose", { job: job.name, take: take.take, seen: revisionOf(job) }));
  }
}
