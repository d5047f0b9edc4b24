// The gallery. Only the visible rows are in the page, so that 5,000 clips need no more memory than 30.

const CARD_WIDTH = 296;
const GAP = 16;
// The height of a row without the boxes of the pictures, as in page.css: heading, text, buttons and the gap.
const ROW_WITHOUT_BOX = 188;
const SPARE_ROWS = 2;

class Grid {
  constructor(place) {
    this.place = place;
    this.list = el("div", { class: "rows", role: "list", "aria-label": "Clips" });
    place.append(this.list);
    this.jobs = [];
    this.rows = [];
    this.mounted = new Map();
    this.columns = 0;
    this.rowHeight = 0;
    this.ring = null;
    const draw = () => {
      this.due ??= requestAnimationFrame(() => {
        this.due = null;
        this.draw();
      });
    };
    addEventListener("scroll", draw, { passive: true });
    addEventListener("resize", draw);
    new ResizeObserver(() => this.fit()).observe(place);
  }

  show(jobs) {
    this.jobs = jobs;
    this.pack();
  }

  fit() {
    const width = this.list.clientWidth;
    const columns = Math.max(1, Math.floor((width + GAP) / (CARD_WIDTH + GAP)));
    // A box has the shape 3:2, which leaves only narrow bars around 4:3 pictures and 16:9 clips.
    const boxWidth = ((width + GAP) / columns - GAP - 3) / 2;
    const boxHeight = Math.round((boxWidth * 2) / 3);
    if (width > 0 && (columns !== this.columns || boxHeight + ROW_WITHOUT_BOX !== this.rowHeight)) {
      const at = this.topJob();
      const hadFocus = this.list.contains(document.activeElement);
      this.columns = columns;
      this.rowHeight = boxHeight + ROW_WITHOUT_BOX;
      this.list.style.setProperty("--box", `${boxHeight}px`);
      this.pack();
      if (at) this.reveal(at);
      if (hadFocus && this.ring) this.element(this.ring)?.focus({ preventScroll: true });
    }
    this.draw();
  }

  // Groups the jobs by item, in the order of the first job of each item.
  groups() {
    const groups = new Map();
    for (const job of this.jobs) {
      const group = groups.get(job.item);
      if (group) group.jobs.push(job);
      else groups.set(job.item, { item: job.item, title: job.title, jobs: [job] });
    }
    return groups.values();
  }

  // Fills rows without gaps; a group that continues in the next row repeats its heading there.
  pack() {
    if (!this.columns) return;
    this.rows = [];
    this.order = [];
    this.rowOf = new Map();
    let row = null;
    let left = 0;
    for (const group of this.groups()) {
      for (let from = 0; from < group.jobs.length;) {
        if (left === 0) {
          row = [];
          this.rows.push(row);
          left = this.columns;
        }
        const jobs = group.jobs.slice(from, from + left);
        row.push({ ...group, all: group.jobs.length, jobs, isFirst: from === 0 });
        for (const job of jobs) {
          this.rowOf.set(job, this.rows.length - 1);
          this.order.push(job);
        }
        from += jobs.length;
        left -= jobs.length;
      }
    }
    this.placeOf = new Map(this.order.map((job, at) => [job, at]));
    this.list.style.height = `${this.rows.length * this.rowHeight}px`;
    for (const [, element] of this.mounted) this.drop(element);
    this.mounted.clear();
    this.draw();
  }

  drop(element) {
    for (const box of element.querySelectorAll(".clip")) Players.stop(box);
    element.remove();
  }

  top() {
    return this.list.getBoundingClientRect().top;
  }

  topJob() {
    const row = Math.round((Page.barHeight() - this.top()) / this.rowHeight);
    return row > 0 ? this.rows[row]?.[0]?.jobs[0] ?? null : null;
  }

  draw() {
    if (!this.columns) return;
    const top = this.top();
    const first = Math.max(0, Math.floor(-top / this.rowHeight) - SPARE_ROWS);
    const last = Math.min(this.rows.length - 1, Math.ceil((innerHeight - top) / this.rowHeight) + SPARE_ROWS);
    // The focused card stays, because otherwise the keyboard focus would be lost.
    const held = this.list.contains(document.activeElement) ? this.rowOf.get(this.ring) : undefined;
    for (const [row, element] of this.mounted) {
      if ((row < first || row > last) && row !== held) {
        this.drop(element);
        this.mounted.delete(row);
      }
    }
    for (let row = first; row <= last; row += 1) if (!this.mounted.has(row)) this.mount(row);
  }

  mount(at) {
    const row = el("div", { class: "row", role: "presentation" });
    row.style.transform = `translateY(${at * this.rowHeight}px)`;
    row.style.gridTemplateColumns = `repeat(${this.columns}, minmax(0, 1fr))`;
    for (const group of this.rows[at]) {
      const more = group.all > 1 ? [el("span", { class: "count", text: group.isFirst ? count(group.all, "clip") : "continued" })] : [];
      const id = group.title === group.item ? [] : [el("bdi", { class: "id", text: group.item, title: group.item })];
      const heading = el("h3", { class: "item" }, el("bdi", { class: "title", text: group.title, title: group.title }), id, more);
      const box = el("div", { class: `group${group.all > 1 ? " several" : ""}`, role: "presentation" }, heading, el("div", { class: "cards", role: "presentation" }, group.jobs.map((job) => this.card(job))));
      box.style.gridColumn = `span ${group.jobs.length}`;
      box.lastChild.style.gridTemplateColumns = `repeat(${group.jobs.length}, minmax(0, 1fr))`;
      row.append(box);
    }
    // The rows have the same order in the document as on the screen, for screen readers.
    const after = [...this.mounted.keys()].filter((row) => row > at).sort((one, two) => one - two)[0];
    this.list.insertBefore(row, after === undefined ? null : this.mounted.get(after));
    this.mounted.set(at, row);
  }

  card(job) {
    const card = makeCard(job, this.placeOf.get(job), this.order.length);
    if (job === this.ring) this.mark(card);
    else if (!this.ring && this.placeOf.get(job) === 0) card.tabIndex = 0;
    if (job.name === View.job) card.classList.add("open");
    return card;
  }

  mark(card) {
    card.classList.add("ring");
    card.setAttribute("aria-current", "true");
    card.tabIndex = 0;
  }

  element(job) {
    const row = this.mounted.get(this.rowOf?.get(job));
    return row ? [...row.querySelectorAll(".card")].find((card) => card.dataset.job === job.name) ?? null : null;
  }

  refresh(jobs) {
    for (const job of jobs) {
      const card = this.element(job);
      if (!card) continue;
      const hadFocus = card.contains(document.activeElement);
      for (const box of card.querySelectorAll(".clip")) Players.stop(box);
      const made = this.card(job);
      card.replaceWith(made);
      if (hadFocus) made.focus({ preventScroll: true });
    }
  }

  setRing(job) {
    if (this.ring === job) return;
    const was = this.ring && this.element(this.ring);
    this.ring = job;
    if (was) {
      was.classList.remove("ring");
      was.removeAttribute("aria-current");
      was.tabIndex = -1;
    }
    const now = job && this.element(job);
    if (now) this.mark(now);
  }

  // Scrolls a card into view below the bar.
  reveal(job) {
    const row = this.rowOf?.get(job);
    if (row === undefined) return;
    const top = this.top() + row * this.rowHeight;
    const bar = Page.barHeight();
    if (top < bar || top + this.rowHeight > innerHeight) scrollBy({ top: top - bar - 8, behavior: "instant" });
    this.draw();
  }

  focus(job) {
    this.setRing(job);
    this.reveal(job);
    this.element(job)?.focus({ preventScroll: true });
  }

  step(by) {
    if (!this.order?.length) return null;
    const at = this.ring ? this.placeOf.get(this.ring) ?? -1 : -1;
    const to = Math.min(this.order.length - 1, Math.max(0, at + by));
    return this.order[at < 0 ? 0 : to];
  }
}
