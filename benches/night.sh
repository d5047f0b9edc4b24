#!/usr/bin/env bash
# Measures an unattended run for a shop of 100,000 products that have all their clips: without a change, and with one
# changed product. Also measures the memory of `plan`, and the time until `run` submits the changed product.
#
#     benches/night.sh            100,000 rows
#     benches/night.sh 1000000    another number of rows
#
# Needs python3. The sandbox renders only one clip, and the script writes the database rows of the others. The script
# fails beyond its bounds: 256 MiB and 45 s for a plan, 5 s to the first
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
# The jobs are read one by one: a plan of a million is too long to be read whole.
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
    # Computed columns are not written.
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
# A plan only checks each clip's name and size.
for job in others:
    clip = os.path.join(folder, "sandbox", job["path"])
    os.makedirs(os.path.dirname(clip), exist_ok=True)
    with open(clip, "wb") as file:
        file.truncate(size)

PYTHON

# The meter is a separate process: a child's peak memory includes its parent's memory at the start.
python3 - "$rows" "$folder" "$program" <<'PYTHON'
import os, sqlite3, subprocess, sys, tempfile, time

rows, folder, program = int(sys.argv[1]), sys.argv[2], sys.argv[3]
sheet = os.path.join(folder, "products.csv")


def shotlist(*arguments):
    """Returns the seconds, the peak memory in MiB, and the output."""
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
# The file contains no clip, and would count as an edited one.
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
