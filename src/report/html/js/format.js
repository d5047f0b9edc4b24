// Formats money, times and sizes.

// One formatter for all numbers, because creating one takes longer than using it.
const NUMBERS = new Intl.NumberFormat("en-US");

function money(micros) {
  const sign = micros < 0 ? "-" : "";
  const whole = Math.floor(Math.abs(micros) / 1e6);
  let decimals = String(Math.abs(micros) % 1e6).padStart(6, "0");
  while (decimals.length > 2 && decimals.endsWith("0")) decimals = decimals.slice(0, -1);
  return `${sign}$${NUMBERS.format(whole)}.${decimals}`;
}

// An average, rounded to a tenth of a cent at most.
const about = (micros) => money(Math.round(micros / 1000) * 1000);

const pad = (number) => String(number).padStart(2, "0");

function utc(seconds) {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

const day = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 10);

function span(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${pad(Math.floor(seconds % 60))}s`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)}h${pad(Math.floor((seconds % 3600) / 60))}m`;
  return `${Math.floor(seconds / 86400)}d${pad(Math.floor((seconds % 86400) / 3600))}h`;
}

function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

const count = (number, one, many = `${one}s`) => `${NUMBERS.format(number)} ${number === 1 ? one : many}`;

const percent = (part, whole) => (whole ? `${Math.round((100 * part) / whole)} %` : "–");

// Returns a word, quoted for a shell if needed.
function quoted(word) {
  return /^[\p{L}\p{N}/._\-+=:,@%]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

// The words, the icon and the tone of each state, verdict and decision.
const STATES = {
  done: ["done", "check", "good"],
  to_render: ["to render", "ring", "calm"],
  asks: ["waiting for your approval", "hand", "warn"],
  review: ["waiting for your review", "hand", "warn"],
  in_flight: ["waiting for the result", "clock", "calm"],
  waiting: ["waiting for another job", "clock", "calm"],
  held: ["needs your decision", "hand", "warn"],
  failed: ["failed", "cross", "bad"],
  written_off: ["written off", "minus", "calm"],
  dismissed: ["dismissed", "minus", "calm"],
  missing: ["missing", "missing", "bad"],
  altered: ["altered", "missing", "warn"],
};
const VERDICTS = {
  fail: ["checks: fail", "cross", "bad"],
  warn: ["checks: warn", "warn", "warn"],
  pass: ["checks: pass", "check", "good"],
  unchecked: ["not checked", "ring", "calm"],
};
const DECISIONS = {
  undecided: ["undecided", "ring", "calm"],
  outdated: ["outdated", "undo", "warn"],
  rejected: ["rejected", "cross", "bad"],
  approved: ["approved", "check", "good"],
};
