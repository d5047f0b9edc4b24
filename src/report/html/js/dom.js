// Elements, icons and small helpers. Text is always added as text: nothing here parses markup.

const byId = (id) => document.getElementById(id);

// Makes an element. `attributes` may hold `class`, `text`, `on` (listeners), `data` and plain attributes; a value of
// `null`, `undefined` or `false` leaves the attribute out.
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") made.className = value;
    else if (name === "text") made.textContent = value;
    else if (name === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    else if (name === "data") Object.assign(made.dataset, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") made.textContent = value;
    else if (value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat());
  return made;
}

// Lines of 24 by 24 units.
const ICONS = {
  check: "M4 12.5l5 5L20 6.5",
  cross: "M6 6l12 12M18 6L6 18",
  warn: "M12 4L2.5 20h19zM12 10v5M12 17.6v.4",
  dot: "M12 12m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
  ring: "M12 12m-7 0a7 7 0 1 0 14 0a7 7 0 1 0-14 0",
  clock: "M12 12m-9 0a9 9 0 1 0 18 0a9 9 0 1 0-18 0M12 7v5l3.5 2",
  hand: "M12 3v10M8 6v8M16 6v8M4.5 12c1 5 3 9 7.5 9s8-3 8-8V9",
  undo: "M9 14L4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  again: "M20 11A8 8 0 1 0 18 17M20 4v7h-7",
  play: "M7 4.5v15l12-7.5z",
  search: "M10.5 10.5m-6.5 0a6.5 6.5 0 1 0 13 0a6.5 6.5 0 1 0-13 0M15.5 15.5L21 21",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  sun: "M12 12m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
  keys: "M3 6h18v12H3zM7 10h.1M12 10h.1M17 10h.1M8 14h8",
  save: "M12 3v12M7 11l5 5 5-5M4 20h16",
  missing: "M5 3h9l5 5v13H5zM9 12l6 6M15 12l-6 6",
  minus: "M6 12h12",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  filter: "M3 5h18l-7 8v6l-4 2v-8z",
  link: "M14 4h6v6M20 4L10 14M18 14v6H4V6h6",
};

function icon(name) {
  const path = svg("path", { d: ICONS[name] ?? ICONS.dot });
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, path);
}

function button(label, act, options = {}) {
  const { glyph, hide, key, ...attributes } = options;
  const text = hide ? [] : [el("span", { text: label })];
  const shown = key ? [el("kbd", { text: key })] : [];
  const named = hide ? { "aria-label": label, title: label } : {};
  const content = [...(glyph ? [icon(glyph)] : []), ...text, ...shown];
  return el("button", { type: "button", ...named, ...attributes, on: { click: act } }, content);
}

// Announces a text to screen readers.
function say(text) {
  byId("said").textContent = "";
  // The same words twice are announced twice only if the element was empty between them.
  setTimeout(() => { byId("said").textContent = text; }, 30);
}

let toastTimer = 0;
function toast(text, ...actions) {
  const box = byId("toast");
  box.replaceChildren(el("span", { text }), ...actions);
  box.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { box.hidden = true; }, 6000);
  say(text);
}

// Copies a text to the clipboard, or selects the text if the browser refuses.
async function copy(text, shown) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    getSelection().selectAllChildren(shown);
    toast("Press Ctrl+C to copy");
  }
}

// A command line with a button that copies it.
function commandLine(text) {
  // Lines break between words, never at the hyphens of a flag.
  const words = text.split(" ").flatMap((word, at) => [at ? " " : "", el("span", { text: word })]);
  const code = el("code", {}, words);
  return el("span", { class: "command" }, code, button("Copy command", () => copy(text, code), { glyph: "copy", hide: true, class: "quiet" }));
}

const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const isTouch = () => matchMedia("(hover: none)").matches;
