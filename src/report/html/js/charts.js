// Draws charts as SVG, each with a table of its numbers for screen readers.

function figure(title, note, drawing, head, rows) {
  const table = el("table", {}, el("thead", {}, el("tr", {}, head.map((text) => el("th", { scope: "col", text })))), el("tbody", {}, rows.map((row) => el("tr", {}, row.map((text, at) => el(at ? "td" : "th", at ? { text } : { text, scope: "row" }))))));
  return el("figure", {}, el("figcaption", {}, el("b", { text: title }), note ? el("span", { text: note }) : null), drawing, el("details", {}, el("summary", { text: "Table" }), table));
}

const TONES = ["c1", "c2", "c3", "c4", "c5", "c6"];

function legend(names) {
  return el("ul", { class: "legend" }, names.map((name, at) => el("li", {}, el("i", { class: TONES[at % TONES.length] }), el("span", { text: name }))));
}

const WIDTH = 400;
const HEIGHT = 140;

// Columns, each of stacked parts. `columns` is a list of `{label, title, parts}`.
function stacked(columns, words) {
  const most = Math.max(...columns.map(({ parts }) => parts.reduce((sum, part) => sum + part, 0)), 1e-9);
  const step = WIDTH / columns.length;
  const wide = Math.min(44, step * 0.72);
  const drawing = svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT + 34}`, role: "img", "aria-label": words });
  drawing.append(svg("line", { class: "axis", x1: 0, x2: WIDTH, y1: HEIGHT + 12, y2: HEIGHT + 12 }));
  const every = Math.ceil(columns.length / 8);
  columns.forEach(({ label, title, parts }, at) => {
    let y = HEIGHT + 12;
    const x = at * step + (step - wide) / 2;
    const group = svg("g", {}, svg("title", { text: title }));
    parts.forEach((part, of) => {
      const high = (part / most) * (HEIGHT - 8);
      y -= high;
      if (part > 0) group.append(svg("rect", { class: TONES[of % TONES.length], x, y, width: wide, height: Math.max(high, 1), rx: 2 }));
    });
    drawing.append(group);
    const sum = parts.reduce((total, part) => total + part, 0);
    if (columns.length <= 8 && sum > 0) drawing.append(svg("text", { class: "value", x: x + wide / 2, y: y - 4, "text-anchor": "middle", text: title.split(": ").pop() }));
    if (at % every === 0) drawing.append(svg("text", { x: x + wide / 2, y: HEIGHT + 27, "text-anchor": "middle", text: label }));
  });
  return drawing;
}

// Bars in lines. `bars` is a list of `{label, share, words, tone}`; `share` goes from 0 to 1.
function bars(lines, words) {
  const line = 26;
  const left = 152;
  const most = WIDTH - left - 84;
  const drawing = svg("svg", { class: "chart", viewBox: `0 0 ${WIDTH} ${lines.length * line + 4}`, role: "img", "aria-label": words });
  const cut = (text) => (text.length > 22 ? `${text.slice(0, 21)}…` : text);
  lines.forEach(({ label, share, words: said, tone }, at) => {
    const y = at * line + 4;
    drawing.append(svg("text", { x: 0, y: y + 14 }, svg("title", { text: label }), cut(label)), svg("rect", { class: "rail", x: left, y: y + 3, width: most, height: 14, rx: 2 }));
    if (share > 0) drawing.append(svg("rect", { class: tone, x: left, y: y + 3, width: Math.max(2, share * most), height: 14, rx: 2 }));
    drawing.append(svg("text", { class: "value", x: left + most + 8, y: y + 14, text: said }));
  });
  return drawing;
}

function spendChart(model) {
  const days = new Map();
  const models = [];
  for (const { take } of model.takes()) {
    if (take.account === "free" || !take.submitted) continue;
    if (!models.includes(take.model)) models.push(take.model);
    const found = days.get(day(take.submitted)) ?? new Map();
    found.set(take.model, (found.get(take.model) ?? 0) + take.cost);
    days.set(day(take.submitted), found);
  }
  const sorted = [...days].sort(([one], [two]) => one.localeCompare(two)).slice(-31);
  if (!sorted.length) return null;
  const sum = (found) => [...found.values()].reduce((total, part) => total + part, 0);
  const columns = sorted.map(([date, found]) => ({ label: date.slice(5), title: `${date}: ${money(sum(found))}`, parts: models.map((name) => found.get(name) ?? 0) }));
  const drawing = el("div", {}, legend(models), stacked(columns, `Money by day: ${columns.map(({ title }) => title).join("; ")}`));
  return figure("Money by day and model", sorted.length === 31 ? "the last 31 days" : "", drawing, ["Day (UTC)", ...models], sorted.map(([date, found]) => [date, ...models.map((name) => money(found.get(name) ?? 0))]));
}

function durationChart(model) {
  const times = model.takes().map(({ take }) => (take.ended && take.submitted && take.phase === "done" ? take.ended - take.submitted : null)).filter((time) => time !== null).sort((one, two) => one - two);
  if (times.length < 2) return null;
  const top = times[Math.floor(times.length * 0.99)] || 1;
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 86400];
  const step = steps.find((it) => top / it <= 12) ?? Math.ceil(top / 12);
  const bins = Array.from({ length: Math.max(1, Math.ceil((top + 1) / step)) }, () => 0);
  for (const time of times) bins[Math.min(bins.length - 1, Math.floor(time / step))] += 1;
  const middle = times[Math.floor(times.length / 2)];
  const late = times[Math.min(times.length - 1, Math.floor(times.length * 0.9))];
  const columns = bins.map((number, at) => ({ label: span(at * step), title: `${span(at * step)} to ${span((at + 1) * step)}: ${number}`, parts: [number] }));
  return figure("Time from request to clip", `half within ${span(middle)}, nine of ten within ${span(late)}`, stacked(columns, `Half within ${span(middle)}, nine of ten within ${span(late)}`), ["Time", "Clips"], columns.map(({ title, parts }) => [title.split(":")[0], String(parts[0])]));
}

function outcomeChart(model) {
  const lines = Object.entries(STATES).map(([state, [words, , tone]]) => ({ label: words, tone, number: model.jobs.filter((job) => job.state === state).length })).filter(({ number }) => number);
  const all = model.jobs.length;
  const shown = lines.map((line) => ({ ...line, share: line.number / all, words: NUMBERS.format(line.number) }));
  return figure("Jobs by state", "", bars(shown, shown.map(({ label, words }) => `${words} ${label}`).join(", ")), ["State", "Jobs"], shown.map(({ label, words }) => [label, words]));
}

function approvalChart(model, title, of) {
  const found = new Map();
  for (const job of model.jobs) {
    if (!["approved", "rejected"].includes(job.standing) || !of(job)) continue;
    const known = found.get(of(job)) ?? { approved: 0, all: 0 };
    known.all += 1;
    if (job.standing === "approved") known.approved += 1;
    found.set(of(job), known);
  }
  if (!found.size) return null;
  const lines = [...found].map(([label, { approved, all }]) => ({ label, share: approved / all, tone: "good", words: `${percent(approved, all)} of ${all}` })).sort((one, two) => one.share - two.share).slice(0, 12);
  return figure(title, "share of the decided clips", bars(lines, lines.map(({ label, words }) => `${label}: ${words}`).join(", ")), [title, "Approved"], lines.map(({ label, words }) => [label, words]));
}

function drawCharts(model) {
  const all = [spendChart(model), outcomeChart(model), durationChart(model), approvalChart(model, "Approved by model", (job) => job.model), approvalChart(model, "Approved by shot", (job) => job.shot)];
  byId("charts").replaceChildren(el("h2", { text: "Charts" }), el("div", { class: "figures" }, all.filter(Boolean)));
}

function drawAbout(model) {
  const { data } = model;
  const list = el("dl", { class: "details" });
  const row = (name, text) => list.append(el("dt", { text: name }), el("dd", { text }));
  row("Project", data.project);
  row("Manifest", data.manifest);
  row("Clips", data.output);
  row(data.live ? "Opened" : "Written", utc(data.now));
  row("Program", `shotlist ${data.version}`);
  const runs = new Set(model.takes().map(({ take }) => take.run).filter((run) => run !== undefined));
  row("Runs", String(runs.size));
  row("Renderings", String(model.takes().length));
  byId("about").replaceChildren(el("h2", { text: "About this report" }), list, el("p", {}, "State of the project: ", commandLine(model.command("status"))));
}
