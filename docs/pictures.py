"""Takes the pictures of the guide: the report, the review with a rejection, and the review on a phone.

    docs/pictures.py --program target/debug/shotlist

It runs the shop of the guide in the sandbox and writes docs/src/images/*.webp. It needs selenium, Chromium and its driver.
"""

import argparse
import base64
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))

from harness import Keys, Project, browser, find_all, press, resize, wait  # noqa: E402

PAGE = ROOT / "docs/src/guide/afternoon.md"
IMAGES = ROOT / "docs/src/images"
MOST_BYTES = 150_000


def manifest():
    """The manifest that the guide shows, with a key setting that a rehearsal does not use."""
    block = PAGE.read_text("utf-8").split("```yaml\n", 1)[1]
    return block.split("```", 1)[0] + 'providers:\n  zai: { api_key: "${ZAI_API_KEY}" }\n'


def save(driver, name):
    drawn = "return [...document.images].every((it) => it.complete)"
    wait(lambda: driver.execute_script(drawn))
    picture = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "webp", "quality": 70})
    data = base64.b64decode(picture["data"])
    if len(data) > MOST_BYTES:
        sys.exit(f"{name} has {len(data)} bytes, more than {MOST_BYTES}")
    (IMAGES / name).write_bytes(data)
    print(f"{name}: {len(data)} bytes")


def card(job):
    return f".card[data-job='{job}']"


def show(driver, job):
    driver.execute_script("document.querySelector(arguments[0]).focus()", card(job))


def decide(driver, job, *keys):
    show(driver, job)
    for key in keys:
        press(driver, key)
    expected = "approved" if keys[0] == "a" else "rejected"
    if not wait(lambda: find_all(driver, f"{card(job)}.{expected}"), 2):
        # The dialog of a rejection waits for a note or for Enter.
        press(driver, Keys.ENTER)
    if not wait(lambda: find_all(driver, f"{card(job)}.{expected}"), 5):
        sys.exit(f"{job} is not {expected}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    program = parser.parse_args().program
    IMAGES.mkdir(exist_ok=True)
    project = Project(program, manifest(), {"products.csv": (ROOT / "manifests/products.csv").read_bytes()})
    driver = browser(1200, 900)
    served = None
    try:
        project.run("run", "--yes", expect=(5,), tiny=False)
        project.run("check")
        command = [project.program, "review", "--sandbox", "--who", "ana@desk"]
        served = subprocess.Popen(command, cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        driver.get(served.stdout.readline().strip())
        wait(lambda: find_all(driver, ".card"))
        jobs = [card.get_attribute("data-job") for card in find_all(driver, ".card")]
        decide(driver, jobs[0], "a")
        decide(driver, jobs[1], "r", "2")
        decide(driver, jobs[3], "a")
        show(driver, jobs[1])
        save(driver, "review.webp")
        resize(driver, 390, 780)
        driver.refresh()
        wait(lambda: find_all(driver, ".card"))
        show(driver, jobs[2])
        save(driver, "phone.webp")
        resize(driver, 1200, 900)
        project.run("report")
        driver.get((project.folder / "sandbox/report.html").as_uri())
        wait(lambda: find_all(driver, ".card"))
        save(driver, "report.webp")
    finally:
        driver.quit()
        if served:
            served.terminate()
            served.wait(20)
        project.remove()


if __name__ == "__main__":
    main()
