#!/usr/bin/env bash
# How long a night takes on which nothing changed, in a shop of 100,000 products whose clips are all there: recognised by
# the bytes of manifest and sheet, and looked at job by job, as it is where anything changed.
#
#     benches/night.sh          100,000 rows
#     benches/night.sh 10000    as many as you like
#
# Needs python3. Figures are the best of three. Nobody renders 100,000 clips for this: the sandbox renders one, and what the
# state would hold of the others is written into the database.
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
import csv, json, os, sqlite3, subprocess, sys, time

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


def shotlist(*arguments):
    """The seconds that it takes, and what it says."""
    began = time.perf_counter()
    child = subprocess.run([program, *arguments, "--sandbox"], cwd=folder, capture_output=True, text=True)
    took = time.perf_counter() - began
    if child.returncode != 0:
        sys.exit(f"{' '.join(arguments)} failed: {child.stderr}")
    return took, child.stdout, child.stderr


shotlist("run", "--limit", "1", "--only", "hero/000000")
jobs = json.loads(shotlist("plan", "--json")[1])["jobs"]
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
db.commit()
db.close()

words = f"nothing to do: {rows} clips are up to date"
first = shotlist("run")
assert words in first[2], first[2]


def best(*arguments):
    return min(shotlist(*arguments)[0] for _ in range(3))


# Who sets a limit is not answered from what was remembered.
nights, looked_at = best("run"), best("run", "--limit", str(rows))
plans, planned = best("plan"), best("plan", "--limit", str(rows))
assert words in shotlist("run")[2]
print(f"sheet                       {rows} rows, {os.path.getsize(sheet) / 1e6:.1f} MB")
print(f"shotlist run, looked at     {looked_at:.2f} s")
print(f"shotlist run, recognised    {nights:.2f} s, {looked_at / nights:.1f} times as fast")
print(f"shotlist plan, looked at    {planned:.2f} s")
print(f"shotlist plan, recognised   {plans:.2f} s, {planned / plans:.1f} times as fast")
PYTHON
