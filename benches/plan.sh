#!/usr/bin/env bash
# How long `shotlist plan` takes on a sheet of 10,000 products, and how much memory at its peak; and, on the same file
# in the same run, how long Python's csv module takes to merely read it.
#
#     benches/plan.sh          10,000 rows
#     benches/plan.sh 100000   as many as you like
#
# Needs python3. Figures are the best of three; the bounds for 10,000 rows are 2 s and 200 MB, and the script fails
# beyond them.
set -euo pipefail
cd "$(dirname "$0")/.."
rows="${1:-10000}"
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
import csv, os, subprocess, sys, time

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


def plan():
    began = time.perf_counter()
    child = subprocess.Popen([program, "plan"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    words = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    took = time.perf_counter() - began
    if status != 0:
        sys.exit(f"plan failed: {words.decode()}")
    # Linux counts in KiB, macOS in bytes.
    return took, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def read():
    began = time.perf_counter()
    with open(sheet, newline="", encoding="utf-8") as file:
        count = sum(1 for _ in csv.DictReader(file))
    assert count == rows
    return time.perf_counter() - began


plans = [plan() for _ in range(3)]
seconds, megabytes = min(took for took, _ in plans), max(memory for _, memory in plans)
reading = min(read() for _ in range(3))
print(f"sheet                  {rows} rows, {os.path.getsize(sheet) / 1e6:.1f} MB")
print(f"shotlist plan          {seconds:.2f} s, {megabytes:.0f} MB at its peak")
print(f"Python csv, read only  {reading:.2f} s")
print(f"ratio                  {seconds / reading:.1f}")
scale = max(rows / 10_000, 1)
if seconds > 2 * scale or megabytes > 200 * scale:
    sys.exit("beyond the bounds: 2 s and 200 MB for 10,000 rows")
PYTHON
