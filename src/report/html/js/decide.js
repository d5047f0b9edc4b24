// Makes, saves and undoes decisions, and shows them until they are saved.

const Decide = {
  store: null,
  model: null,
  undoable: [],
  changed: () => {},

  // Decides about jobs in one step, which one undo reverts.
  async apply(jobs, made, { isUndo = false } = {}) {
    const able = jobs.filter((job) => job.current);
    if (!this.store.canWrite || able.length === 0) return;
    const before = able.map((job) => ({ job, was: this.formerly(job) }));
    const list = able.map((job) => ({ job: job.name, take: job.current.take, seen: revisionOf(job), outcome: made.outcome, reasons: made.reasons ?? [], note: made.note || null, redo: made.redo ?? false }));
    if (!isUndo) this.undoable.push(before);
    await this.send(able, list);
    const done = able.filter((job) => job.saving !== "failed" && !job.conflict);
    if (done.length && !isUndo) say(able.length === 1 ? `${DECISIONS[made.outcome][0]}: ${able[0].title}` : `${count(done.length, "clip")} ${DECISIONS[made.outcome][0]}`);
  },

  // Returns the current decision in a form that can be sent again.
  formerly(job) {
    const review = job.review;
    if (!review || job.standing === "outdated") return { outcome: "undecided", reasons: [], note: null, redo: false };
    return { outcome: review.outcome, reasons: review.reasons ?? [], note: review.note ?? null, redo: job.redo };
  },

  async send(jobs, list) {
    jobs.forEach((job, at) => {
      job.saving = "saving";
      job.unsaved = list[at];
    });
    this.changed(jobs);
    try {
      const late = await this.store.decide(list);
      for (const job of jobs) {
        job.saving = null;
        job.conflict = late.includes(job) ? { ...(job.recorded.review ?? {}), mine: job.unsaved } : null;
        job.decidedHere = !job.conflict;
        if (!job.conflict) job.unsaved = null;
      }
      if (late.length) toast(`Not saved: another person decided about ${late.length === 1 ? late[0].title : count(late.length, "clip")} first`);
    } catch (error) {
      for (const job of jobs) Object.assign(job, { saving: "failed", error: error.message });
      toast(`Not saved: ${error.message}`, button("Retry", () => this.retry(jobs)));
    }
    this.changed(jobs);
  },

  // Sends unsaved decisions again, with the newest known revision.
  async retry(jobs) {
    const unsaved = jobs.filter((job) => job.unsaved);
    if (unsaved.length) await this.send(unsaved, unsaved.map((job) => ({ ...job.unsaved, seen: revisionOf(job) })));
  },

  // Removes the user's own decision about a job if another person decided first.
  yield(job) {
    Object.assign(job, { conflict: null, unsaved: null, saving: null });
    if (this.store.kept) {
      delete this.store.kept[job.name];
      this.store.keep();
      this.store.show(job, null);
    }
    this.changed([job]);
  },

  async undo() {
    const step = this.undoable.pop();
    if (!step) {
      toast("Nothing to undo");
      return null;
    }
    const jobs = step.map(({ job }) => job);
    const list = step.map(({ job, was }) => ({ job: job.name, take: job.current?.take ?? was.take, seen: revisionOf(job), ...was }));
    await this.send(jobs, list);
    const words = jobs.length === 1 ? `${jobs[0].title} is ${DECISIONS[jobs[0].standing][0]} again` : `${count(jobs.length, "decision")} undone`;
    toast(words);
    return jobs[0];
  },

  async choose(job, take) {
    try {
      const late = await this.store.choose(job, take);
      toast(late.length ? "Not changed: another person decided about this clip first" : "This version is now in use");
    } catch (error) {
      toast(`Not changed: ${error.message}`);
    }
    this.changed([job]);
  },

  queue() {
    return this.model.jobs.filter((job) => job.redo);
  },

  queueCost() {
    return this.queue().reduce((sum, job) => sum + job.price, 0);
  },
};
