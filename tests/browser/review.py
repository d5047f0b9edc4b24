"""The page that `review` serves: decisions by keys, a restart, a second tab, and a clip that plays."""

import csv
import io
import json
import os
import subprocess

from harness import Project, browser, find_all, main, press, texts, wait

MANIFEST = """version: 1
project: browser
items: [{ id: mug, image: pictures/mug-terracotta.png }, { id: kettle, image: pictures/kettle-sage.png }, { id: radio, image: pictures/radio-tomato.png }]
shots:
  hero:
    model: zai/vidu2-image
    image: "{{ item.image }}"
    prompt: "A slow turn around {{ item.id }}"
output: "renders/{{ item.id }}.mp4"
providers:
  zai: { api_key: "${ZAI_API_KEY}" }
"""


# Makes the page's next request name an older decision about the mug than the program has.
STALE = """
const real = window.fetch;
window.fetch = (address, options) => {
  window.fetch = real;
  const body = JSON.parse(options.body);
  body.decisions.find((it) => it.job === "hero/mug").seen += 7;
  return real(address, { ...options, body: JSON.stringify(body) });
};
"""


class Served:
    """A review that runs until it is stopped."""

    def __init__(self, project, *flags):
        command = [project.program, "review", "--sandbox", "--who", "ana@desk", *flags]
        self.process = subprocess.Popen(command, cwd=project.folder, env=dict(os.environ), stdout=subprocess.PIPE, text=True)
        self.link = self.process.stdout.readline().strip()

    def stop(self):
        self.process.terminate()
        return self.process.wait(20)


def ring(driver):
    """Returns the name of the job with the ring."""
    return driver.execute_script("return document.activeElement?.closest('.card')?.dataset.job ?? null")


def show(driver, job):
    driver.execute_script("document.querySelector(`.card[data-job='${arguments[0]}']`).focus()", job)


def standing(driver, job):
    classes = driver.execute_script("return document.querySelector(`.card[data-job='${arguments[0]}']`)?.className ?? ''", job)
    found = [name for name in ("approved", "rejected", "undecided", "outdated") if name in classes.split()]
    return found[0] if found else classes


def becomes(driver, job, expected, claims, words):
    wait(lambda: standing(driver, job) == expected)
    claims.equal(standing(driver, job), expected, words)


def push(driver, words):
    found = wait(lambda: [button for button in find_all(driver, "button") if button.text == words])
    found[0].click()


def current(project):
    """Returns the rendering that is the clip of the mug, from the table of decisions."""
    table = csv.DictReader(io.StringIO(project.run("review", "--export", "-").stdout.lstrip("\ufeff")))
    return next(row["take"] for row in table if row["job"] == "hero/mug")


def lost(project):
    """Returns the clips to which a report points and which are not there."""
    project.run("report")
    folder = project.folder / "sandbox"
    page = (folder / "report.html").read_text(encoding="utf-8")
    data = json.loads(page.split('id="data">')[1].split("</script>")[0])
    paths = [take.get("path", job["path"]) for job in data["jobs"] for take in job["takes"] if "sha256" in take]
    return [path for path in paths if not (folder / path).is_file()]


def run(arguments, claims):
    project = Project(arguments.program, MANIFEST)
    project.run("run", "--yes")
    project.run("redo", "hero/mug", "--yes")
    served = Served(project)
    driver, second = browser(), browser()
    try:
        for page in (driver, second):
            page.get(served.link)
            wait(lambda page=page: len(find_all(page, ".card")) == 3)
        claims.equal(len(find_all(driver, ".card")), 3, "the page shows every job")
        claims("token" not in driver.current_url, "the token is taken out of the address")

        show(driver, "hero/kettle")
        claims.equal(ring(driver), "hero/kettle", "the ring is on the clip that was chosen")
        press(driver, "a")
        becomes(driver, "hero/kettle", "approved", claims, "A approves")
        becomes(second, "hero/kettle", "approved", claims, "the other tab shows it")

        show(driver, "hero/radio")
        press(driver, "r")
        press(driver, "2")
        wait(lambda: standing(driver, "hero/radio") == "rejected", 1.5)
        if standing(driver, "hero/radio") != "rejected":
            # The reason is marked; the dialog waits for a note or for Enter.
            press(driver, "\ue007")
        becomes(driver, "hero/radio", "rejected", claims, "R and 2 reject")
        claims("wrong colour" in " ".join(texts(driver, ".card[data-job='hero/radio'] .lines")), "the reason is shown")

        becomes(second, "hero/radio", "rejected", claims, "the other tab shows the rejection")
        press(driver, "u")
        becomes(driver, "hero/radio", "undecided", claims, "U takes it back")

        driver.execute_script(STALE)
        push(driver, "undecided\n2")
        push(driver, "Approve all 2…")
        push(driver, "Approve 2")
        becomes(second, "hero/radio", "approved", claims, "of two approvals in one step, the one without a conflict is recorded")
        claims.equal(standing(second, "hero/mug"), "undecided", "the one in conflict is not")
        driver.get(served.link)
        wait(lambda: len(find_all(driver, ".card")) == 3)

        show(driver, "hero/kettle")
        press(driver, " ")
        playing = "const it = document.querySelector('video'); return it && it.readyState >= 2 && it.videoWidth > 0"
        claims(wait(lambda: driver.execute_script(playing)), "a clip plays over the connection")

        before = current(project)
        driver.get(driver.current_url.split("#")[0] + "#job=hero/mug")
        driver.refresh()
        wait(lambda: find_all(driver, "#panel button.small"))
        chosen = [button for button in find_all(driver, "#panel button.small") if button.text == "Use this one"]
        claims.equal(len(chosen), 1, "the other version can be chosen")
        chosen[0].click()
        claims(wait(lambda: current(project) != before), "another version has the name of the clip")
        wait(lambda: [button for button in find_all(driver, "#panel button.small") if button.text == "Use this one"][0].click() or True)
        claims(wait(lambda: current(project) == before), "the former version can be chosen again")
        claims.equal(lost(project), [], "a report has the clips of both versions where they stand")

        claims.equal(served.stop(), 0, "it ends well")
        served = Served(project)
        driver.get(served.link)
        wait(lambda: len(find_all(driver, ".card")) == 3)
        becomes(driver, "hero/kettle", "approved", claims, "a restart keeps decisions")
        hacked = driver.execute_async_script(
            "const done = arguments[0]; fetch(location.origin + '/api/decide', { method: 'POST', body: '{}' }).then((it) => done(it.status), () => done(0))")
        claims(hacked in (403, 415), f"a decision without the token is refused: {hacked}")
        if arguments.screenshots:
            arguments.screenshots.mkdir(parents=True, exist_ok=True)
            driver.save_screenshot(str(arguments.screenshots / "review-1440.png"))
    finally:
        driver.quit()
        second.quit()
        served.process.kill()
        project.remove()


main(run)
