// A card: one job with its picture, its clip, and the state of both.

function badge(table, value, more) {
  const [words, glyph, tone] = table[value];
  return el("span", { class: `badge ${tone}` }, icon(glyph), el("b", { text: words }), more ? el("span", { class: "more", text: more, title: more }) : null);
}

function reasonWords(names) {
  const known = new Map(Page.model.data.reasons.map(({ name, words }) => [name, words]));
  return (names ?? []).map((name) => known.get(name) ?? name).join(", ");
}

function decisionBadge(job) {
  if (job.saving === "failed") {
    const retry = button("Retry", () => Decide.retry([job]), { tabindex: "-1" });
    return el("span", { class: "badge bad unsaved" }, icon("warn"), el("b", { text: "not saved" }), retry);
  }
  if (job.conflict) return el("span", { class: "badge warn" }, icon("warn"), el("b", { text: "two decisions" }), el("span", { class: "more", text: "open it to choose one" }));
  if (!job.current) return null;
  const review = job.standing === "undecided" ? null : job.review;
  const more = review ? [reasonWords(review.reasons), review.who ? `by ${review.who}` : ""].filter(Boolean).join(" · ") : "";
  return badge(DECISIONS, job.standing, more);
}

// Returns the money of the shown rendering, with its state unless it is spent. A rendering that was not charged has none.
function priceWords(job) {
  const take = job.shown;
  if (!take || take.account === "free") return "";
  if (take.of) return "shared";
  const words = { reserved: " reserved", in_doubt: " in doubt" }[take.account] ?? "";
  return money(take.cost) + words;
}

const nameOf = (job) => [job.shot, job.variant].filter(Boolean).join(" · ");

function cardLabel(job) {
  const parts = [job.title, nameOf(job), STATES[job.state][0]];
  if (job.verdict) parts.push(VERDICTS[job.verdict][0] + (job.finding ? `: ${job.finding.reason}` : ""));
  if (decisionOf(job)) parts.push(DECISIONS[job.standing][0]);
  if (job.takes.length > 1) parts.push(count(job.takes.length, "version"));
  parts.push(priceWords(job));
  return parts.filter(Boolean).join(", ");
}

function versionStrip(job) {
  if (job.takes.length < 2) return null;
  const shown = job.takes.slice(0, 6).map((take, at) => {
    const isCurrent = take === job.current;
    return el("span", { class: `version${isCurrent ? " current" : ""}`, text: `v${job.takes.length - at}`, title: `${STATES_OF_PHASE[take.phase] ?? take.phase}${isCurrent ? ", in use" : ""}` });
  });
  if (job.takes.length > 6) shown.push(el("span", { class: "version", text: `+${job.takes.length - 6}` }));
  return el("span", { class: "strip", title: `${job.takes.length} versions` }, shown);
}

const STATES_OF_PHASE = {
  pending: "to be sent", submitting: "being sent", doubtful: "in doubt", running: "rendering", downloading: "being downloaded",
  placing: "being saved", done: "done", held: "needs your decision", failed: "failed", cancelled: "cancelled", written_off: "written off",
};

function makeCard(job, place, total) {
  const card = el("article", {
    class: `card${job.decidedHere ? " decided" : ""}${job.current ? "" : " empty"} ${job.standing}`, role: "listitem", tabindex: "-1", "aria-label": cardLabel(job),
    "aria-posinset": place + 1, "aria-setsize": total, data: { job: job.name },
  });
  const take = job.shown;
  const clip = clipBox(job, job.current ?? take);
  const pair = el("div", { class: "pair" }, sourceBox(job, take), clip);
  const head = el("div", { class: "name" }, el("b", { text: nameOf(job) }), el("span", { class: "model", text: (job.model ?? "").split("/").pop(), title: job.model ?? "" }), el("span", { class: `price${take?.account === "settled" && !take.of ? "" : " open"}`, text: priceWords(job) }));
  const lines = el("div", { class: "lines" },
    badge(STATES, job.state, job.state === "done" ? "" : job.why ?? ""),
    job.verdict ? badge(VERDICTS, job.verdict, job.finding?.reason ?? "") : null,
    decisionBadge(job));
  const foot = el("div", { class: "foot" }, versionStrip(job), job.redo ? el("span", { class: "queued" }, icon("again"), el("span", { text: "redo queued" })) : null, el("span", { class: "gap" }));
  if (Decide.store.canWrite && job.current) {
    const act = (label, glyph, made, tone) => button(label, (event) => {
      event.stopPropagation();
      Page.focus(job);
      made();
    }, { glyph, hide: true, tabindex: "-1", class: `mini ${tone}` });
    foot.append(
      act("Approve", "check", () => Page.approve(job), `good${job.standing === "approved" ? " on" : ""}`),
      act("Reject", "cross", () => Page.reject(job), `bad${job.standing === "rejected" ? " on" : ""}`));
  }
  card.append(pair, head, lines, foot);
  card.addEventListener("click", () => Page.open(job));
  card.addEventListener("focus", () => Page.ring(job));
  hoverPlay(card, clip, job);
  return card;
}

// Plays a clip when the pointer has been on it for a quarter of a second, except on phones and with reduced motion.
function hoverPlay(card, box, job) {
  let waiting = 0;
  card.addEventListener("pointerenter", (event) => {
    if (event.pointerType !== "mouse" || isCalm()) return;
    waiting = setTimeout(() => Players.play(box, job, job.current), 250);
  });
  card.addEventListener("pointerleave", () => {
    clearTimeout(waiting);
    Players.stop(box);
  });
}
