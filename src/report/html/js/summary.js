// The money, and the jobs that need attention. Each line is a filter, with the command to type.

function tile(label, value, more, tone) {
  return el("div", { class: `tile ${tone ?? ""}` }, el("span", { class: "label", text: label }), el("b", { text: value }), more ? el("span", { class: "more" }, more) : null);
}

function budgetMeter({ name, limit, spent }) {
  const share = Math.min(100, limit ? (100 * spent) / limit : 100);
  const bar = svg("svg", { class: "meter", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "rail", width: 100, height: 6 }), svg("rect", { class: spent >= limit ? "over" : "fill", width: share, height: 6 }));
  return el("span", { class: spent >= limit ? "warn" : "" }, el("span", { class: "label", text: `Budget of a ${name}` }), el("span", {}, el("b", { text: money(spent) }), ` of ${money(limit)}`), bar);
}

function moneyTiles(model) {
  const of = (account) => model.takes().filter(({ take }) => take.account === account).reduce((sum, { take }) => sum + take.cost, 0);
  const spent = of("settled");
  const approved = model.jobs.filter((job) => job.standing === "approved").length;
  const { today, month, budgets } = model.summary;
  const tiles = [
    tile("Spent on these clips", money(spent), `today ${money(today.spent)}, month ${money(month.spent)}`),
    tile("Reserved", money(of("reserved")), "for unfinished jobs", of("reserved") ? "" : "none"),
    tile("In doubt", money(of("in_doubt")), "may have been charged", of("in_doubt") ? "warn" : "none"),
    tile("Per approved clip", approved ? about(spent / approved) : "–", approved ? `${money(spent)} for ${count(approved, "approved clip")}` : "no clip is approved yet"),
  ];
  if (budgets.length) tiles.push(el("div", { class: "tile budgets" }, budgets.map(budgetMeter)));
  return tiles;
}

function needLines(model) {
  const { jobs } = model;
  const lines = [];
  // `words` are one text, or two: for one job, and for several.
  const need = (list, token, words, tone, glyph, command) => {
    const [one, several = one] = [words].flat();
    if (list.length) lines.push({ list, token, words: list.length === 1 ? one : several, tone, glyph, command });
  };
  const state = (name, words, tone) => need(jobs.filter((job) => job.state === name), `state:${name}`, words, tone, STATES[name][1], model.command(COMMANDS_OF[name]));
  state("held", ["needs your decision: may have been charged", "need your decision: may have been charged"], "warn");
  state("failed", "failed", "bad");
  state("missing", ["clip is missing", "clips are missing"], "bad");
  state("altered", ["altered: another file has the clip's name", "altered: other files have the clips' names"], "warn");
  state("asks", "waiting for your approval: the input changed", "warn");
  state("review", "waiting for your review of the first clips", "warn");
  need(jobs.filter((job) => job.verdict === "fail"), "verdict:fail", "with the verdict fail", "bad", "cross", null);
  need(jobs.filter((job) => job.verdict === "warn"), "verdict:warn", "with the verdict warn", "warn", "warn", null);
  need(jobs.filter((job) => decisionOf(job) === "outdated"), "decision:outdated", "outdated: changed since the decision", "warn", "undo", null);
  need(jobs.filter((job) => decisionOf(job) === "undecided"), "decision:undecided", "undecided", "calm", "ring", Address.live || !Decide.store.canWrite ? null : model.command("review"));
  const queue = jobs.filter((job) => job.redo);
  const price = money(queue.reduce((sum, job) => sum + job.price, 0));
  need(queue, "redo:queued", [`redo queued, ${price}`, `redos queued, ${price}`], "calm", "again", model.command("run"));
  need(jobs.filter((job) => job.saving === "failed"), "saved:no", ["decision not saved", "decisions not saved"], "bad", "warn", null);
  return lines;
}

function drawSummary(model) {
  const needs = needLines(model).map(({ list, token, words, tone, glyph, command }) =>
    el("li", {}, el("button", { type: "button", class: `need ${tone}`, "aria-pressed": String(View.q === token), on: { click: () => Page.search(View.q === token ? "" : token) } },
      icon(glyph), el("b", { text: NUMBERS.format(list.length) }), el("span", { text: words })), command ? commandLine(command) : null));
  const none = el("p", { class: "fine" }, icon("check"), el("span", { text: "Nothing needs your attention." }));
  byId("summary").replaceChildren(
    el("div", { class: "tiles" }, moneyTiles(model)),
    el("div", { class: "needs" }, el("h2", { text: "Needs your attention" }), needs.length ? el("ul", {}, needs) : none));
}
