"""A careful asyncio runner, as a team might write it itself, for comparison with shotlist.

It renders the rows of a product sheet with the API of Z.AI. Each job takes one of the slots from its submission until a
poll finds its clip ready. Each change of its state is one SQLite commit, without fsync; there is no ledger. A clip goes to a
temporary file, is hashed during the download and renamed. After a 429 each job waits on its own, as long as `Retry-After` says, or
twice as long each time.
"""

import argparse
import asyncio
import csv
import hashlib
import os
import random
import sqlite3
import sys
import time

import aiohttp


class Pace:
    """Lets a submission through at an even interval."""

    def __init__(self, per_second):
        self.interval = 1 / per_second if per_second else 0
        self.next = time.monotonic()

    async def wait(self):
        now = time.monotonic()
        self.next = max(self.next, now)
        wait = self.next - now
        self.next += self.interval
        if wait > 0:
            await asyncio.sleep(wait)


class Runner:
    def __init__(self, options, session, db):
        self.options, self.session, self.db = options, session, db
        self.slots = asyncio.Semaphore(options.slots)
        self.downloads = asyncio.Semaphore(options.downloads)
        self.pace = Pace(options.rate)

    def state(self, job, state, **values):
        columns = "".join(f", {name} = ?" for name in values)
        self.db.execute(f"UPDATE jobs SET state = ?{columns} WHERE id = ?", (state, *values.values(), job))

    async def render(self, row):
        job = row["id"]
        async with self.slots:
            task = await self.submit(job, row["title"])
            link = await self.ready(job, task)
        async with self.downloads:
            await self.fetch(job, link)

    async def submit(self, job, title):
        order = {"model": "viduq1-text", "prompt": f"Clip of {title}", "request_id": f"bench-{job}"}
        self.state(job, "submitting")
        pause = 1.0
        while True:
            await self.pace.wait()
            url = f"{self.options.provider}/api/paas/v4/videos/generations"
            async with self.session.post(url, json=order) as answer:
                if answer.status != 429:
                    answer.raise_for_status()
                    task = (await answer.json())["id"]
                    break
                told = answer.headers.get("Retry-After")
                await answer.read()
            if told:
                await asyncio.sleep(float(told) + random.uniform(0, 0.1))
            else:
                await asyncio.sleep(pause * random.uniform(0.5, 1))
                pause = min(2 * pause, 30.0)
        self.state(job, "submitted", task=task)
        return task

    async def ready(self, job, task):
        await asyncio.sleep(self.options.first_poll)
        while True:
            async with self.session.get(f"{self.options.provider}/api/paas/v4/async-result/{task}") as answer:
                answer.raise_for_status()
                told = await answer.json()
            if told["task_status"] == "SUCCESS":
                link = told["video_result"][0]["url"]
                self.state(job, "ready", link=link)
                return link
            if told["task_status"] == "FAIL":
                raise RuntimeError(f"{job} failed")
            await asyncio.sleep(self.options.poll_every)

    async def fetch(self, job, link):
        folder = os.path.join("clips", job)
        os.makedirs(folder, exist_ok=True)
        path, part = os.path.join(folder, "hero.mp4"), os.path.join(folder, "hero.mp4.part")
        digest, size = hashlib.sha256(), 0
        async with self.session.get(link) as answer:
            answer.raise_for_status()
            with open(part, "wb") as file:
                async for piece in answer.content.iter_chunked(1 << 18):
                    digest.update(piece)
                    file.write(piece)
                    size += len(piece)
        os.rename(part, path)
        self.state(job, "done", size=size, sha256=digest.hexdigest())


async def main(options):
    with open(options.sheet, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[: options.limit]
    # Each statement is a separate commit.
    db = sqlite3.connect("state.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = OFF")
    db.execute("CREATE TABLE IF NOT EXISTS jobs (id TEXT PRIMARY KEY, state TEXT, task TEXT, link TEXT, size INT, sha256 TEXT)")
    db.execute("BEGIN")
    db.executemany("INSERT OR IGNORE INTO jobs (id, state) VALUES (?, 'new')", [(row["id"],) for row in rows])
    db.execute("COMMIT")
    timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
    connector = aiohttp.TCPConnector(limit=options.slots + options.downloads)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
        runner = Runner(options, session, db)
        await asyncio.gather(*(runner.render(row) for row in rows))
    done = db.execute("SELECT count(*) FROM jobs WHERE state = 'done'").fetchone()[0]
    if done != len(rows):
        sys.exit(f"{len(rows) - done} clips are missing")


parser = argparse.ArgumentParser()
parser.add_argument("provider")
parser.add_argument("sheet")
parser.add_argument("--slots", type=int, default=64)
parser.add_argument("--downloads", type=int, default=16)
parser.add_argument("--rate", type=float, default=0, help="submissions a second; 0 for no limit")
parser.add_argument("--first-poll", type=float, default=0)
parser.add_argument("--poll-every", type=float, default=0.1)
parser.add_argument("--limit", type=int, default=None)
asyncio.run(main(parser.parse_args()))
