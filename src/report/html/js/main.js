// The page: starts it, shows jobs and clips, and handles keys and clicks.

const Page = {
  model: null, grid: null, panel: null, filters: null, shown: [],

  barHeight: () => (byId("bar").offsetHeight || 0),

  // Applies search and sorting again. Until then, a card stays in the list after a decision.
  apply() {
    const query = parseQuery(View.q);
    const [, order] = SORTS[View.sort];
    this.shown = this.model.jobs.filter((job) => matches(job, query)).sort(order);
    for (const job of this.model.jobs) job.decidedHere = false;
    this.grid.show(this.shown);
    this.drawEmpty();
    this.drawFigures();
  },

  drawFigures() {
    this.filters.draw(this.model, this.shown);
    drawSummary(this.model);
    drawPhone();
  },

  drawEmpty() {
    byId("empty")?.remove();
    if (this.shown.length) return;
    const hidden = this.model.jobs.length;
    const words = hidden ? [el("h2", { text: "Nothing matches" }), el("p", {}, `${count(hidden, "job")} ${hidden === 1 ? "is" : "are"} hidden by `, el("code", { text: View.q }), "."), button("Show all", () => this.search(""), { class: "strong" })]
      : [el("h2", { text: "No jobs yet" }), el("p", {}, "Render the first clips with ", commandLine(this.model.command("run")))];
    byId("gallery").append(el("div", { class: "notice", id: "empty" }, words));
  },

  search(text, isStep = true) {
    View.q = text;
    View.write(isStep);
    if (isStep) this.filters.input.value = text;
    this.apply();
  },

  sort(name) {
    View.sort = name;
    View.write(true);
    this.apply();
  },

  open(job) {
    if (View.job !== job.name) {
      View.job = job.name;
      View.write(true);
    }
    this.showJob();
    this.grid.focus(job);
  },

  close() {
    const job = this.model.byName.get(View.job);
    View.job = null;
    View.write(true);
    this.showJob();
    if (job) this.grid.focus(job);
  },

  // Shows the job that the address names.
  showJob() {
    for (const card of document.querySelectorAll(".card.open")) card.classList.remove("open");
    const job = View.job === null ? null : this.model.byName.get(View.job);
    if (View.job === null) this.panel.hide();
    else if (!job) this.panel.unknown(View.job);
    else {
      Players.stopAll();
      const isOpening = this.panel.job === null;
      this.grid.setRing(job);
      this.grid.fit();
      this.panel.show(job);
      this.panel.place.scrollTop = 0;
      // The panel is below the bar, so everything above it is scrolled out of the window.
      if (isOpening) scrollBy({ top: Math.max(0, byId("work").getBoundingClientRect().top - this.barHeight() + 2), behavior: "instant" });
      this.grid.fit();
      this.grid.reveal(job);
      this.grid.element(job)?.classList.add("open");
    }
    this.grid.fit();
    drawPhone();
  },

  focus(job) {
    this.grid.focus(job);
  },

  // Moves the ring. Decisions apply to the card with the ring, and the open clip follows it.
  ring(job) {
    this.grid.setRing(job);
    drawPhone();
  },

  step(by) {
    const job = this.grid.step(by);
    if (!job) return;
    this.grid.focus(job);
    if (View.job !== null) {
      View.job = job.name;
      View.write(false);
      this.showJob();
    }
    drawPhone();
  },

  chosen() {
    return (View.job !== null ? this.model.byName.get(View.job) : null) ?? this.grid.ring;
  },

  async approve(job) {
    if (!this.canDecide(job)) return;
    const saved = Decide.apply([job], { outcome: "approved" });
    this.advance(job);
    await saved;
  },

  reject(job, redo = false) {
    if (!this.canDecide(job)) return;
    askReasons([job], { redo }, (made) => {
      Decide.apply([job], made);
      this.advance(job);
    });
  },

  canDecide(job) {
    if (!Decide.store.canWrite || !job) return false;
    if (!job.current) toast(`${job.title} has no clip to decide about`);
    return Boolean(job.current);
  },

  advance(job) {
    if (Settings.advance && this.grid.ring === job && this.grid.placeOf.get(job) < this.grid.order.length - 1) this.step(1);
  },

  async undo() {
    const job = await Decide.undo();
    if (!job) return;
    if (View.job !== null) {
      View.job = job.name;
      View.write(false);
      this.showJob();
    }
    this.grid.focus(job);
  },

  changed(jobs) {
    const fresh = jobs.filter((job) => !this.grid.rowOf?.has(job));
    this.grid.refresh(jobs);
    if (this.panel.job && jobs.includes(this.panel.job) && !isDialogOpen()) this.panel.draw();
    if (fresh.length) this.apply();
    clearTimeout(this.later);
    this.later = setTimeout(() => this.drawFigures(), 60);
  },

  // Plays or pauses the open clip, or the one with the ring.
  play() {
    const video = this.video();
    if (video) {
      if (video.paused) video.play().catch(() => {});
      else video.pause();
      return;
    }
    const job = this.grid.ring;
    const box = job && this.grid.element(job)?.querySelector(".clip");
    if (box) Players.play(box, job, job.current);
  },

  video() {
    const box = this.grid.ring && this.grid.element(this.grid.ring)?.querySelector(".clip");
    return byId("panel").querySelector("video") ?? (box ? Players.busy.get(box) : null) ?? null;
  },

  frame(by) {
    const video = this.video();
    if (!video) return;
    video.pause();
    // Most models render 24 frames a second; with more, one step is more than one frame.
    video.currentTime = Math.max(0, video.currentTime + by / 24);
  },

  back() {
    View.read();
    this.filters.input.value = View.q;
    this.apply();
    this.showJob();
  },
};

const ACTS = {
  j: () => Page.step(1), k: () => Page.step(-1), a: () => Page.approve(Page.chosen()), r: () => Page.reject(Page.chosen()), u: () => Page.undo(),
  " ": () => Page.play(), ",": () => Page.frame(-1), ".": () => Page.frame(1),
  v: () => { openRing(); Page.panel.nextVersion(); }, c: () => { openRing(); Page.panel.compare(); },
  "/": () => Page.filters.input.focus(), "?": () => showHelp(),
};

function openRing() {
  if (View.job === null && Page.grid.ring) Page.open(Page.grid.ring);
}

function pressed(event) {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isDialogOpen()) return;
  const target = event.target;
  if (target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  if (event.key === "Escape" && View.job !== null) {
    Page.close();
    return;
  }
  const isInList = target.closest(".rows") !== null;
  const moves = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: Page.grid.columns, ArrowUp: -Page.grid.columns, Home: -1e9, End: 1e9 };
  if (isInList && event.key in moves) {
    event.preventDefault();
    Page.step(moves[event.key]);
    return;
  }
  if (isInList && event.key === "Enter" && target.classList.contains("card")) {
    event.preventDefault();
    Page.open(Page.grid.ring);
    return;
  }
  // A button or a player handles a space itself.
  if (event.key === " " && target.closest("button, a, summary, video, label")) return;
  const act = Settings.keys ? ACTS[event.key.toLowerCase()] : null;
  if (!act) return;
  event.preventDefault();
  act();
}

function drawTools() {
  const names = { auto: "as the system", light: "light", dark: "dark" };
  const theme = button(`Colours: ${names[Settings.theme]}`, () => {
    const order = ["auto", "light", "dark"];
    Settings.set("theme", order[(order.indexOf(Settings.theme) + 1) % 3]);
    drawTools();
    byId("theme").focus();
  }, { glyph: "sun", hide: true, class: "quiet", id: "theme" });
  const rest = Decide.store.canWrite ? [] : [el("span", { class: "sandbox", text: "read only" })];
  byId("tools").replaceChildren(...rest, button("Keys", showHelp, { glyph: "keys", class: "quiet", key: "?", id: "help" }), theme);
}

// Draws the bar at the lower edge of a phone, for the open clip.
function drawPhone() {
  const job = View.job !== null ? Page.model.byName.get(View.job) : null;
  const place = byId("phone");
  place.classList.toggle("shown", Boolean(job));
  if (!job) return;
  const acts = Decide.store.canWrite && job.current ? [
    button("Approve", () => Page.approve(job), { glyph: "check", class: `good${job.standing === "approved" ? " on" : ""}` }),
    button("Reject…", () => Page.reject(job), { glyph: "cross", class: `bad${job.standing === "rejected" ? " on" : ""}` }),
    button("Undo", () => Page.undo(), { glyph: "undo", hide: true, class: "quiet" })] : [];
  place.replaceChildren(button("Previous", () => Page.step(-1), { glyph: "left", hide: true, class: "quiet" }), ...acts, button("Next", () => Page.step(1), { glyph: "right", hide: true, class: "quiet" }));
}

// Builds the page for printing: all matching jobs, four posters a row, and the search text.
function buildPrint() {
  const items = Page.grid.order.map((job) => {
    const address = Address.poster(job.current) ?? Address.source(job.shown);
    const decision = decisionOf(job) ? DECISIONS[job.standing][0] : STATES[job.state][0];
    return el("li", {}, address ? el("img", { src: address, alt: "" }) : el("span", { class: "blank" }), el("b", { text: job.title }), el("span", { text: [job.name, decision, job.verdict && job.verdict !== "pass" ? VERDICTS[job.verdict][0] : null].filter(Boolean).join(" · ") }));
  });
  const filter = View.q ? `Only ${View.q}: ${items.length} of ${count(Page.model.jobs.length, "job")}` : count(items.length, "job");
  byId("print").replaceChildren(el("p", { text: `${filter}. ${SORTS[View.sort][0]}.` }), el("ul", {}, items));
}

// Removes the token from the address, because it could be copied with the link.
function keepToken() {
  const held = new URLSearchParams(location.hash.slice(1));
  const token = held.get("token");
  if (!token) return;
  sessionStorage.setItem("shotlist:token", token);
  held.delete("token");
  const rest = held.toString();
  history.replaceState(null, "", rest ? `#${rest}` : location.pathname + location.search);
}

async function readData() {
  const data = JSON.parse(byId("data").textContent);
  if (!data.live || data.jobs) return data;
  const reply = await fetch("data");
  if (!reply.ok) throw new Error(`the program answered ${reply.status}`);
  return reply.json();
}

async function begin() {
  Settings.load();
  keepToken();
  const data = await readData();
  const model = new Model(data);
  Object.assign(Address, { live: Boolean(data.live), folder: data.folder, output: data.output });
  Object.assign(Page, { model });
  Decide.model = model;
  Decide.store = data.live ? new ServedStore(model, (jobs) => Page.changed(jobs)) : new FileStore(model);
  Decide.changed = (jobs) => Page.changed(jobs);
  byId("app").hidden = false;
  byId("when").textContent = data.live ? "live" : `as of ${utc(data.now)}`;
  View.read();
  Page.filters = new Filters(byId("bar"));
  Page.panel = new Panel(byId("panel"));
  Page.grid = new Grid(byId("gallery"));
  Decide.store.start();
  Decide.store.connected = (isThere) => {
    byId("when").textContent = isThere ? "live" : "not connected: the program has ended or is busy";
    byId("when").classList.toggle("lost", !isThere);
  };
  drawTools();
  Page.back();
  // The charts are below everything else, so the clips are drawn first.
  setTimeout(() => {
    drawCharts(model);
    drawAbout(model);
  }, 50);
  byId("skip").addEventListener("click", () => Page.grid.focus(Page.grid.step(0)));
  addEventListener("keydown", pressed);
  addEventListener("popstate", () => Page.back());
  addEventListener("beforeprint", buildPrint);
  addEventListener("afterprint", () => byId("print").replaceChildren());
  const height = new ResizeObserver(() => document.documentElement.style.setProperty("--bar", `${Page.barHeight()}px`));
  height.observe(byId("bar"));
}

begin().catch((error) => {
  byId("app").hidden = false;
  byId("gallery").replaceChildren(el("div", { class: "notice" }, el("h2", { text: "The page cannot show its data" }), el("p", { text: error.message })));
});
