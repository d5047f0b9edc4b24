#!/usr/bin/env python3
"""Kills a batch of 12 jobs at its Nth system call, for every N, and makes the Nth one fail, and checks what is left.

    cargo build && tests/enumerate.py              every call; about an hour
    cargo build && tests/enumerate.py --sample 12  so many of each kind, spread evenly; 2 take some minutes

Needs strace. The far end is a sandbox of its own on 127.0.0.1, which is not killed; nothing costs anything. `strace`
counts the calls of each thread, so that N is the Nth call of any thread. After each kill or failure the same command
must come to its end by itself, and then have nothing to do; each job is charged at most once, unless its submission was
on the wire when the process died: Z.AI cannot be asked, so that such a job is held and never sent again. What the
ledger says was spent is what the sandbox charged.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
KILLS = ["fdatasync", "fsync", "renameat2", "renameat", "rename", "sendto", "pwrite64", "write", "unlink"]
ERRORS = [(call, error) for call in ["fdatasync", "fsync", "pwrite64", "renameat2"] for error in ["EIO", "ENOSPC"]]
JOBS = 12
CONCURRENCY = 4
PRICE = 400_000
# Nothing is done after so many calls of a kind in one thread.
MOST = 600

MANIFEST = """\
version: 1
project: enumerated
items:
  from: items.csv
shots:
  hero:
    model: zai/viduq1-text
    prompt: "a slow turn around {{{{ item.title }}}}"
output: "renders/{{{{ item.id }}}}.mp4"
checks: {{ off: [track, size, black, frozen, duration, fps, product, colour, last, bars, cut, flicker] }}
providers:
  zai: {{ base_url: "{url}", api_key: "${{ZAI_API_KEY}}", limits: {{ rate: 100/s, concurrency: 4, first_poll: 60ms, poll_every: 50ms }} }}
"""


class Broken(Exception):
    """What does not hold, in words."""


class Place:
    """A folder with the batch, and its sandbox."""

    def __init__(self, program):
        self.program = program
        memory = pathlib.Path("/dev/shm")
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="enumerate-", dir=memory if memory.is_dir() else None))
        self.env = {**os.environ, "ZAI_API_KEY": "sandbox", "NO_COLOR": "1"}
        far = [program, "sandbox", "--port", "0", "--dir", self.dir / "far", "--clips", "tiny", "--task-time", "50ms"]
        self.far = subprocess.Popen(far, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        told = json.loads(self.far.stdout.readline())
        self.admin = told["admin"]
        (self.dir / "shotlist.yaml").write_text(MANIFEST.format(url=told["zai"]))
        rows = "".join(f"sku-{n},mug number {n}\n" for n in range(JOBS))
        (self.dir / "items.csv").write_text("id,title\n" + rows)

    def run(self, *words, strace=()):
        call = [*strace, str(self.program), *words]
        try:
            done = subprocess.run(
                call, cwd=self.dir, env=self.env, capture_output=True, text=True, timeout=120, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise Broken(f"{' '.join(words)} does not end in two minutes") from error
        return done.returncode, done.stdout, done.stderr

    def charges(self):
        with urllib.request.urlopen(f"{self.admin}/admin/charges", timeout=10) as answer:
            return json.load(answer)

    def close(self):
        self.far.kill()
        self.far.wait()
        shutil.rmtree(self.dir, ignore_errors=True)


def micros(text):
    whole, _, cents = text.partition(".")
    return int(whole) * 1_000_000 + int((cents + "000000")[:6])


def check(place):
    """Raises Broken unless the batch comes to its end, each job is charged once, and the books agree."""
    for verb in (["status"], ["plan"]):
        code, _, err = place.run(*verb)
        if code not in (0, 2, 5, 7, 9) or "panicked" in err:
            raise Broken(f"{verb[0]} ends with {code}: {err[-300:]}")
    for _ in range(6):
        code, _, err = place.run("run", "--yes")
        if code in (0, 7):
            break
    else:
        raise Broken(f"run ends with {code} again and again: {err[-400:]}")
    buckets = json.loads(place.run("status", "--json")[1])["buckets"]
    held, done = buckets["held"], buckets["done"]
    if held + done != JOBS:
        raise Broken(f"{buckets} of {JOBS} jobs")
    # No more than can be on the wire at once.
    if held > CONCURRENCY:
        raise Broken(f"{held} jobs are held")
    clips = list((place.dir / "renders").glob("*.mp4"))
    if len(clips) != done:
        raise Broken(f"{len(clips)} clips stand, and {done} jobs are done")
    charges = place.charges()
    if not done <= len(charges) <= JOBS:
        raise Broken(f"{len(charges)} charges for {done} clips and {held} held")
    total = json.loads(place.run("ledger", "--json")[1])["total"]
    if (micros(total["settled_usd"]), micros(total["in_doubt_usd"])) != (done * PRICE, held * PRICE):
        raise Broken(f"the ledger says {total}, and {done} are done, {held} held")
    code, out, err = place.run("run", "--yes")
    if code not in (0, 7) or place.charges() != charges:
        raise Broken(f"a further run is not idle: {code} {err[-300:]}")
    return held


def inject(program, call, what, number):
    """One batch with one injection. Returns whether it struck, and how many jobs are held."""
    place = Place(program)
    try:
        how = "signal=KILL" if what == "kill" else f"error={what}"
        strace = ["strace", "-f", "-qq", "-o", str(place.dir / "trace"), "-e", f"trace={call}"]
        strace += ["-e", f"inject={call}:{how}:when={number}"]
        place.run("run", "--yes", strace=strace)
        trace = (place.dir / "trace").read_text()
        struck = "killed by SIGKILL" in trace if what == "kill" else "(INJECTED)" in trace
        return struck, check(place)
    finally:
        place.close()


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--sample", type=int, help="injections of each kind")
    asked.add_argument("--only", help="one system call alone")
    asked.add_argument("--program", type=pathlib.Path, default=ROOT / "target/debug/shotlist")
    asked = asked.parse_args()
    asked.program = asked.program.resolve()
    if shutil.which("strace") is None:
        print("SKIPPED(strace is not installed)")
        return 0
    kinds = [(call, "kill") for call in KILLS] + ERRORS
    broken, total, held = [], 0, 0
    for call, what in kinds:
        if asked.only not in (None, call):
            continue
        count, numbers = 0, range(1, MOST)
        if asked.sample:
            numbers = sorted({1 + round(1.7**step) for step in range(asked.sample)})
        for number in numbers:
            try:
                struck, people = inject(asked.program, call, what, number)
                held += people
            except Broken as error:
                struck = True
                broken.append(f"{call} {what} {number}: {error}")
                print(f"BROKEN {broken[-1]}", flush=True)
            if not struck:
                break
            count += 1
        total += count
        print(f"{call:10} {what:7} {count} injections", flush=True)
    print(f"{total} injections, {held} jobs left to a person, {len(broken)} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
