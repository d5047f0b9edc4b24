// Parses the search text, sorts the jobs, and keeps both in the address.

const FACETS = {
  state: { title: "State", of: (job) => [job.state], words: (value) => STATES[value]?.[0] ?? value, order: Object.keys(STATES) },
  verdict: { title: "Checks", of: (job) => (job.verdict ? [job.verdict] : []), words: (value) => (VERDICTS[value]?.[0] ?? value).replace("checks: ", ""), order: Object.keys(VERDICTS) },
  decision: { title: "Decision", of: (job) => (decisionOf(job) ? [decisionOf(job)] : []), words: (value) => DECISIONS[value]?.[0] ?? value, order: Object.keys(DECISIONS) },
  shot: { title: "Shot", of: (job) => [job.shot], words: (value) => value },
  model: { title: "Model", of: (job) => (job.model ? [job.model] : []), words: (value) => value },
  tag: { title: "Tag", of: (job) => job.tags, words: (value) => value },
};
const OTHER_TOKENS = {
  item: (job) => [job.item],
  redo: (job) => [job.redo ? "queued" : "none"],
  saved: (job) => [job.saving === "failed" ? "no" : "yes"],
};
const valuesOf = (key, job) => (FACETS[key]?.of ?? OTHER_TOKENS[key])(job);

const TOKEN = new RegExp(`(-?)(${[...Object.keys(FACETS), ...Object.keys(OTHER_TOKENS)].join("|")}):(?:"([^"]*)"|(\\S+))|"([^"]*)"|(\\S+)`, "g");

// Splits a search text into free words and `tokens` by key, each with its wanted and unwanted values.
function parseQuery(text) {
  const query = { tokens: new Map(), words: [] };
  for (const [, not, key, long, short, phrase, word] of text.matchAll(TOKEN)) {
    if (key) {
      const token = query.tokens.get(key) ?? { wanted: new Set(), unwanted: new Set() };
      (not ? token.unwanted : token.wanted).add(long ?? short);
      query.tokens.set(key, token);
    } else if (phrase ?? word) {
      query.words.push((phrase ?? word).toLowerCase());
    }
  }
  return query;
}

const written = (key, value) => (/[\s"]/.test(value) || value === "" ? `${key}:"${plain(value)}"` : `${key}:${value}`);

// Returns a value without quotes, which a token cannot contain.
const plain = (value) => value.replaceAll('"', "");

const hasToken = (text, key, value) => parseQuery(text).tokens.get(key)?.wanted.has(plain(value)) ?? false;

// Adds a token to the search text, or removes it if it is there.
function toggleToken(text, key, value) {
  const token = written(key, value);
  const parts = [...text.matchAll(TOKEN)].map(([part]) => part);
  const at = parts.indexOf(token);
  if (at >= 0) parts.splice(at, 1);
  else parts.push(token);
  return parts.join(" ");
}

function matchesToken(job, key, { wanted, unwanted }) {
  const values = valuesOf(key, job).map(plain);
  if (wanted.size && !values.some((value) => wanted.has(value))) return false;
  return !values.some((value) => unwanted.has(value));
}

function matches(job, query, except = null) {
  for (const [key, token] of query.tokens) if (key !== except && !matchesToken(job, key, token)) return false;
  return query.words.every((word) => searchText(job).includes(word));
}

// Returns the number of jobs for each value of each facet, filtered by all other parts of the search.
function facetCounts(jobs, query) {
  const counts = {};
  const matching = new Set(jobs.filter((job) => matches(job, query)));
  for (const [key, facet] of Object.entries(FACETS)) {
    const found = new Map();
    for (const job of jobs) {
      const is = query.tokens.has(key) ? matches(job, query, key) : matching.has(job);
      for (const value of facet.of(job)) found.set(value, (found.get(value) ?? 0) + (is ? 1 : 0));
    }
    const place = (value) => (facet.order ? facet.order.indexOf(value) : 0);
    counts[key] = [...found].sort(([one, many], [two, few]) => place(one) - place(two) || few - many || one.localeCompare(two));
  }
  return counts;
}

// The order of `Risk first`: certainly wrong, possibly wrong, without a clip because of a failure, the rest.
const RISK_OF_STATE = { held: 0, failed: 1, missing: 1, altered: 1, asks: 2, written_off: 3 };
const RISK_OF_VERDICT = { fail: 0, warn: 1, unchecked: 4, pass: 5 };
const risk = (job) => RISK_OF_STATE[job.state] ?? (job.verdict ? RISK_OF_VERDICT[job.verdict] + 1 : 9);
const SORTS = {
  risk: ["Risk first", (one, two) => risk(one) - risk(two) || two.time - one.time],
  newest: ["Newest first", (one, two) => two.time - one.time],
  item: ["Order of the catalog", () => 0],
  price: ["Highest price first", (one, two) => two.price - one.price],
};

// The state in the address: search, sorting and the open job.
const View = {
  q: "", sort: "risk", job: null,
  read() {
    const held = new URLSearchParams(location.hash.slice(1));
    this.q = held.get("q") ?? "";
    this.sort = SORTS[held.get("sort")] ? held.get("sort") : "risk";
    this.job = held.get("job");
  },
  address() {
    const held = new URLSearchParams();
    if (this.q) held.set("q", this.q);
    if (this.sort !== "risk") held.set("sort", this.sort);
    if (this.job) held.set("job", this.job);
    const text = held.toString();
    return text ? `#${text}` : location.pathname + location.search;
  },
  write(isStep) {
    if (isStep) history.pushState(null, "", this.address());
    else history.replaceState(null, "", this.address());
  },
};
