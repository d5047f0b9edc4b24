#!/usr/bin/env python3
"""Renders thousands of jobs against a sandbox that misbehaves in every way it knows, killing the program every 3 seconds.

    cargo build --release && tests/soak.py 10000          about a quarter of an hour
    cargo build && tests/soak.py 400 --program target/debug/shotlist

Half of the jobs go to Z.AI, which cannot be asked whether a submission arrived, half to `echo`, which can. In the end each
job is done, failed with a reason, or held; what the books say is what the sandbox charged, to the cent; and a further run
does nothing. The sandbox listens on 127.0.0.1; nothing costs anything.
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
EVERY = 3.0

MANIFEST = """\
version: 1
project: soak
items: {{ from: items.csv }}
shots:
  zai:
    model: zai/viduq1-text
    prompt: "a slow turn around {{{{ item.title }}}}"
  echo:
    model: echo/clip
    prompt: "a slow turn around {{{{ item.title }}}}"
output: "renders/{{{{ shot }}}}/{{{{ item.id }}}}.mp4"
guards: {{ max_in_doubt: "100000" }}
checks: {{ off: [track, size, black, frozen, duration, fps, product, colour, last, bars, cut, flicker] }}
providers:
  zai: {{ base_url: "{zai}", api_key: "${{KEY}}", limits: {limits} }}
  echo: {{ base_url: "{echo}", api_key: "${{KEY}}", limits: {limits} }}
"""
LIMITS = "{ rate: 500/s, concurrency: 40, polls: 32, poll_rate: 2000/s, downloads: 16, first_poll: 300ms, poll_every: 200ms }"


def rules(share):
    """One rule for each fault of the network and of a provider, and each kind of call it can strike."""
    def status(code, body="", headers=None, accept=False):
        return {"status": {"code": code, "body": body, "headers": headers or {}, "accept": accept}}

    def error(http, code, message, after=None):
        return {"error": {"http": http, "code": code, "message": message, "retry_after": after}}

    every_call = ["reset_before", {"delay": {"ms": 400}}, status(429, "", {"Retry-After": "1"}), status(503, "", {"Retry-After": "1"})]
    faults = {
        "submit": every_call
        + ["reset_after_accept", "close_after_accept", "malformed"]
        + [status(500), status(502, "<html>bad gateway</html>"), status(504), status(500, accept=True), status(200, "<html>hello</html>", accept=True)]
        + [status(307, "", {"Location": "https://elsewhere.example/"})]
        + [error(400, "1301", "sensitive"), {"fail": {}}, "no_result"],
        "poll": every_call + ["malformed", status(500), status(404), status(200, "<html>hello</html>"), error(429, "1302", "too fast", 1)]
        # At its submission this fault would never let a task end.
        + [{"unknown_word": {"word": "WARMING_UP"}}],
        "download": every_call
        + [status(500), status(403), "html", "flip", "ignore_range", "wrong_range", "wrong_length", "expire"]
        + [{"truncate": {"at": 0.5}}, {"truncate": {"at": 0.5, "announce": False}}],
        "list": [status(500), "malformed", "mute"],
    }
    return [{"on": on, "when": {"chance": share}, "do": fault} for on, list_ in faults.items() for fault in list_]


def micros(text):
    whole, _, cents = text.partition(".")
    return int(whole) * 1_000_000 + int((cents + "000000")[:6])


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("jobs", type=int, nargs="?", default=10_000)
    asked.add_argument("--program", type=pathlib.Path, default=ROOT / "target/release/shotlist")
    asked.add_argument("--share", type=float, default=0.003, help="how often each fault strikes")
    asked = asked.parse_args()
    program = asked.program.resolve()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="soak-"))
    env = {**os.environ, "KEY": "sandbox", "NO_COLOR": "1"}
    (folder / "faults.json").write_text(json.dumps(rules(asked.share)))
    far = [program, "sandbox", "--dir", "far", "--clips", "tiny", "--task-time", "300ms", "--unlimited", "--faults", "faults.json"]
    far = subprocess.Popen(far, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    told = json.loads(far.stdout.readline())

    def ask(path, method="GET"):
        call = urllib.request.Request(f"{told['admin']}/admin/{path}", method=method)
        with urllib.request.urlopen(call, timeout=60) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def run(*words, seconds=None):
        process = subprocess.Popen([program, *words], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            return None, "", ""
        return process.returncode, out, err

    (folder / "shotlist.yaml").write_text(MANIFEST.format(zai=told["zai"], echo=told["echo"], limits=LIMITS))
    rows = "".join(f"sku-{n},mug number {n}\n" for n in range(asked.jobs // 2))
    (folder / "items.csv").write_text("id,title\n" + rows)
    began, kills, before = time.monotonic(), 0, -1
    try:
        while True:
            code, _, err = run("run", "--yes", "--quiet", seconds=EVERY)
            kills += code is None
            # Some tasks never end while a fault lasts, and then no run ends within its seconds.
            if code is not None or kills % 20 == 0:
                buckets = json.loads(run("status", "--json")[1])["buckets"]
                print(f"{time.monotonic() - began:6.0f} s  last exit code {code}, {kills} kills  {buckets}", flush=True)
                open_jobs = buckets["to_render"] + buckets["in_flight"] + buckets["waiting"]
                if open_jobs == 0:
                    break
                # Doubt is asked about for an hour: the faults end, and what is open is let finish.
                if open_jobs == before or open_jobs < asked.jobs // 50:
                    ask("faults", "DELETE")
                    code, _, err = run("run", "--yes", "--quiet", seconds=1200)
                    print(f"        without faults: {code} {err[-300:]}", flush=True)
                before = open_jobs
        ask("faults", "DELETE")
        charges = ask("charges")
        buckets = json.loads(run("status", "--json")[1])["buckets"]
        total = json.loads(run("ledger", "--json")[1])["total"]
        charged = sum(micros(charge["usd"]) for charge in charges)
        settled, doubt = micros(total["settled_usd"]), micros(total["in_doubt_usd"])
        finished = buckets["done"] + buckets["failed"] + buckets["held"]
        code, _, _ = run("run", "--yes", "--quiet")
        print(f"{asked.jobs} jobs, {kills} kills, {time.monotonic() - began:.0f} s: {buckets}")
        print(f"charged ${charged / 1e6:.2f} in {len(charges)} tasks; books: ${settled / 1e6:.2f} settled, ${doubt / 1e6:.2f} in doubt")
        names = [charge["request_id"] for charge in charges if charge["request_id"]]
        wrong = []
        if finished != asked.jobs:
            wrong.append(f"{finished} of {asked.jobs} jobs came to an end")
        if len(set(names)) != len(names):
            wrong.append("one submission was charged twice")
        if not settled <= charged <= settled + doubt:
            wrong.append("the books do not agree with the charges")
        if len(ask("charges")) != len(charges):
            wrong.append("a further run sent something")
        print("\n".join(wrong) or "nothing was lost, and nothing was paid twice")
        return 1 if wrong else 0
    finally:
        far.kill()
        far.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
