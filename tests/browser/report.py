"""The report of 200 jobs, opened from a file: each feature by what is in the page, and nothing leaves the computer."""

import csv
import io
import json
import tempfile
import time
from pathlib import Path
from urllib.parse import unquote

from harness import (
    By, Keys, Project, browser, find, find_all, main, paint, press, requests, resize, settle, texts, wait,
)

HOSTILE = [
    "<script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked = 2">',
    "</script><script>window.hacked = 3</script>",
    "<!-- <svg onload=window.hacked=4> -->",
    "turn \u202egnp.exe\u202c none\u200b",
    "{{ 7 * 7 }} ${window.hacked = 5} javascript:window.hacked=6",
]

MANIFEST = """version: 1
project: browser & "test" <b>
items: ITEMS
shots:
  hero:
    model: zai/vidu2-image
    image: "{{ item.image }}"
    prompt: "Product film: {{ item.title }}, in daylight. <img src=x onerror=window.hacked=7> It turns slowly."
  social:
    model: zai/viduq1-image
    image: "{{ item.image }}"
    prompt: "A short film for a feed: {{ item.title }}, on a table."
output: "renders/{{ item.id }}/{{ item.id }} {{ shot }}.mp4"
checks: { frames: off }
providers:
  zai: { api_key: "${ZAI_API_KEY}" }
"""

PICTURES = ["mug-terracotta", "kettle-sage", "boots-olive", "radio-tomato", "watch-black", "desk-lamp-petrol"]


def items():
    """Returns 100 items, of which the first have titles that try to be more than text."""
    made = []
    for number in range(100):
        title = f"{HOSTILE[number]} mug" if number < len(HOSTILE) else f"Mug no. {number}"
        tag = HOSTILE[1] if number == 1 else ["spring", "sale"][number % 2]
        made.append({"id": f"p{number:03}", "title": title, "tags": tag, "image": f"pictures/{PICTURES[number % len(PICTURES)]}.png"})
    return json.dumps(made)


def faults():
    refused = {"error": {"http": 400, "code": "1301", "message": HOSTILE[1]}}
    failed = {"fail": {"code": "1301", "message": HOSTILE[0]}}
    return json.dumps([
        {"on": "submit", "when": {"prompt_contains": "Mug no. 10,"}, "do": refused},
        {"on": "poll", "when": {"prompt_contains": "Mug no. 11,"}, "do": failed},
    ])


def rows(driver):
    """Returns the number of jobs that the list has now."""
    return int(find(driver, ".card").get_attribute("aria-setsize")) if find_all(driver, ".card") else 0


def search(driver, text):
    driver.execute_script("const it = document.getElementById('search'); it.value = arguments[0]; it.dispatchEvent(new Event('input', { bubbles: true }))", text)
    asked = "return new URLSearchParams(location.hash.slice(1)).get('q') ?? ''"
    wait(lambda: driver.execute_script(asked) == text)
    settle(driver)


def ring(driver):
    found = find_all(driver, ".card.ring")
    return found[0].get_attribute("data-job") if found else None


def chip(driver, name):
    return next((it for it in find_all(driver, "[data-chip]") if it.get_attribute("data-chip") == name), None)


def click(driver, element):
    driver.execute_script("arguments[0].click()", element)
    settle(driver)


def looks(driver, claims, page):
    driver.get(page)
    claims(wait(lambda: find_all(driver, ".card")), "cards are shown")
    claims.equal(rows(driver), 200, "all jobs are in the list")
    claims(len(find_all(driver, ".card")) < 60, "only the cards in view are in the page")
    claims.equal(find(driver, "#title").text, 'browser & "test" <b>', "the name of the project is text")
    claims("Spent on these clips" in texts(driver, ".tile .label"), "the money comes first")
    needs = texts(driver, ".need")
    claims(any("failed" in it for it in needs), f"failed jobs need a person: {needs}")
    claims(any("undecided" in it for it in needs), f"undecided clips need a person: {needs}")
    claims(any("shotlist status --sandbox" in it for it in texts(driver, ".needs code")), "the command to type is there")
    card = find(driver, ".card")
    claims(len(card.find_elements(By.CSS_SELECTOR, ".pair > .box")) == 2, "a card has picture and clip")
    boxes = [it.size for it in card.find_elements(By.CSS_SELECTOR, ".pair > .box")]
    claims(abs(boxes[0]["width"] - boxes[1]["width"]) <= 1 and boxes[0]["height"] == boxes[1]["height"], f"both boxes are equal: {boxes}")
    heights = {it.size["height"] for it in find_all(driver, ".card")}
    claims.equal(len(heights), 1, "all cards have one height")
    claims(len(find_all(driver, "#charts figure")) >= 3, "there are charts")
    claims(all(it.get_attribute("aria-label") for it in find_all(driver, "#charts svg[role=img]")), "charts have words")
    claims.equal(len(find_all(driver, ".rows [tabindex='0']")), 1, "the list is one tab stop")


def filters(driver, claims):
    search(driver, "mug zebra")
    claims.equal(rows(driver), 0, "words are all searched for")
    claims("Nothing matches" in find(driver, "#gallery").text, "an empty list says why")
    click(driver, find(driver, "#empty button"))
    claims.equal(rows(driver), 200, "one button shows all")
    search(driver, '"mug no. 42"')
    claims.equal(rows(driver), 2, "a phrase finds its item")
    search(driver, "")
    for name, count in [("state:failed", 4), ("state:done", 196), ("decision:undecided", 196), ("shot:hero", 100), ("model:zai/viduq1-image", 100)]:
        found = chip(driver, name)
        claims(found is not None, f"there is a chip {name}")
        if found is None:
            continue
        claims.equal(found.find_element(By.CSS_SELECTOR, ".count").get_attribute("textContent"), str(count), f"the chip {name} has its number")
        click(driver, found)
        claims.equal(rows(driver), count, f"{name} filters")
        claims(name in unquote(driver.current_url), f"{name} is in the address")
        claims.equal(chip(driver, name).get_attribute("aria-pressed"), "true", f"{name} is pressed")
        click(driver, chip(driver, name))
        claims.equal(rows(driver), 200, f"{name} can be taken off")
    search(driver, "tag:spring shot:hero")
    claims.equal(rows(driver), 50, "tokens of two keys hold together")
    search(driver, "state:failed state:done shot:hero")
    claims.equal(rows(driver), 100, "tokens of one key hold one by one")
    search(driver, "-state:done")
    claims.equal(rows(driver), 4, "a token can be denied")
    click(driver, chip(driver, "shot:hero"))
    driver.back()
    claims(wait(lambda: rows(driver) == 4, 3), "Back takes the last filter off")
    search(driver, "")
    hostile = next((it for it in find_all(driver, "[data-chip]") if "onerror" in it.get_attribute("data-chip")), None)
    claims(hostile is not None, "a hostile tag is a chip")
    click(driver, hostile)
    claims.equal(rows(driver), 2, "a hostile tag filters")
    search(driver, "")


def sorts(driver, claims):
    def first(name):
        driver.execute_script("const it = document.getElementById('sort'); it.value = arguments[0]; it.dispatchEvent(new Event('change'))", name)
        settle(driver)
        return find(driver, ".card").get_attribute("data-job")
    claims.equal(first("item"), "hero/p000", "the order of the catalog")
    claims("sort=item" in driver.current_url, "the order is in the address")
    dearest = first("price")
    claims(dearest.startswith("social/"), f"the highest price first: {dearest}")
    claims(first("risk").split("/")[1] in ("p010", "p011"), "what failed comes first")
    claims(first("newest") is not None, "newest first")
    first("item")


def keys(driver, claims):
    driver.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
    press(driver, "j")
    claims.equal(ring(driver), "hero/p000", "J goes to the first clip")
    press(driver, "j", "j", "k")
    claims.equal(ring(driver), "social/p000", "J and K step")
    press(driver, Keys.ARROW_RIGHT)
    claims.equal(ring(driver), "hero/p001", "arrows step inside the list")
    press(driver, *("j" * 60))
    claims.equal(ring(driver), "hero/p031", "the ring goes on far below the window")
    claims.equal(driver.execute_script("return document.activeElement.dataset.job"), "hero/p031", "the card with the ring has the focus")
    driver.execute_script("scrollTo(0, document.body.scrollHeight)")
    settle(driver)
    claims.equal(driver.execute_script("return document.activeElement.dataset.job"), "hero/p031", "the card with the focus stays in the page")
    press(driver, "/")
    claims.equal(driver.execute_script("return document.activeElement.id"), "search", "/ goes to the search")
    press(driver, "a", Keys.ESCAPE, Keys.ESCAPE)
    claims.equal(find_all(driver, ".card.approved"), [], "keys are letters in the search")
    press(driver, "?")
    claims(wait(lambda: "next, previous" in find(driver, "dialog[open]").text, 3), "? shows the keys")
    press(driver, "a")
    claims.equal(find_all(driver, ".card.approved"), [], "keys are silent in a dialog")
    box = find(driver, "dialog input")
    click(driver, box)
    press(driver, Keys.ESCAPE)
    driver.execute_script("document.activeElement.blur()")
    before = ring(driver)
    press(driver, "j")
    claims.equal(ring(driver), before, "single keys can be switched off")
    click(driver, find(driver, "#help"))
    click(driver, find(driver, "dialog input"))
    press(driver, Keys.ESCAPE)


def details(driver, claims, page):
    driver.get(page + "#job=hero%2Fp000")
    driver.refresh()
    claims(wait(lambda: find(driver, "#panel").is_displayed(), 5), "a link opens a job")
    text = find(driver, "#panel").text
    for words in [HOSTILE[0], "zai/vidu2-image", "Created", "Task", "p000 hero.mp4", "SHA-256", "shotlist show hero/p000 --sandbox", "version 2", "Version 1"]:
        claims(words in text, f"the details have {words!r}")
    video = find(driver, "#panel video")
    claims("p000%20hero.mp4" in video.get_attribute("src"), "the address of a clip is relative and encoded")
    press(driver, " ")
    claims(wait(lambda: driver.execute_script("return document.querySelector('#panel video').currentTime") > 0.1, 8), "a clip plays")
    press(driver, ".")
    claims(driver.execute_script("return document.querySelector('#panel video').paused"), "a step of a frame pauses")
    at = driver.execute_script("return document.querySelector('#panel video').currentTime")
    press(driver, ",")
    claims(driver.execute_script("return document.querySelector('#panel video').currentTime") < at, "a frame back")
    press(driver, "v")
    claims("_takes" in find(driver, "#panel video").get_attribute("src"), "V shows the earlier version")
    press(driver, "c")
    claims.equal(len(find_all(driver, "#panel .compare video")), 2, "C shows two versions beside each other")
    press(driver, "c")
    press(driver, "j")
    claims("social%2Fp000" in driver.current_url, "the address follows the open job")
    press(driver, Keys.ESCAPE)
    claims(not find(driver, "#panel").is_displayed(), "Esc closes")
    driver.get(page + "#job=hero%2Fnobody")
    driver.refresh()
    claims(wait(lambda: "No such job" in find(driver, "#panel").text, 5), "an unknown job says so")
    click(driver, find(driver, "#panel button"))
    driver.get(page + "#q=state:failed")
    driver.refresh()
    wait(lambda: rows(driver) == 4, 5)
    click(driver, find(driver, ".card"))
    text = find(driver, "#panel").text
    claims("shotlist show" in text and "Provider said" in text, "a failed job says why, and what to type")
    claims.equal(find_all(driver, "#panel video"), [], "a job without a clip has no player")
    press(driver, Keys.ESCAPE)
    search(driver, "")


def decides(driver, claims, page, downloads):
    driver.get(page + "#sort=item")
    driver.refresh()
    wait(lambda: find_all(driver, ".card"), 5)
    press(driver, "j", "a")
    claims.equal(ring(driver), "social/p000", "a decision goes on to the next clip")
    claims(find(driver, ".card[data-job='hero/p000']").get_attribute("class").find("approved") > 0, "A approves")
    press(driver, "r", "2")
    claims("wrong colour" in find(driver, ".card[data-job='social/p000']").text, "R and a number reject with a reason")
    press(driver, "k", "a", "k", "a")
    claims("approved" in find(driver, ".card[data-job='social/p000']").text, "A sets, whatever was there")
    press(driver, "u")
    claims(wait(lambda: "approved" in find(driver, ".card[data-job='social/p000']").text, 2), "U takes one step back")
    press(driver, "u")
    claims(wait(lambda: "wrong colour" in find(driver, ".card[data-job='social/p000']").text, 2), "U restores the decision before")
    click(driver, find(driver, ".card[data-job='hero/p001'] .pair"))
    click(driver, find(driver, "#panel [data-act=redo]"))
    dialog = find(driver, "dialog[open]").text
    claims("queue a redo for $0.20" in dialog and "The queue is then $0.20" in dialog, f"a redo shows its price and the total: {dialog}")
    find(driver, "dialog textarea").send_keys('the handle, "again"')
    click(driver, next(it for it in find_all(driver, "dialog .reason") if "other" in it.text).find_element(By.CSS_SELECTOR, "input"))
    click(driver, find(driver, "dialog .strong"))
    claims(wait(lambda: "redo queued, $0.20" in find(driver, ".needs").text, 3), "the queue is counted with its price")
    press(driver, Keys.ESCAPE)
    driver.refresh()
    wait(lambda: find_all(driver, ".card"), 5)
    claims("wrong colour" in find(driver, ".card[data-job='social/p000']").text, "decisions outlive the page")
    search(driver, "tag:sale shot:social decision:undecided")
    before = rows(driver)
    click(driver, next(it for it in find_all(driver, ".bulk button") if "Approve all" in it.text))
    claims(f"{before} clips of this list" in find(driver, "dialog[open]").text, "many at once say their number first")
    click(driver, find(driver, "dialog .strong"))
    claims.equal(len(json.loads(driver.execute_script("return Object.entries(localStorage).find(([key]) => key.includes('report.html'))[1]"))), 3 + before, "all of them are decided")
    press(driver, "u")
    claims(wait(lambda: find(driver, "#toast").text.startswith(f"{before} decisions undone"), 3), "one undo takes all of them back")
    claims("Save 3 decisions" in find(driver, "#save").text, "what was taken back is no decision to save")
    search(driver, "")
    click(driver, find(driver, "#save"))
    find(driver, "dialog input").clear()
    find(driver, "dialog input").send_keys("Mira")
    click(driver, find(driver, "#save-file"))
    saved = Path(downloads) / "decisions.csv"
    claims(wait(saved.exists, 5), "the decisions become a file")
    found = {it["job"]: it for it in csv.DictReader(io.StringIO(saved.read_text(encoding="utf-8")))}
    claims.equal(list(csv.reader(io.StringIO(saved.read_text(encoding="utf-8"))))[0], "job,take,clip_sha256,revision,outcome,reasons,note,redo,who,at".split(","), "its columns")
    claims.equal(found["hero/p000"]["outcome"], "approved", "the file has the approval")
    claims.equal((found["social/p000"]["outcome"], found["social/p000"]["reasons"]), ("rejected", "wrong_colour"), "the file has the rejection")
    redo = found["hero/p001"]
    claims.equal((redo["reasons"], redo["note"], redo["redo"], redo["who"]), ("other", 'the handle, "again"', "true", "Mira"), "the file has the redo, the note and the name")
    claims(all(len(it["clip_sha256"]) == 64 and len(it["take"]) == 26 for it in found.values()), "each row names the clip that was looked at")
    return saved


def shapes(driver, claims, page):
    driver.get(page)
    wait(lambda: find_all(driver, ".card"), 5)
    ground = "return getComputedStyle(document.documentElement).backgroundColor"
    paint(driver, "light")
    light = driver.execute_script(ground)
    paint(driver, "dark")
    dark = driver.execute_script(ground)
    claims(light != dark, "the colours follow the system")
    click(driver, find(driver, "#theme"))
    claims.equal(driver.execute_script(ground), light, "light by hand")
    click(driver, find(driver, "#theme"))
    paint(driver, "light")
    claims.equal(driver.execute_script(ground), dark, "dark by hand")
    click(driver, find(driver, "#theme"))
    for width in [390, 320]:
        resize(driver, width, 800)
        settle(driver)
        claims(driver.execute_script("return document.documentElement.scrollWidth <= innerWidth"), f"nothing is wider than {width} pixels")
        claims.equal(len({it.location["x"] for it in find_all(driver, ".card")}), 1, f"one column at {width} pixels")
    click(driver, find(driver, ".card .pair"))
    claims(wait(lambda: find(driver, "#phone").is_displayed(), 2), "a phone has the decisions at its lower edge")
    small = driver.execute_script("return [...document.querySelectorAll('button, summary, select')].filter((it) => it.offsetParent && (it.offsetHeight < 24 || it.offsetWidth < 24)).map((it) => it.textContent)")
    claims.equal(small, [], "all targets are at least 24 pixels")
    driver.execute_script("history.back()")
    resize(driver, 1440, 1000)
    driver.execute_script("dispatchEvent(new Event('beforeprint'))")
    claims.equal(len(find_all(driver, "#print li")), 200, "paper has all jobs")
    driver.execute_script("dispatchEvent(new Event('afterprint'))")
    claims.equal(len(find_all(driver, "#print li")), 0, "and the screen has none of it")


def longest_task(driver):
    """Scrolls through the whole page, and returns the length of its longest task in milliseconds."""
    return driver.execute_async_script("""
        const say = arguments[0];
        let longest = 0;
        const watch = new PerformanceObserver((list) => { for (const it of list.getEntries()) longest = Math.max(longest, it.duration); });
        watch.observe({ type: 'longtask' });
        const end = document.body.scrollHeight;
        let at = 0;
        const step = () => { at += 220; scrollTo(0, at); if (at < end) requestAnimationFrame(step); else setTimeout(() => { watch.disconnect(); say(longest); }, 200); };
        step();
    """)


def smooth(driver, claims):
    # A computer that is busy with something else makes any task long: the best of three counts.
    tasks = []
    while len(tasks) < 3 and (not tasks or min(tasks) >= 200):
        tasks.append(longest_task(driver))
    claims(min(tasks) < 200, f"no task is longer than 200 ms while scrolling: {tasks}")
    claims(len(find_all(driver, ".card")) < 60, "rows out of view are taken away")


def run(arguments, claims):
    project = Project(arguments.program, MANIFEST.replace("ITEMS", items()), {"faults.json": faults()})
    project.run("run", "--yes", "--faults", "faults.json", expect=(3,))
    project.run("redo", "hero/p000", "--yes", expect=(0, 3))
    project.run("report")
    page = (project.folder / "sandbox" / "report.html").as_uri()
    with tempfile.TemporaryDirectory() as downloads:
        driver = browser(downloads=downloads)
        try:
            looks(driver, claims, page)
            filters(driver, claims)
            sorts(driver, claims)
            keys(driver, claims)
            details(driver, claims, page)
            decides(driver, claims, page, downloads)
            shapes(driver, claims, page)
            smooth(driver, claims)
            claims.equal(driver.execute_script("return window.hacked"), None, "no text of others ran")
            asked = requests(driver)
            claims(len(asked) > 0 and all(it.startswith(("file:", "data:", "blob:")) for it in asked), f"no request leaves: {[it for it in asked if not it.startswith(('file:', 'data:', 'blob:'))]}")
            bad = [it["message"] for it in driver.get_log("browser") if it["level"] == "SEVERE"]
            claims.equal(bad, [], "the console has no errors")
            if arguments.screenshots:
                shoot(driver, page, arguments.screenshots)
        finally:
            driver.quit()
    project.remove()


def shoot(driver, page, folder):
    """Takes pictures of the page, wide and narrow, light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    for scheme in ["light", "dark"]:
        for width, height in [(1440, 1000), (390, 844)]:
            resize(driver, width, height)
            paint(driver, scheme)
            for name, address in [("list", page), ("job", page + "#job=hero%2Fp000")]:
                driver.get(address)
                driver.refresh()
                time.sleep(1)
                driver.save_screenshot(str(folder / f"report-{name}-{width}-{scheme}.png"))


if __name__ == "__main__":
    main(run)
