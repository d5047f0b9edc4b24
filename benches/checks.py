#!/usr/bin/env python3
"""Measures what the automatic checks find: 200 clips, 60 of them with a planted defect of one of six kinds.

    benches/checks.py PROGRAM           # clips of the program's own sandbox, with --faults
    benches/checks.py PROGRAM moving    # clips of ffmpeg: pans, pushes, fades, grading, low bit rates

Start it by hand: each command takes some minutes, and needs ffmpeg. It draws pictures of products (on white paper, in the dark, on a coloured
ground, with the grain and light of a photograph; wide, square and upright), submits a job for each, and prints the
findings as Markdown. The same program gives the same figures. The files stay in a temporary folder, which is named at the end.
"""

import base64
import collections
import itertools
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CLIPS, TENTH = 200, 20
KINDS = {  # kind: the check that must find it
    "recoloured": "colour",
    "wrong_product": "product",
    "frozen": "frozen",
    "black": "black",
    "letterboxed": "bars",
    "cut": "cut",
}
LOOKS = ["paper", "dark", "ground", "photo", "grey"]
SHAPES = [(320, 180), (240, 240), (180, 320), (300, 200)]
# One number in twenty is of each kind, so that the kinds spread over models, looks and shapes.
PLANTED = {at: kind for place, kind in enumerate(KINDS) for at in range(place * 3, CLIPS, TENTH)}
CHECKS = "checks: { duration: 0.5s }"


def chunk(kind, data):
    body = kind + data
    return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


def look(number):
    return LOOKS[(number + number // TENTH) % len(LOOKS)]


def picture(number, seed):
    """Returns a PNG of a product made of shapes on a background. Another seed gives another product."""
    dice = random.Random(f"{number} {seed}")
    kind, (width, height) = look(number), SHAPES[number // 3 % len(SHAPES)]
    hue = dice.randrange(360)
    grounds = {"paper": (255, 255, 255), "dark": (26, 24, 30), "ground": shade(hue + 150, 0.45, 210)}
    ground = grounds.get(kind) or ((200, 200, 200) if kind == "grey" else shade(hue + 60, 0.25, 170))
    shapes = []
    for at in range(dice.randrange(2, 6)):
        colour = shade(hue + 25 * at, 0.0 if kind == "grey" else dice.uniform(0.35, 0.9), dice.randrange(90, 235))
        colour = [part * 2 // 5 for part in colour] if kind == "dark" else colour
        x, y = width * dice.uniform(0.3, 0.7), height * dice.uniform(0.3, 0.7)
        wide, high = width * dice.uniform(0.06, 0.24), height * dice.uniform(0.08, 0.28)
        shapes.append((dice.random() < 0.5, x, y, wide, high, colour))
    grain, slope = (9, 0.5) if kind == "photo" else (0, {"ground": 0.25, "grey": 0.2}.get(kind, 0.0))
    rows = bytearray()
    for row in range(height):
        rows.append(0)
        light = 1 - slope * row / height
        for column in range(width):
            pixel = [part * light for part in ground]
            for is_round, x, y, wide, high, colour in shapes:
                across, down = (column - x) / wide, (row - y) / high
                if (across * across + down * down < 1) if is_round else (abs(across) < 0.85 and abs(down) < 0.85):
                    pixel = [part * (0.85 - 0.15 * across) for part in colour]
            if grain:
                noise = dice.randint(-grain, grain)
                pixel = [part + noise for part in pixel]
            rows.extend(min(255, max(0, int(part))) for part in pixel)
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(*part) for part in [(b"IHDR", size), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b"")]
    )


def shade(hue, saturation, value):
    """Returns red, green and blue of a hue in degrees, a saturation up to 1 and a brightness up to 255."""

    def part(offset):
        at = (offset + hue / 60) % 6
        return value * (1 - saturation * max(0, min(at, 4 - at, 1)))

    return [part(5), part(3), part(1)]


def ordered(number):
    """Returns a job: mostly a clip of a picture, but every model of the sandbox's first provider occurs."""
    tenth = number // TENTH
    pictured = {"image": f"pictures/{number:03}.png"}
    if tenth == 9 and PLANTED.get(number) not in ("recoloured", "wrong_product"):
        return {"model": "zai/viduq1-text", "aspect_ratio": ["16:9", "9:16", "1:1"][number % 3]}
    if tenth == 8:
        return {"model": "zai/viduq1-image", **pictured}
    if tenth in (6, 7):
        return {"model": "zai/vidu2-start-end", **pictured, "last_image": f"pictures/{number:03}-last.png"}
    return {"model": "zai/vidu2-image", **pictured}


def project(home, items, providers):
    (home / "pictures").mkdir()
    for number in range(CLIPS):
        (home / f"pictures/{number:03}.png").write_bytes(picture(number, "first"))
        if "last_image" in items[number]:
            (home / f"pictures/{number:03}-last.png").write_bytes(picture(number, "last"))
    shown = "\n".join(f"  - {json.dumps(item)}" for item in items)
    text = f"version: 1\nproject: checks\nitems:\n{shown}\nshots: {{ hero: {{}} }}\n"
    text += 'output: "renders/{{ item.id }}.mp4"\n' + f"{CHECKS}\nproviders:\n  zai: {json.dumps(providers)}\n"
    (home / "shotlist.yaml").write_text(text)


def sandbox(program, home):
    """Renders clips in the sandbox, whose rules recognise a defect's jobs by a word of their prompts."""
    words = {kind: f"lot {place}." for place, kind in enumerate(KINDS)}
    items = []
    for number in range(CLIPS):
        lot = words.get(PLANTED.get(number), "lot of good ones.")
        items.append({"id": f"{number:03}", **ordered(number), "prompt": f"A slow push-in on product {number}, {lot}"})
    project(home, items, {"api_key": "${KEY}"})
    rules = [{"on": "submit", "when": {"prompt_contains": word}, "do": {"defect": kind}} for kind, word in words.items()]
    (home / "faults.json").write_text(json.dumps(rules))
    return [program, "run", "--sandbox", "--yes", "--faults", "faults.json"], ["--sandbox"]


def make(number, home, target):
    """Makes a clip of four seconds with the motion of a camera across six per cent of the picture."""
    kind = PLANTED.get(number)
    own, other = (f"{home}/pictures/{at % CLIPS:03}.png" for at in (number, number + 7))
    pans = [
        "x='(in_w-out_w)*n/96':y='(in_h-out_h)/2'",
        "x='(in_w-out_w)/2':y='(in_h-out_h)*n/96'",
    ]
    fill = "scale=640:360:force_original_aspect_ratio=increase,crop=640:360"
    push = f"{fill},scale=2560:1440,zoompan=z='1+0.06*on/96':x='(iw-iw/zoom)/2':y='(ih-ih/zoom)/2':d=1:s=640x360:fps=24"
    moving = push if number % 3 == 2 else f"{fill},scale=680:382,crop=640:360:{pans[number % 3]}"
    inputs, chain = [own], f"[0]{moving}"
    if kind == "recoloured":
        chain += ",hue=h=80"
    elif kind == "letterboxed":
        chain += ",scale=640:272,pad=640:360:0:44"
    elif kind == "wrong_product":
        inputs = [other]
    elif kind == "frozen":
        chain = f"[0]{fill}"
    elif kind == "black":
        chain = "[0]scale=640:360,drawbox=c=black:t=fill"
    elif kind == "cut":
        inputs.append(other)
        chain = f"[0]{moving},trim=end_frame=48[a];[1]{moving},trim=end_frame=48[b];[a][b]concat"
    else:
        chain += ["", ",fade=in:0:8", ",eq=brightness=0.03:contrast=1.05", ",hue=h=10"][number % 4]
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
    for one in inputs:
        command += ["-framerate", "24", "-loop", "1", "-i", one]
    command += ["-filter_complex", chain + "[out]", "-map", "[out]", "-frames:v", "96", "-pix_fmt", "yuv420p"]
    subprocess.run([*command, "-preset", "ultrafast", "-crf", "34" if number % 5 == 0 else "24", target], check=True)


class Provider(BaseHTTPRequestHandler):
    """Replies like the provider, with the clip of the request's picture."""

    clips, tasks, numbers = {}, {}, itertools.count()
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, body, kind="application/json"):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        sent = request["image_url"]
        task = str(1_000_000 + next(self.numbers))
        self.tasks[task] = self.clips[sent if isinstance(sent, str) else sent[0]]
        state = {"id": task, "request_id": request["request_id"], "model": request["model"], "task_status": "PROCESSING"}
        self.answer(json.dumps(state).encode())

    def do_GET(self):
        task = self.path.rsplit("/", 1)[1]
        if self.path.startswith("/clip/"):
            return self.answer(Path(self.tasks[task.removesuffix(".mp4")]).read_bytes(), "video/mp4")
        url = f"http://127.0.0.1:{self.server.server_port}/clip/{task}.mp4"
        self.answer(json.dumps({"task_status": "SUCCESS", "video_result": [{"url": url}]}).encode())


def moving(program, home):
    """Renders clips with ffmpeg, from a provider on 127.0.0.1. They are smaller than the model's card says, so `size` is off."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    prompt = "A slow push-in on product "
    items = [
        {"id": f"{n:03}", "model": "zai/vidu2-image", "image": f"pictures/{n:03}.png", "prompt": f"{prompt}{n}"}
        for n in range(CLIPS)
    ]
    account = {"base_url": f"http://127.0.0.1:{server.server_port}/api", "api_key": "${KEY}"}
    project(home, items, {**account, "limits": {"concurrency": 20, "rate": "50/s"}})
    manifest = home / "shotlist.yaml"
    manifest.write_text(manifest.read_text().replace(CHECKS, CHECKS.replace(" }", ", off: [size] }")))
    for number in range(CLIPS):
        target = home / f"made-{number:03}.mp4"
        make(number, home, str(target))
        bytes_ = (home / f"pictures/{number:03}.png").read_bytes()
        Provider.clips["data:image/png;base64," + base64.b64encode(bytes_).decode()] = target
    return [program, "run", "--yes"], []


def table(clips):
    """Prints the findings by kind, then the false alarms."""
    found = {int(clip["job"].split("/")[1]): clip for clip in clips}
    names = {number: {it["check"] for it in clip["findings"]} for number, clip in found.items()}
    print("| defect | planted | found by its check | by any | `fail` | `warn` |\n|---|---|---|---|---|---|")
    for kind, check in KINDS.items():
        mine = [number for number, its in PLANTED.items() if its == kind]
        verdicts = collections.Counter(found[number]["verdict"] for number in mine)
        own, any_ = sum(check in names[number] for number in mine), sum(bool(names[number]) for number in mine)
        print(f"| {kind} | {len(mine)} | `{check}` {own} | {any_} | {verdicts['fail']} | {verdicts['warn']} |")
    for number, kind in sorted(PLANTED.items()):
        if KINDS[kind] not in names[number]:
            print(f"missed: {number:03} {kind} ({look(number)}): {found[number]['findings']}")
    good = [number for number in range(CLIPS) if number not in PLANTED]
    alarms = collections.Counter(name for number in good for name in names[number])
    wrong = [number for number in good if names[number]]
    print(f"\n{len(good)} good clips, {len(wrong)} with a false alarm {dict(alarms)}")
    for number in wrong:
        print(f"false: {number:03} ({look(number)}): {[it['reason'] for it in found[number]['findings']]}")


def main(program, mode=sandbox):
    home = Path(tempfile.mkdtemp(prefix="checks-"))
    run, options = mode(program, home)
    call = {"cwd": home, "env": {"KEY": "k", "PATH": "/usr/local/bin:/usr/bin:/bin"}, "capture_output": True, "text": True}
    ended = subprocess.run(run, **call)
    if ended.returncode:
        sys.exit(f"the run ended with {ended.returncode}:\n{ended.stderr[-3000:]}")
    # Another tolerance makes every verdict stale, so one more pass over all clips measures the time.
    manifest = home / "shotlist.yaml"
    manifest.write_text(manifest.read_text().replace("duration: 0.5s", "duration: 0.6s"))
    begun = time.monotonic()
    report = json.loads(subprocess.run([program, "check", "--json", *options], **call).stdout)
    took = time.monotonic() - begun
    table(report["clips"])
    print(f"{took / CLIPS:.2f} s a clip; counts {report['counts']}; files in {home}")


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).resolve()), {"moving": moving, "sandbox": sandbox}[(sys.argv[2:] or ["sandbox"])[0]])
