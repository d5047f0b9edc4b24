#!/usr/bin/env python3
"""Measures the report of 5,000 jobs in a browser: how fast it opens and scrolls, and what it needs.

    benches/page.py PROGRAM [--jobs 5000] [--separate]     # start it by hand: it takes some minutes

Renders a few jobs in the sandbox, copies their rows in the state until there are enough, each with a clip and a poster of its
own, makes the program write the report, and opens it in a Chromium without a window. With `--separate` the posters are so
large that the program saves them next to the page.
Needs ffmpeg, chromedriver and the Python package selenium. Ends with 1 if a threshold is exceeded.
"""

import argparse
import hashlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "browser"))

from harness import Project, browser, find_all, wait  # noqa: E402

OPENS, TASK, BYTES = 2000, 200, 8_000_000
RENDERED = 25

MANIFEST = """version: 1
project: five-thousand
items: { from: products.csv }
shots:
  hero: { model: zai/vidu2-image, image: "{{ item.image }}", prompt: "Product film for an online shop: {{ item.title }}, colour {{ item.color }}, soft daylight from the left. The camera moves in slowly while the product stands still, whole and in focus." }
output: "renders/{{ item.id }}/{{ item.id }}_{{ shot }}.mp4"
checks: { frames: off }
providers:
  zai: { api_key: "${ZAI_API_KEY}" }
"""

# Runs before the page's own script, and records the time of the first card and each long task.
WATCH = """
window.measured = { opened: 0, tasks: [] };
new PerformanceObserver((list) => { for (const it of list.getEntries()) window.measured.tasks.push([it.startTime, it.duration]); })
  .observe({ type: 'longtask', buffered: true });
const look = () => {
  if (document.querySelector('.card .pair')) requestAnimationFrame(() => setTimeout(() => { window.measured.opened = performance.now(); }));
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""

# Scrolls through the page by a fixed step a frame, and returns the number of frames and their time.
SCROLL = """
const done = arguments[0];
const begun = performance.now();
let at = 0, frames = 0, longest = 0, before = begun;
const step = (now) => {
  longest = Math.max(longest, now - before);
  before = now;
  frames += 1;
  at += 400;
  scrollTo(0, at);
  if (at < document.body.scrollHeight) requestAnimationFrame(step);
  else setTimeout(() => {
    const task = Math.max(0, ...window.measured.tasks.filter(([start]) => start >= begun).map(([, length]) => length));
    done({ frames, longest, task, time: performance.now() - begun });
  }, 300);
};
requestAnimationFrame(step);
"""


def table():
    """Returns the product file of the rendered jobs, with the sample's pictures in turn."""
    pictures = sorted(path.name for path in (Path(__file__).resolve().parents[1] / "manifests" / "pictures").glob("*.png"))
    rows = [f"{number:05},Product no. {number} with a title of some length,sage green,pictures/{pictures[number % len(pictures)]}" for number in range(RENDERED)]
    return "\n".join(["id,title,color,image", *rows]) + "\n"


def copy(row, **changed):
    return {**dict(row), **changed}


def insert(database, table, row):
    database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


def multiply(project, jobs):
    """Copies jobs with their renderings, clips and checks until there are enough. The digests of the copies are made up."""
    database = sqlite3.connect(project.folder / ".shotlist" / "sandbox" / "state.db")
    database.row_factory = sqlite3.Row
    found = [database.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in ("jobs", "takes", "checks")]
    columns = [it["name"] for it in database.execute("PRAGMA table_info(takes)")]
    takes = {it["job"]: {name: it[name] for name in columns} for it in found[1]}
    checks = {it["take"]: it for it in found[2]}
    for number in range(RENDERED, jobs):
        job = found[0][number % RENDERED]
        take = takes[job["id"]]
        old, digest = job["filed_sha256"], hashlib.sha256(str(number).encode()).hexdigest()
        name, place, item = f"01{number:024}", 10_000 + number, f"{number:05}"
        path = f"renders/{item}/{item}_hero.mp4"
        data = take["data"].replace(old, digest).replace(take["task_id"], f"task{number}")
        fingerprint = f"v1:{digest}"
        insert(database, "jobs", copy(job, id=place, item=item, title=f"Product no. {number} with a title of some length", fingerprint=fingerprint, path=path, filed_take=None, filed_path=path, filed_sha256=digest))
        insert(database, "takes", copy(take, id=name, place=place, job=place, fingerprint=fingerprint, path=path, data=data, task_id=f"task{number}"))
        database.execute("UPDATE jobs SET filed_take = ? WHERE id = ?", [name, place])
        insert(database, "checks", copy(checks[take["id"]], take=name, clip=digest))
        clip = project.folder / "sandbox" / path
        clip.parent.mkdir(parents=True)
        os.link(project.folder / "sandbox" / job["filed_path"], clip)
    database.commit()
    database.close()


def posters(project, jobs, separate):
    """Gives each clip a poster in both sizes, as the checks name and size them."""
    folder = project.folder / ".shotlist" / "sandbox" / "posters"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        for name, size, quality in [("", "320:180", 50), ("-s", "96:54", 100 if separate else 50)]:
            # The sample's pictures in turn, each time in other colours.
            source = ["-loop", "1", "-pattern_type", "glob", "-i", str(project.folder / "pictures" / "*.png")]
            filters = f"scale={size},hue=h=n*0.07:s=1+0.3*sin(n)"
            encoder = ["-c:v", "libwebp", "-quality", str(quality), "-compression_level", "1"]
            subprocess.run(["ffmpeg", "-v", "error", *source, "-vf", filters, "-frames:v", str(jobs), *encoder, f"{made}/%d{name}.webp"], check=True)
        database = sqlite3.connect(project.folder / ".shotlist" / "sandbox" / "state.db")
        clips = [digest for (digest,) in database.execute("SELECT filed_sha256 FROM jobs")]
        for number, digest in enumerate(clips, 1):
            for name in ["", "-s"]:
                os.replace(f"{made}/{number}{name}.webp", folder / f"{digest}{name}.webp")
    return len(clips)


def renderer_bytes(driver):
    """Returns the memory of the largest process that draws a page for this browser, with its code."""
    parents, sizes = {}, {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            found = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
            pid = int(status.parent.name)
            parents[pid] = int(found["PPid"])
            if b"--type=renderer" in (status.parent / "cmdline").read_bytes():
                sizes[pid] = int(found["VmRSS"].split()[0]) * 1024
        except (OSError, KeyError, ValueError):
            continue  # The process ended meanwhile.

    def is_ours(pid):
        while pid in parents:
            if pid == driver.service.process.pid:
                return True
            pid = parents[pid]
        return False
    return max((size for pid, size in sizes.items() if is_ours(pid)), default=0)


def measure(page):
    driver = browser()
    try:
        driver.set_script_timeout(300)
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
        driver.get(page)
        wait(lambda: driver.execute_script("return window.measured.opened"), 60)
        # Charts and the first posters follow the cards.
        wait(lambda: find_all(driver, "#charts figure"), 60)
        at_rest = renderer_bytes(driver)
        opened, tasks = driver.execute_script("return [window.measured.opened, window.measured.tasks]")
        # Other load on the computer makes any task long, so the best of three counts.
        scrolls = []
        while len(scrolls) < 3 and (not scrolls or min(it["task"] for it in scrolls) >= TASK):
            scrolls.append(driver.execute_async_script(SCROLL))
            driver.execute_script("scrollTo(0, 0)")
        scroll = min(scrolls, key=lambda it: it["task"])
        cards = len(find_all(driver, ".card"))
        return {
            "opened": opened,
            "opening task": max((length for _, length in tasks), default=0),
            "scrolling task": scroll["task"],
            "scrolls": len(scrolls),
            "frames": scroll["frames"] / scroll["time"] * 1000,
            "longest frame": scroll["longest"],
            "seconds": scroll["time"] / 1000,
            "memory": at_rest,
            "memory scrolled": renderer_bytes(driver),
            "cards": cards,
        }
    finally:
        driver.quit()


def main():
    parser = argparse.ArgumentParser(description="Measures the report of many jobs in a browser.")
    parser.add_argument("program")
    parser.add_argument("--jobs", type=int, default=5000)
    parser.add_argument("--separate", action="store_true", help="use posters that do not fit into the page")
    arguments = parser.parse_args()
    project = Project(arguments.program, MANIFEST, {"products.csv": table()})
    try:
        begun = time.monotonic()
        project.run("run", "--yes")
        project.run("report")
        multiply(project, arguments.jobs)
        print(f"{RENDERED} jobs rendered, {arguments.jobs} made of them, in {time.monotonic() - begun:.0f} s")
        begun = time.monotonic()
        clips = posters(project, arguments.jobs, arguments.separate)
        print(f"{clips} posters made in {time.monotonic() - begun:.0f} s")
        begun = time.monotonic()
        print(project.run("report").stderr.splitlines()[0])
        print(f"written in {time.monotonic() - begun:.1f} s")
        page = project.folder / "sandbox" / "report.html"
        size = page.stat().st_size
        separate = len(list((page.parent / "report_files").glob("*"))) if (page.parent / "report_files").is_dir() else 0
        found = measure(page.as_uri())
    finally:
        project.remove()
    load = " ".join(f"{it:.1f}" for it in os.getloadavg())
    rows = [
        ("opens", f"{found['opened'] / 1000:.2f} s", found["opened"] < OPENS),
        ("longest task while opening", f"{found['opening task']:.0f} ms", True),
        ("longest task while scrolling", f"{found['scrolling task']:.0f} ms, the best of {found['scrolls']}", found["scrolling task"] < TASK),
        ("frames a second while scrolling", f"{found['frames']:.0f}, the longest {found['longest frame']:.0f} ms, {found['seconds']:.0f} s in all", True),
        ("memory of the page, then scrolled", f"{found['memory'] / 1e6:.0f} MB, {found['memory scrolled'] / 1e6:.0f} MB", True),
        ("cards in the page after it", str(found["cards"]), found["cards"] < 60),
        ("report.html", f"{size / 1e6:.2f} MB, {separate} pictures next to it", size < BYTES and bool(separate) == arguments.separate),
    ]
    for name, words, holds in rows:
        print(f"{name:34} {words}{'' if holds else '   TOO MUCH'}")
    print(f"load of this computer: {load}")
    sys.exit(0 if all(holds for _, _, holds in rows) else 1)


if __name__ == "__main__":
    main()
