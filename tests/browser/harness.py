"""What the browser tests share: a browser, a project in the sandbox, and claims that are counted.

A test is `main(run)`: `run(arguments, claims)` is called with the command line and a `Claims`. Without a browser, its driver
or selenium the test prints `SKIPPED(reason)` and ends well.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def skip(reason):
    print(f"SKIPPED({reason})")
    sys.exit(0)


try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    skip("selenium is not installed")

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
DRIVER = shutil.which("chromedriver")


class Claims:
    """Counts claims, and prints each one that is false."""

    def __init__(self):
        self.made = 0
        self.false = []

    def __call__(self, is_true, words):
        self.made += 1
        if not is_true:
            self.false.append(words)
            print(f"FALSE: {words}", file=sys.stderr)

    def equal(self, found, expected, words):
        self(found == expected, f"{words}: found {found!r}, expected {expected!r}")


class Project:
    """A project in a folder of its own, rendered in the sandbox."""

    def __init__(self, program, manifest, files=None):
        self.program = str(Path(program).resolve())
        self.folder = Path(tempfile.mkdtemp(prefix="shotlist-browser-"))
        (self.folder / "shotlist.yaml").write_text(manifest, encoding="utf-8")
        for name, content in (files or {}).items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        shutil.copytree(ROOT / "manifests" / "pictures", self.folder / "pictures", dirs_exist_ok=True)

    def run(self, *arguments, expect=(0,), tiny=True):
        environment = dict(os.environ)
        if tiny:
            environment["SHOTLIST_SANDBOX_CLIPS"] = "tiny"
        ended = subprocess.run(
            [self.program, *arguments, "--sandbox"], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        if ended.returncode not in expect:
            raise RuntimeError(f"{arguments} ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}")
        return ended

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def browser(width=1440, height=1000, scheme="light", downloads=None):
    """Starts a browser without a window, which notes every request that it makes."""
    if not CHROMIUM or not DRIVER:
        skip("chromium or chromedriver is not installed")
    options = Options()
    options.binary_location = CHROMIUM
    flags = [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", f"--window-size={width},{height}",
    ]
    for flag in flags:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    if downloads:
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads), "download.prompt_for_download": False})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.set_script_timeout(20)
    resize(driver, width, height)
    paint(driver, scheme)
    return driver


def resize(driver, width, height):
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def paint(driver, scheme):
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})


def wait(true, seconds=10):
    """Waits until a function returns something true, and returns it; the last value if time is up."""
    ends = time.monotonic() + seconds
    while True:
        try:
            found = true()
        except Exception:  # An element may be replaced between two looks.
            found = None
        if found or time.monotonic() > ends:
            return found
        time.sleep(0.05)


def settle(driver):
    """Waits until the page has drawn what it draws a moment after a key or a click: its own timers are shorter."""
    driver.execute_async_script("const done = arguments[0]; setTimeout(() => requestAnimationFrame(() => setTimeout(done)), 70)")


def press(driver, *keys):
    ActionChains(driver).send_keys(*keys).perform()
    settle(driver)


def find(driver, selector):
    return driver.find_element(By.CSS_SELECTOR, selector)


def find_all(driver, selector):
    return driver.find_elements(By.CSS_SELECTOR, selector)


def texts(driver, selector):
    return driver.execute_script("return [...document.querySelectorAll(arguments[0])].map((it) => it.textContent)", selector)


def requests(driver):
    """Returns the addresses that the browser asked for since the last call."""
    found = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            found.append(message["params"]["request"]["url"])
    return found


def main(run, more=lambda parser: None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True, help="the program to test")
    parser.add_argument("--screenshots", type=Path, help="a folder for pictures of the page")
    more(parser)
    arguments = parser.parse_args()
    claims = Claims()
    run(arguments, claims)
    print(f"{claims.made - len(claims.false)} of {claims.made} claims hold")
    sys.exit(1 if claims.false else 0)
