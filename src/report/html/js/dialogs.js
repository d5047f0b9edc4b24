// Dialogs: reasons of a rejection, help, confirmation.

function openDialog(title, content, acts) {
  const heading = el("h2", { text: title, id: "dialog-title" });
  const dialog = el("dialog", { "aria-labelledby": "dialog-title" }, el("form", { method: "dialog" }, heading, content, el("div", { class: "acts" }, acts)));
  const before = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before?.isConnected) before.focus({ preventScroll: true });
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  byId("app").append(dialog);
  dialog.showModal();
  return dialog;
}

const isDialogOpen = () => document.querySelector("dialog[open]") !== null;

// Asks for the reasons. Keys 1 to 9 reject immediately with that reason; several reasons are ticked and sent together.
function askReasons(jobs, { redo = false } = {}, decided) {
  const former = jobs.length === 1 && jobs[0].standing === "rejected" ? jobs[0].review : null;
  const boxes = Page.model.data.reasons.map(({ name, words }, at) => {
    const tick = el("input", { type: "checkbox", value: name, checked: former?.reasons?.includes(name) });
    return el("label", { class: "reason" }, at < 9 ? el("kbd", { text: String(at + 1) }) : el("kbd", { class: "none" }), tick, el("span", { text: words }));
  });
  const note = el("textarea", { rows: "2", maxlength: "1000", placeholder: "Note, also offered to the next prompt" });
  note.value = former?.note ?? "";
  const again = el("input", { type: "checkbox", checked: redo || former?.redo });
  const price = jobs.reduce((sum, job) => sum + job.price, 0);
  const queued = Decide.queueCost() - jobs.filter((job) => job.redo).reduce((sum, job) => sum + job.price, 0);
  const fault = el("p", { class: "problem", role: "alert" });
  const send = el("button", { type: "button", class: "bad strong" });
  const words = () => {
    send.textContent = again.checked ? `Reject, and queue a redo for ${money(price)}` : jobs.length === 1 ? "Reject" : `Reject ${jobs.length} clips`;
    total.textContent = again.checked ? `The queue is then ${money(queued + price)}. Nothing is sent before the next run.` : "";
  };
  const total = el("p", { class: "total" });
  const finish = (reasons) => {
    if (reasons.length === 0) fault.textContent = isTouch() ? "Select a reason." : "Select a reason, or press its number.";
    else if (reasons.includes("other") && !note.value.trim()) {
      fault.textContent = "“other” needs a note.";
      note.focus();
    } else {
      dialog.close();
      decided({ outcome: "rejected", reasons, note: note.value.trim(), redo: again.checked });
    }
  };
  const ticked = () => boxes.map((box) => box.querySelector("input")).filter((tick) => tick.checked).map((tick) => tick.value);
  send.addEventListener("click", () => finish(ticked()));
  again.addEventListener("change", words);
  const content = [el("div", { class: "reasons" }, boxes), note,
    el("label", { class: "again" }, again, el("span", { text: `Render ${jobs.length === 1 ? "it" : "them"} again for ${money(price)}` })), total, fault];
  const title = jobs.length === 1 ? `Reject ${jobs[0].title}` : `Reject ${jobs.length} clips`;
  const dialog = openDialog(title, content, [send, button("Cancel", () => dialog.close(), { key: "Esc" })]);
  words();
  boxes[0].querySelector("input").focus();
  dialog.addEventListener("keydown", (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.target === note) return;
    const number = Number(event.key);
    if (number >= 1 && number <= 9) {
      event.preventDefault();
      finish([...new Set([...ticked(), Page.model.data.reasons[number - 1].name])]);
    } else if (event.key === "Enter" && event.target.type === "checkbox") {
      event.preventDefault();
      finish(ticked());
    }
  });
}

function confirmStep(title, text, label, act) {
  const dialog = openDialog(title, el("p", { text }), [
    button(label, () => { dialog.close(); act(); }, { class: "strong" }), button("Cancel", () => dialog.close(), { key: "Esc" })]);
}

const KEYS = [
  ["J  K", "next, previous clip; arrows move too"], ["Enter", "open the clip"], ["Esc", "close"], ["Space", "play or pause"], [",  .", "a frame back, a frame on"],
  ["V", "next version"], ["C", "compare two versions"], ["/", "search"], ["?", "this help"],
];
const DECIDING_KEYS = [["A", "approve"], ["R  1–9", "reject: R, then the number of the reason"], ["U", "undo"]];

function showHelp() {
  const keys = Decide.store.canWrite ? [...DECIDING_KEYS, ...KEYS] : KEYS;
  const on = el("input", { type: "checkbox", checked: Settings.keys });
  on.addEventListener("change", () => Settings.set("keys", on.checked));
  const move = el("input", { type: "checkbox", checked: Settings.advance });
  move.addEventListener("change", () => Settings.set("advance", move.checked));
  const rows = keys.map(([key, words]) => [el("dt", {}, key.split("  ").map((it) => el("kbd", { text: it }))), el("dd", { text: words })]);
  const content = [el("dl", { class: "keys" }, rows.flat()),
    el("p", { class: "note", text: "Your decision applies only to the clip with the ring. J and K go from clip to clip; they do not change the speed as in a video editor." }),
    el("label", { class: "again" }, on, el("span", { text: "Single keys are shortcuts" })),
    Decide.store.canWrite ? el("label", { class: "again" }, move, el("span", { text: "Go to the next clip after a decision" })) : null];
  const dialog = openDialog("Keys", content, [button("Close", () => dialog.close(), { key: "Esc", class: "strong" })]);
}

// The settings of the page, which this browser stores.
const Settings = {
  keys: true, advance: true, theme: "auto",
  load() {
    try {
      const kept = JSON.parse(localStorage.getItem("shotlist:settings") ?? "{}");
      for (const name of ["keys", "advance", "theme"]) if (name in kept) this[name] = kept[name];
    } catch {
      // If the settings cannot be read, the defaults apply.
    }
    this.paint();
  },
  set(name, value) {
    this[name] = value;
    try {
      localStorage.setItem("shotlist:settings", JSON.stringify({ keys: this.keys, advance: this.advance, theme: this.theme }));
    } catch {
      // If the settings cannot be stored, they apply to this visit only.
    }
    this.paint();
  },
  paint() {
    document.documentElement.dataset.theme = this.theme;
  },
};
