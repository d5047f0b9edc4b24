#!/usr/bin/env python3
"""Renders the sample catalog in the sandbox, decides about some clips, and photographs the report and the review.

    examples/pages.py PROGRAM

Writes examples/report.png and examples/review.png, the pictures in the README. Needs a headless Chromium, chromedriver, ffmpeg
and the Python package selenium.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

from harness import Keys, browser, find_all, press, settle, wait  # noqa: E402

# The faults of the fake provider, so that the pictures show more than success.
FAULTS = """[
  {"on": "poll", "when": {"prompt_contains": "coral red"}, "do": {"fail": {"code": "1301", "message": "sensitive content"}}},
  {"on": "submit", "when": {"prompt_contains": "petrol"}, "do": {"defect": "recoloured"}},
  {"on": "submit", "when": {"prompt_contains": "natural oak"}, "do": {"defect": "letterboxed"}}
]"""


def photograph(driver, name):
    """Saves the contents of the window as a small picture: 960 pixels wide, 80 colours."""
    wait(lambda: driver.execute_script("return [...document.images].every((it) => it.complete)"))
    settle(driver)
    with tempfile.TemporaryDirectory() as folder:
        whole = f"{folder}/whole.png"
        driver.save_screenshot(whole)
        palette = "scale=960:-1:flags=area,split[a][b];[a]palettegen=max_colors=80:reserve_transparent=0[p];[b][p]paletteuse=dither=none"
        subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", whole, "-vf", palette, "-compression_level", "100", str(ROOT / "examples" / name)], check=True)
    print(f"wrote examples/{name}")


def main(program):
    folder = Path(tempfile.mkdtemp(prefix="shotlist-pages-"))
    for name in ("catalog.yaml", "products.csv"):
        shutil.copy(ROOT / "manifests" / name, folder)
    shutil.copytree(ROOT / "manifests" / "pictures", folder / "pictures")
    (folder / "faults.json").write_text(FAULTS, encoding="utf-8")

    def run(*words):
        subprocess.run([program, *words, "-f", "catalog.yaml", "--sandbox"], cwd=folder, check=False, capture_output=True)

    run("run", "--yes", "--faults", "faults.json")
    run("approve", "hero/0101", "hero/0222", "--who", "mira@desk")
    run("reject", "hero/0102", "--reason", "wrong_colour", "--who", "mira@desk")
    run("report")
    served = subprocess.Popen([program, "review", "-f", "catalog.yaml", "--sandbox", "--who", "mira@desk"], cwd=folder, stdout=subprocess.PIPE, text=True)
    driver = browser(1280, 760)
    driver.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
    try:
        driver.get((folder / "sandbox" / "report.html").as_uri())
        wait(lambda: len(find_all(driver, ".card")) > 6)
        photograph(driver, "report.png")
        driver.get(served.stdout.readline().strip())
        wait(lambda: len(find_all(driver, ".card")) > 6)
        press(driver, "j", "j", "j", Keys.ENTER)
        wait(lambda: driver.execute_script("return document.querySelector('#panel video')?.readyState >= 2"))
        # Without its controls the clip can be seen.
        driver.execute_script("const it = document.querySelector('#panel video'); it.controls = false; it.currentTime = 1.5")
        wait(lambda: driver.execute_script("const it = document.querySelector('#panel video'); return !it.seeking && it.readyState >= 2"))
        photograph(driver, "review.png")
    finally:
        driver.quit()
        served.terminate()
        served.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).resolve()))
