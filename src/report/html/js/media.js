// Pictures, posters and the four video players of the page.

// Loads a picture file only when its place is near the visible part of the page.
const nearby = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (isIntersecting && target.dataset.later) {
      target.src = target.dataset.later;
      delete target.dataset.later;
      nearby.unobserve(target);
    }
  }
}, { rootMargin: "400px" });

function pictureElement(address, alt, failed) {
  const image = el("img", { alt, decoding: "async", draggable: "false" });
  image.addEventListener("error", () => failed?.(image), { once: true });
  if (address.startsWith("data:")) image.src = address;
  else {
    image.dataset.later = address;
    nearby.observe(image);
  }
  return image;
}

function blank(words, glyph) {
  return el("span", { class: "blank" }, glyph ? icon(glyph) : null, el("span", { text: words }));
}

// The box with the source picture.
function sourceBox(job, take) {
  const box = el("div", { class: "box source" });
  const address = Address.source(take);
  const link = take?.link ? Address.link(take.link) : null;
  const missing = () => blank(take?.file ? "picture not found" : "no picture", null);
  if (address) box.append(pictureElement(address, `Source picture of ${job.title}`, (image) => image.replaceWith(missing())));
  else if (link) box.append(el("a", { class: "blank", href: link, rel: "noreferrer noopener", target: "_blank", tabindex: "-1" }, icon("link"), el("span", { text: "source picture" })));
  else box.append(missing());
  box.append(el("span", { class: "corner", text: "source" }));
  return box;
}

const NO_CLIP = {
  to_render: "not rendered yet", asks: "waiting for your approval", review: "waiting for the review of the first clips", in_flight: "waiting for the result", waiting: "waiting for another job",
  held: "no clip: needs your decision", failed: "no clip: failed", written_off: "no clip: written off", dismissed: "no clip: dismissed",
  missing: "the file is missing", altered: "another file has the clip's name",
};

// The box with the poster, in which a player appears when the clip is looked at.
function clipBox(job, take) {
  const box = el("div", { class: "box clip" });
  const source = Address.source(take);
  const fallback = () => (source
    ? el("span", { class: "dimmed" }, pictureElement(source, "", (image) => image.remove()), el("span", { class: "hint", text: "no poster yet" }))
    : blank("no poster yet", "play"));
  if (!take?.path) {
    box.append(blank(NO_CLIP[job.state] ?? "no clip", STATES[job.state]?.[1]));
    return box;
  }
  const address = Address.poster(take);
  if (address) box.append(pictureElement(address, `First frame of the clip of ${job.title}`, (image) => image.replaceWith(fallback())));
  else box.append(fallback());
  box.append(el("span", { class: "corner", text: "clip" }), el("span", { class: "playmark" }, icon("play")));
  return box;
}

// Four players for all clips: a browser refuses hundreds, and each keeps a decoder.
const Players = {
  idle: [], busy: new Map(), made: 0,

  take() {
    if (this.idle.length) return this.idle.pop();
    if (this.made < 4) {
      this.made += 1;
      const video = el("video", { playsinline: true, preload: "auto", "aria-hidden": "true", tabindex: "-1" });
      video.muted = true;
      return video;
    }
    const [box] = this.busy.keys();
    this.stop(box);
    return this.idle.pop();
  },

  play(box, job, take) {
    const address = Address.clip(take);
    if (!address || this.busy.has(box)) return;
    const video = this.take();
    video.loop = !job.finding || job.finding.check !== "flicker";
    video.onplaying = () => box.classList.add("playing");
    video.onerror = () => {
      // Removing the address also causes an error, which is not a fault of the clip.
      if (!video.getAttribute("src")) return;
      const words = video.error?.code === 4 ? "the file is missing, or this browser cannot decode it" : "the clip cannot be decoded";
      this.stop(box);
      box.append(el("span", { class: "fault", text: words }));
    };
    box.querySelector(".fault")?.remove();
    video.src = address;
    box.append(video);
    this.busy.set(box, video);
    video.play().catch(() => {});
  },

  stop(box) {
    const video = this.busy.get(box);
    if (!video) return;
    this.busy.delete(box);
    video.pause();
    video.removeAttribute("src");
    video.load();
    video.remove();
    box.classList.remove("playing");
    this.idle.push(video);
  },

  stopAll() {
    for (const box of [...this.busy.keys()]) this.stop(box);
  },
};
