#!/usr/bin/env python3
"""Measures what the automatic checks find: 200 clips, 60 of them with a planted defect of one of six kinds.

    benches/checks.py PROGRAM        # by hand: takes some minutes; needs ffmpeg

Draws pictures of products, makes a clip of each with ffmpeg (a slow push or pan, or a defect), serves the clips from a provider
of its own on 127.0.0.1, lets the program order, download and check them, and prints a table of what was found.
"""

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

CLIPS, EACH = 200, 10
WIDTH, HEIGHT = 320, 180
KINDS = {  # kind: (checks that find it, what ffmpeg does to the picture)
    "recoloured": ({"colour", "product"}, "hue=h=120"),
    "wrong product": ({"product"}, None),
    "frozen": ({"frozen"}, None),
    "black": ({"black"}, None),
    "letterboxed": ({"bars"}, "scale=640:288,pad=640:360:0:36"),
    "cut": ({"cut"}, None),
}
MANIFEST = """version: 1
project: checks
items: {{ from: products.csv }}
shots:
  hero: {{ model: zai/vidu2-image, image: "pictures/{{{{ item.id }}}}.png", prompt: "A slow push-in" }}
output: "renders/{{{{ item.id }}}}.mp4"
checks: {{ off: [size] }}
providers:
  zai: {{ base_url: "http://127.0.0.1:{port}/api", api_key: "${{KEY}}", limits: {{ concurrency: 20, rate: 50/s }} }}
"""


def chunk(kind, data):
    body = kind + data
    return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")


def picture(seed):
    """A product of three shapes in colours of its own on a ground that gets darker, as a PNG."""
    dice = random.Random(seed)
    ground = [dice.randrange(90, 240) for _ in range(3)]
    shapes = []
    for _ in range(3):
        x, y = dice.randrange(60, WIDTH - 60), dice.randrange(40, HEIGHT - 40)
        colour = [dice.randrange(10, 250) for _ in range(3)]
        shapes.append((dice.random() < 0.5, x, y, dice.randrange(25, 75), dice.randrange(20, 60), colour))
    rows = bytearray()
    for row in range(HEIGHT):
        rows.append(0)
        for column in range(WIDTH):
            pixel = [part * (400 - row) // 400 for part in ground]
            for is_round, x, y, wide, high, colour in shapes:
                across, down = (column - x) / wide, (row - y) / high
                if (across * across + down * down < 1) if is_round else (abs(across) < 0.8 and abs(down) < 0.8):
                    pixel = [part * (300 + column) // 620 for part in colour]
            rows.extend(pixel)
    size = WIDTH.to_bytes(4, "big") + HEIGHT.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    packed = zlib.compress(bytes(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def make(kind, own, other, target, number):
    """A clip of four seconds."""
    pan = "x='(in_w-out_w)*n/96':y='(in_h-out_h)/2'" if number % 2 else "x='(in_w-out_w)/2':y='(in_h-out_h)*n/96'"
    # Six per cent of the picture go by in the four seconds, the slower half of what models do.
    moving = f"scale=680:382,crop=640:360:{pan}"
    inputs, chain = [["-loop", "1", "-i", own]], f"[0]{moving}"
    if kind == "recoloured" or kind == "letterboxed":
        chain += "," + KINDS[kind][1]
    elif kind == "wrong product":
        inputs = [["-loop", "1", "-i", other]]
    elif kind == "frozen":
        chain = "[0]scale=640:360"
    elif kind == "black":
        inputs, chain = [["-f", "lavfi", "-i", "color=black:s=640x360:r=24"]], "[0]null"
    elif kind == "cut":
        inputs.append(["-loop", "1", "-i", other])
        chain = f"[0]{moving},trim=end_frame=48[a];[1]{moving},trim=end_frame=48[b];[a][b]concat"
    light = "" if number % 3 else ",eq=brightness=0.03:contrast=1.05"
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y"]
    for one in inputs:
        command += (["-framerate", "24"] if one[0] == "-loop" else []) + one
    command += ["-filter_complex", chain + light + "[out]", "-map", "[out]", "-frames:v", "96", "-pix_fmt", "yuv420p"]
    subprocess.run([*command, "-preset", "ultrafast", "-crf", "26", target], check=True)


class Provider(BaseHTTPRequestHandler):
    """Answers like the provider, with the clip of the picture that a request has."""

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
        self.tasks[task] = self.clips[hash(sent if isinstance(sent, str) else sent[0])]
        state = {"id": task, "request_id": request["request_id"], "model": request["model"], "task_status": "PROCESSING"}
        self.answer(json.dumps(state).encode())

    def do_GET(self):
        task = self.path.rsplit("/", 1)[1]
        if self.path.startswith("/clip/"):
            return self.answer(Path(self.tasks[task.removesuffix(".mp4")]).read_bytes(), "video/mp4")
        url = f"http://127.0.0.1:{self.server.server_port}/clip/{task}.mp4"
        self.answer(json.dumps({"task_status": "SUCCESS", "video_result": [{"url": url}]}).encode())


def main(program):
    import base64

    home = Path(tempfile.mkdtemp(prefix="checks-"))
    (home / "pictures").mkdir()
    (home / "made").mkdir()
    planted = {number: kind for place, kind in enumerate(KINDS) for number in range(place, EACH * len(KINDS), len(KINDS))}
    for number in range(CLIPS):
        bytes_ = picture(number)
        (home / f"pictures/{number:03}.png").write_bytes(bytes_)
        Provider.clips[hash("data:image/png;base64," + base64.b64encode(bytes_).decode())] = home / f"made/{number:03}.mp4"
    for number in range(CLIPS):
        own, other = (str(home / f"pictures/{at % CLIPS:03}.png") for at in (number, number + 7))
        make(planted.get(number), own, other, str(home / f"made/{number:03}.mp4"), number)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    rows = "".join(f"{number:03},product {number}\n" for number in range(CLIPS))
    (home / "products.csv").write_text("id,title\n" + rows)
    (home / "shotlist.yaml").write_text(MANIFEST.format(port=server.server_port))
    call = {"cwd": home, "env": {"KEY": "k", "PATH": "/usr/local/bin:/usr/bin:/bin"}, "capture_output": True, "text": True}
    ended = subprocess.run([program, "run", "--yes"], **call)
    if ended.returncode:
        sys.exit(f"the run ended with {ended.returncode}:\n{ended.stderr[-3000:]}")
    subprocess.run([program, "check"], **call)
    # Another threshold makes every verdict stale: one more pass over all clips, for the time.
    text = (home / "shotlist.yaml").read_text()
    (home / "shotlist.yaml").write_text(text.replace("off: [size]", "off: [size, fps]"))
    begun = time.monotonic()
    report = json.loads(subprocess.run([program, "check", "--json"], **call).stdout)
    took = time.monotonic() - begun
    found = {clip["job"].split("/")[1]: {it["check"] for it in clip["findings"]} for clip in report["clips"]}
    print("| defect | planted | found |\n|---|---|---|")
    for kind, (checks, _) in KINDS.items():
        mine = [number for number, its in planted.items() if its == kind]
        print(f"| {kind} | {len(mine)} | {sum(bool(found[f'{number:03}'] & checks) for number in mine)} |")
    good = [number for number in range(CLIPS) if number not in planted]
    wrong = {number: sorted(found[f"{number:03}"]) for number in good if found[f"{number:03}"]}
    print(f"\n{len(good)} good clips, {len(wrong)} false alarms: {wrong or 'none'}")
    print(f"{took / CLIPS:.2f} s a clip; counts {report['counts']}; files in {home}")


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).resolve()))
