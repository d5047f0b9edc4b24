// The bar with search, sorting, chips with their counts, and buttons for decisions about all shown clips.

class Filters {
  constructor(place) {
    this.place = place;
    this.input = el("input", { type: "search", id: "search", placeholder: "Search, or verdict:fail shot:hero …", "aria-label": "Search", autocomplete: "off", spellcheck: "false" });
    this.input.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => Page.search(this.input.value, false), 120);
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.stopPropagation();
        if (this.input.value) Page.search("");
        else this.input.blur();
      } else if (event.key === "Enter") Page.grid.focus(Page.grid.step(0));
    });
    this.sort = el("select", { "aria-label": "Sort", id: "sort" }, Object.entries(SORTS).map(([name, [words]]) => el("option", { value: name, text: words })));
    this.sort.addEventListener("change", () => Page.sort(this.sort.value));
    this.total = el("span", { class: "total", role: "status" });
    this.chips = el("div", { class: "chips", id: "chips" });
    this.bulk = el("span", { class: "bulk" });
    this.more = button("Filters", () => this.place.classList.toggle("open"), { glyph: "filter", class: "narrow", "aria-controls": "chips" });
    place.append(el("div", { class: "line" }, el("label", { class: "search" }, icon("search"), this.input, el("kbd", { text: "/" })), this.sort, this.more, this.total, this.bulk), this.chips);
    document.addEventListener("click", (event) => {
      for (const menu of this.chips.querySelectorAll("details[open]")) if (!menu.contains(event.target)) menu.open = false;
    });
  }

  draw(model, shown) {
    if (document.activeElement !== this.input) this.input.value = View.q;
    this.sort.value = View.sort;
    this.total.textContent = shown.length === model.jobs.length ? count(shown.length, "job") : `${NUMBERS.format(shown.length)} of ${count(model.jobs.length, "job")}`;
    const counts = facetCounts(model.jobs, parseQuery(View.q));
    const open = [...this.chips.querySelectorAll("details[open]")].map((menu) => menu.dataset.key);
    const focused = document.activeElement?.dataset?.chip;
    this.chips.replaceChildren(...Object.entries(FACETS).map(([key, facet]) => this.facet(key, facet, counts[key], open.includes(key))).filter(Boolean));
    if (focused) [...this.chips.querySelectorAll("[data-chip]")].find((chip) => chip.dataset.chip === focused)?.focus();
    this.drawBulk(shown);
  }

  chip(key, value, words, number) {
    const table = { state: STATES, verdict: VERDICTS, decision: DECISIONS }[key];
    const isOn = hasToken(View.q, key, value);
    return el("button", { type: "button", class: `chip${table ? ` ${table[value]?.[2] ?? ""}` : ""}`, "aria-pressed": String(isOn), disabled: number === 0 && !isOn, data: { chip: `${key}:${value}` }, on: { click: () => Page.search(toggleToken(View.q, key, value)) } },
      table ? icon(table[value]?.[1]) : null, el("bdi", { text: words }), el("span", { class: "count", text: NUMBERS.format(number) }));
  }

  facet(key, facet, values, isOpen) {
    if (values.length === 0 || (!facet.order && values.length < 2 && key !== "tag")) return null;
    const chips = values.map(([value, number]) => this.chip(key, value, facet.words(value), number));
    if (facet.order) return el("div", { class: "facet", role: "group", "aria-label": facet.title }, el("span", { class: "label", text: facet.title }), chips);
    const on = values.filter(([value]) => hasToken(View.q, key, value)).length;
    return el("details", { class: "menu", open: isOpen, data: { key } }, el("summary", { text: on ? `${facet.title} (${on})` : facet.title }), el("div", { class: "list" }, chips));
  }

  drawBulk(shown) {
    const acts = [];
    const store = Decide.store;
    if (store.canWrite) {
      const open = shown.filter((job) => decisionOf(job) === "undecided" || decisionOf(job) === "outdated");
      if (View.q && open.length > 1) {
        acts.push(button(`Approve all ${open.length}…`, () => confirmStep(`Approve ${open.length} clips?`, `${count(open.length, "clip")} of this list ${open.length === 1 ? "is" : "are"} undecided or outdated. You can undo this in one step.`, `Approve ${open.length}`, () => Decide.apply(open, { outcome: "approved" }))));
      }
      if (store.csv && store.decisions().length) acts.push(button(`Save ${count(store.decisions().length, "decision")}…`, () => saveDecisions(store), { glyph: "save", class: "strong", id: "save" }));
    }
    this.bulk.replaceChildren(...acts);
  }
}

// Writes decisions.csv, with the name of the reviewer.
function saveDecisions(store) {
  const who = el("input", { type: "text", value: store.who, maxlength: "80", "aria-label": "Your name", placeholder: "Your name" });
  const command = Page.model.command("import");
  const save = () => {
    store.setWho(who.value.trim());
    const address = URL.createObjectURL(new Blob([store.csv()], { type: "text/csv" }));
    el("a", { href: address, download: "decisions.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
    dialog.close();
    toast("Saved as decisions.csv");
  };
  const dialog = openDialog("Save the decisions as decisions.csv", [
    el("p", { text: "The decisions are kept in this browser until you save the file. This command records the file in the project:" }), el("p", {}, commandLine(command)),
    el("label", { class: "field" }, el("span", { text: "Your name" }), who)], [button("Save decisions.csv", save, { class: "strong", id: "save-file" }), button("Cancel", () => dialog.close(), { key: "Esc" })]);
  who.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    save();
  });
}
