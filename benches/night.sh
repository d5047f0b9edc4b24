#!/usr/bin/env bash
# How long a night takes in a shop of 100,000 products whose clips are all there: on which nothing changed, and on which one
# product did; how much memory `plan` takes, and how soon `run` submits the changed one.
#
#     benches/night.sh            100,000 rows
#     benches/night.sh 1000000    as many as you like
#
# Needs python3. Nobody renders 100,000 clips for this: the sandbox renders one, and what the state would hold of the others
# is written into the database. The script fails beyond its bounds: 256 MiB and 45 s for a plan, 5 s to the first
# submission of 100,000 rows.
set -euo pipefail
cd "$(dirname "$0")/.."
rows="${1:-100000}"
cargo build --release --quiet
program="$PWD/target/release/shotlist"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

cat > "$folder/shotlist.yaml" <<'YAML'
version: 1
project: bench
items: { from: products.csv }
shots:
  hero:
    model: zai/vidu2-image
    image: "{{ item.image }}"
    prompt: "{{ item.title }} in {{ item.color }}: {{ item.description }} The camera moves in slowly."
    motion: small
output: "clips/{{ item.id }}/{{ shot }}.mp4"
YAML

python3 - "$rows" "$folder" "$program" <<'PYTHON'
import csv, os, re, sqlite3, subprocess, sys

rows, folder, program = int(sys.argv[1]), sys.argv[2], sys.argv[3]
sheet = os.path.join(folder, "products.csv")
colors = ["mustard", "petrol", "cherry", "sage", "indigo", "walnut", "cream"]
with open(sheet, "w", newline="", encoding="utf-8") as file:
    writer = csv.writer(file)
    writer.writerow(["id", "title", "description", "color", "price", "stock", "image", "note"])
    for row in range(rows):
        writer.writerow([
            f"{row:06}", f"Desk lamp no. {row}", f"Bends where you read, with {row % 9 + 1} joints; steel, cable 1.8 m.",
            colors[row % len(colors)], f"{row % 90 + 9}.90", row % 50, f"https://example.com/pictures/{row:06}.png",
            f'pallet {row % 40}, "{row % 7}" left, ask at the gate',
        ])


subprocess.run([program, "run", "--limit", "1", "--only", "hero/000000", "--sandbox"], cwd=folder, capture_output=True, check=True)
# One job after the other: a plan of a million is too long to be read at once.
listed = re.compile(r'"job":"([^"]*)","title":"([^"]*)",.*?"path":"([^"]*)","fingerprint":"([^"]*)"')
plan = subprocess.run([program, "plan", "--json", "--sandbox"], cwd=folder, capture_output=True, text=True, check=True)
jobs = [dict(zip(["job", "title", "path", "fingerprint"], found.groups())) for found in listed.finditer(plan.stdout)]
del plan
db = sqlite3.connect(os.path.join(folder, ".shotlist/sandbox/state.db"))


def copies(table, changes):
    """Rows of a table as its first one, each with what is different about it."""
    cursor = db.execute(f"SELECT * FROM {table} LIMIT 1")
    names = [column[0] for column in cursor.description]
    first = dict(zip(names, cursor.fetchone()))
    # What is computed is not written.
    stored = [row[1] for row in db.execute(f"PRAGMA table_xinfo({table})") if row[6] == 0]
    sql = f"INSERT INTO {table} ({', '.join(stored)}) VALUES ({', '.join('?' * len(stored))})"
    db.executemany(sql, ([{**first, **change}[name] for name in stored] for change in changes))


others = [job for job in jobs if job["job"] != "hero/000000"]
copies("takes", (
    {"id": f"{number:026}", "place": number, "job": number, "fingerprint": job["fingerprint"], "path": job["path"],
     "task_id": None}
    for number, job in enumerate(others, 2)
))
copies("jobs", (
    {"id": number, "item": job["job"].split("/", 1)[1], "title": job["title"], "priority": number,
     "fingerprint": job["fingerprint"], "path": job["path"], "filed_take": f"{number:026}", "filed_path": job["path"]}
    for number, job in enumerate(others, 2)
))
size = db.execute("SELECT filed_size FROM jobs").fetchone()[0]
db.commit()
db.close()
# A plan looks at each clip's name and size alone.
for job in others:
    clip = os.path.join(folder, "sandbox", job["path"])
    os.makedirs(os.path.dirname(clip), exist_ok=True)
    with open(clip, "wb") as file:
        file.truncate(size)

PYTHON

# In a process of its own: a child's peak of memory counts what its parent held when it was started.
python3 - "$rows" "$folder" "$program" <<'PYTHON'
import os, sqlite3, subprocess, sys, tempfile, time

rows, folder, program = int(sys.argv[1]), sys.argv[2], sys.argv[3]
sheet = os.path.join(folder, "products.csv")


def shotlist(*arguments):
    """The seconds that it takes, its memory at the peak in MiB, and what it says."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen([program, *arguments, "--sandbox"], cwd=folder, stdout=out, stderr=err)
        _, status, usage = os.wait4(child.pid, 0)
        took = time.perf_counter() - began
        out.seek(0)
        err.seek(0)
        out, err = out.read().decode(), err.read().decode()
    if status != 0:
        sys.exit(f"{' '.join(arguments)} failed: {err}")
    # Linux counts in KiB, macOS in bytes.
    return took, usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10), out + err


PLAN, MEMORY, FIRST = 45, 256, 5 * rows / 100_000
words = f"nothing to do: {rows} clips are up to date"
night = shotlist("run")
assert words in night[2], night[2]
with open(sheet, encoding="utf-8") as old, open(f"{sheet}.new", "w", encoding="utf-8") as new:
    new.writelines(line.replace(f"Desk lamp no. {rows // 2},", "Desk lamp of the year,") for line in old)
os.replace(f"{sheet}.new", sheet)
planned = shotlist("plan")
assert "changed: prompt" in planned[2], planned[2]
# Its file holds no clip, and would be taken for an edited one.
os.remove(os.path.join(folder, f"sandbox/clips/{rows // 2:06}/hero.mp4"))
began = time.time()
ran = shotlist("run", "--limit", "1")
db = sqlite3.connect(os.path.join(folder, ".shotlist/sandbox/state.db"))
sent = db.execute("SELECT max(at) FROM attempts").fetchone()[0] / 1000 - began
print(f"sheet                            {rows} rows, {os.path.getsize(sheet) / 1e6:.1f} MB")
print(f"shotlist run, nothing changed    {night[0]:.2f} s, {night[1]:.0f} MiB")
print(f"shotlist plan, one changed       {planned[0]:.2f} s, {planned[1]:.0f} MiB")
print(f"shotlist run, first submission   {sent:.2f} s")
if planned[0] > PLAN or planned[1] > MEMORY or sent > FIRST:
    sys.exit(f"beyond the bounds: {PLAN} s and {MEMORY} MiB for a plan, {FIRST:.0f} s to the first submission")
PYTHON
