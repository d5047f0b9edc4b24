// The panel with the open clip: large next to its picture, its versions, the decision, and all its details.

class Panel {
  constructor(place) {
    this.place = place;
    this.job = null;
    this.take = null;
    this.isComparing = false;
  }

  show(job) {
    if (this.job !== job) {
      this.take = null;
      this.isComparing = false;
    }
    this.job = job;
    this.draw();
  }

  hide() {
    this.stop();
    this.job = null;
    this.place.hidden = true;
    this.place.replaceChildren();
    document.body.classList.remove("with-panel");
  }

  stop() {
    for (const video of this.place.querySelectorAll("video")) {
      video.pause();
      video.removeAttribute("src");
      video.load();
    }
  }

  unknown(name) {
    this.hide();
    this.place.hidden = false;
    document.body.classList.add("with-panel");
    this.place.append(el("div", { class: "notice" },
      el("h2", { text: "No such job" }),
      el("p", {}, "This report has no job ", el("code", { text: name }), ". The manifest may no longer ask for it."),
      button("Close", () => Page.close())));
  }

  draw() {
    const { job } = this;
    if (!job) return;
    const hadFocus = this.place.contains(document.activeElement) ? document.activeElement.getAttribute("data-act") : null;
    this.stop();
    const take = this.take ?? job.current ?? job.takes[0] ?? null;
    document.body.classList.add("with-panel");
    this.place.classList.toggle("wide", this.isComparing);
    this.place.hidden = false;
    this.place.replaceChildren(this.head(job), this.isComparing ? this.compared(job, take) : this.pair(job, take), this.decision(job), this.findings(take), this.versions(job, take), this.details(job, take), this.commands(job));
    if (hadFocus) this.place.querySelector(`[data-act="${hadFocus}"]`)?.focus();
  }

  head(job) {
    const place = Page.grid.placeOf?.get(job);
    const where = place === undefined ? "not in this list" : `${place + 1} of ${Page.grid.order.length}`;
    return el("header", {},
      el("div", { class: "heading" }, el("h2", {}, el("bdi", { text: job.title })), el("p", {}, el("bdi", { class: "id", text: job.name }))),
      el("div", { class: "tools" }, el("span", { class: "where", text: where }),
        button("Previous clip", () => Page.step(-1), { glyph: "left", hide: true, class: "quiet", data: { act: "previous" } }),
        button("Next clip", () => Page.step(1), { glyph: "right", hide: true, class: "quiet", data: { act: "next" } }),
        button("Close", () => Page.close(), { glyph: "cross", hide: true, class: "quiet", data: { act: "close" } })));
  }

  pair(job, take) {
    return el("div", { class: "pair large" }, this.source(job, take), this.clip(job, take));
  }

  source(job, take) {
    const box = sourceBox(job, take ?? job.shown);
    const link = take?.link ? Address.link(take.link) : null;
    if (!link) return box;
    // The address of the picture is a link; nothing is loaded before the user opens it.
    return el("a", { class: "box source link", href: link, rel: "noreferrer noopener", target: "_blank" }, box.firstChild.cloneNode(true), el("span", { class: "corner", text: "source" }));
  }

  clip(job, take) {
    const address = Address.clip(take);
    if (!address) return clipBox(job, take);
    const video = el("video", { controls: true, playsinline: true, preload: "metadata", "aria-label": `Clip of ${job.title}`, data: { act: "video" } });
    video.muted = true;
    const poster = Address.poster(take);
    if (poster) video.poster = poster;
    const box = el("div", { class: "box clip" }, video, el("span", { class: "corner", text: this.versionName(job, take) }));
    video.addEventListener("error", () => {
      if (!video.getAttribute("src")) return;
      const isGone = !Address.live && video.error?.code === 4;
      box.append(el("div", { class: "fault" },
        el("b", { text: isGone ? "The file is missing, or this browser cannot decode it." : "This clip cannot be decoded." }),
        el("code", { text: Address.file(take.path) }), commandLine(Page.model.command("repair"))));
    }, { once: true });
    video.src = address;
    return box;
  }

  versionName(job, take) {
    if (job.takes.length < 2) return "clip";
    return `version ${job.takes.length - job.takes.indexOf(take)}${take === job.current ? ", in use" : ""}`;
  }

  // Shows two versions next to each other, which play together.
  compared(job, take) {
    const others = job.takes.filter((it) => it.path && it !== take);
    const other = take === job.current ? others[0] : job.current ?? others[0];
    const both = [take, other].filter(Boolean);
    const boxes = both.map((it) => this.clip(job, it));
    const together = () => {
      const videos = boxes.map((box) => box.querySelector("video")).filter(Boolean);
      const isPaused = videos.every((video) => video.paused);
      for (const video of videos) {
        video.currentTime = videos[0].currentTime;
        if (isPaused) video.play().catch(() => {});
        else video.pause();
      }
    };
    return el("div", { class: "compare" }, el("div", { class: "pair large" }, boxes),
      el("p", {}, button("Play both", together, { glyph: "play", data: { act: "both" } }), " ", button("One at a time", () => this.compare(), { class: "quiet", key: "C" })));
  }

  compare() {
    if (!this.job || this.job.takes.filter((take) => take.path).length < 2) {
      toast(this.job ? "There is no other version with a clip to compare" : "Select a clip first");
      return;
    }
    this.isComparing = !this.isComparing;
    this.draw();
  }

  nextVersion() {
    const { job } = this;
    if (!job || job.takes.length < 2) {
      toast(job ? "There is no other version" : "Select a clip first");
      return;
    }
    const at = job.takes.indexOf(this.take ?? job.current ?? job.takes[0]);
    this.take = job.takes[(at + 1) % job.takes.length];
    say(this.versionName(job, this.take));
    this.draw();
  }

  versions(job, shown) {
    if (job.takes.length < 2) return "";
    const each = job.takes.map((take, at) => {
      const address = Address.poster(take);
      const picture = address && take.path ? pictureElement(address, "", (image) => image.remove()) : blank(take.path ? "" : STATES_OF_PHASE[take.phase] ?? take.phase, null);
      const marks = [take === job.current ? "in use" : null, take.verdict ? VERDICTS[take.verdict][0] : null, take.account === "free" ? "not charged" : money(take.cost)].filter(Boolean).join(" · ");
      const select = el("button", { type: "button", class: "pick", "aria-pressed": String(take === shown), on: { click: () => { this.take = take; this.draw(); } }, data: { act: `v${at}` } },
        el("span", { class: "box" }, picture), el("b", { text: `Version ${job.takes.length - at}` }), el("span", { text: marks }));
      const canChoose = Decide.store.canChoose && take.path && take !== job.current && !take.of;
      return el("li", { class: take === shown ? "shown" : "" }, select, canChoose ? button("Use this one", () => Decide.choose(job, take), { class: "small" }) : null);
    });
    const able = job.takes.filter((take) => take.path).length > 1;
    return el("section", { class: "versions", "aria-label": "Versions" },
      el("h3", {}, "Versions ", able && !this.isComparing ? button("Compare", () => this.compare(), { class: "quiet small", key: "C", data: { act: "compare" } }) : null), el("ul", {}, each));
  }

  decision(job) {
    const box = el("section", { class: "decision", "aria-label": "Decision" });
    const lines = el("div", { class: "lines" }, badge(STATES, job.state, job.why ?? ""), job.verdict ? badge(VERDICTS, job.verdict, "") : null, decisionBadge(job));
    box.append(lines);
    if (job.review?.note && job.standing !== "undecided") box.append(el("blockquote", { text: job.review.note }));
    if (job.redo) box.append(el("p", { class: "queued" }, icon("again"), el("span", { text: `A redo is queued for ${money(job.price)}; the next run sends it.` })));
    if (job.conflict) box.append(this.conflict(job));
    if (Decide.store.canWrite && job.current) {
      box.append(el("div", { class: "acts" },
        button("Approve", () => Page.approve(job), { glyph: "check", key: "A", class: `good${job.standing === "approved" ? " on" : ""}`, data: { act: "approve" } }),
        button("Reject…", () => Page.reject(job), { glyph: "cross", key: "R", class: `bad${job.standing === "rejected" ? " on" : ""}`, data: { act: "reject" } }),
        button(`Redo ${money(job.price)}…`, () => Page.reject(job, true), { glyph: "again", data: { act: "redo" } }),
        button("Undo", () => Page.undo(), { glyph: "undo", key: "U", class: "quiet", data: { act: "undo" } })));
    }
    return box;
  }

  conflict(job) {
    const said = (it) => [DECISIONS[it?.outcome]?.[0] ?? "undecided", reasonWords(it?.reasons), it?.note].filter(Boolean).join(" · ");
    const theirs = job.recorded.review;
    const mine = job.unsaved ?? job.review;
    return el("div", { class: "conflict" }, el("b", { text: "Two people decided about this clip" }),
      el("dl", {}, el("dt", { text: theirs?.who ?? "recorded" }), el("dd", { text: said(theirs) }), el("dt", { text: "you" }), el("dd", { text: said(mine) })),
      button("Keep their decision", () => Decide.yield(job)),
      button("Replace it with mine", () => {
        job.unsaved ??= { job: job.name, take: mine.take, outcome: mine.outcome, reasons: mine.reasons ?? [], note: mine.note ?? null, redo: mine.redo ?? false };
        job.conflict = null;
        Decide.retry([job]);
      }));
  }

  findings(take) {
    if (!take?.findings.length) return "";
    const line = ({ check, verdict, reason }) => el("li", { class: VERDICTS[verdict]?.[2] ?? "" }, icon(VERDICTS[verdict]?.[1] ?? "warn"), el("span", {}, el("b", { text: `${check} ` }), reason));
    return el("section", { class: "findings" }, el("h3", { text: "What the checks found" }), el("ul", {}, take.findings.map(line)));
  }

  details(job, take) {
    const list = el("dl", { class: "details" });
    const row = (name, ...content) => {
      if (content.some((it) => it !== null && it !== undefined && it !== "")) list.append(el("dt", { text: name }), el("dd", {}, content));
    };
    if (take) {
      row("Prompt", take.prompt ? el("p", { class: "prompt", text: take.prompt }) : "");
      row("Model", take.model);
      row("Settings", take.settings.join(" · "));
      row("Seed", take.seed === undefined ? "" : String(take.seed));
      const money_words = { settled: "spent", reserved: "reserved", in_doubt: "in doubt: may have been charged", free: "not charged" };
      row("Price", `list price ${money(take.price)}; ${take.account === "free" ? "not charged" : `${money(take.cost)} ${money_words[take.account]}`}`);
      if (take.of) row("Shared", `this clip was rendered for ${take.of} and is paid there`);
      row("Created", utc(take.created));
      row("Sent", take.submitted ? utc(take.submitted) : "");
      row("Ended", take.ended ? `${utc(take.ended)}${take.submitted ? `, after ${span(take.ended - take.submitted)}` : ""}` : "");
      row("Attempts", take.attempts === 1 ? "" : String(take.attempts));
      row("Run", take.run === undefined ? "" : String(take.run));
      row("Task", take.task ? el("code", { text: take.task }) : "");
      row("Provider said", take.said ? el("span", { class: "said", text: take.said }) : "");
      row("Picture", take.file ?? (Address.link(take.link ?? "") ? el("a", { href: Address.link(take.link), rel: "noreferrer noopener", target: "_blank", text: take.link }) : take.link ?? ""));
      row("File", take.path ? el("code", { text: Address.file(take.path) }) : "", take.bytes ? `  ${size(take.bytes)}` : "");
      row("SHA-256", take.sha256 ? el("code", { text: take.sha256 }) : "");
    } else {
      row("File", el("code", { text: Address.file(job.path) }));
    }
    row("Tags", job.tags.join(" · "));
    return el("section", { class: "all" }, el("h3", { text: "Details" }), list);
  }

  commands(job) {
    const names = [COMMANDS_OF[job.state], "show", job.current ? "redo" : null].filter(Boolean);
    return el("section", { class: "commands" }, el("h3", { text: "Commands" }), el("ul", {}, [...new Set(names)].map((name) => el("li", {}, commandLine(Page.model.command(name, job))))));
  }
}
