#!/usr/bin/env bash
# Measures the speed and peak memory of `shotlist plan` for a sheet, the time in which Python's csv module reads the same
# file in the same run, and the time between reading the last of 10,000 products and the first output of their plan.
#
#     benches/plan.sh            10,000 rows
#     benches/plan.sh 1000000    another number of rows
#
# Needs python3. Figures are the best of three. The script fails beyond its bounds: 50,000 rows a second, 256 MiB, and
# 100 ms to the first output.
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

mkdir "$folder/piped"
sed 's/products.csv/"-"/' "$folder/shotlist.yaml" > "$folder/piped/shotlist.yaml"

python3 - "$rows" "$folder" "$program" <<'PYTHON'
import csv, io, os, subprocess, sys, time

rows, folder, program = int(sys.argv[1]), sys.argv[2], sys.argv[3]
FASTEST, LARGEST, SOONEST, PIPED = 50_000, 256, 100, 10_000
colors = ["mustard", "petrol", "cherry", "sage", "indigo", "walnut", "cream"]


def sheet(file, rows):
    writer = csv.writer(file)
    writer.writerow(["id", "title", "description", "color", "price", "stock", "image", "note"])
    for row in range(rows):
        writer.writerow([
            f"{row:06}", f"Desk lamp no. {row}", f"Bends where you read, with {row % 9 + 1} joints; steel, cable 1.8 m.",
            colors[row % len(colors)], f"{row % 90 + 9}.90", row % 50, f"https://example.com/pictures/{row:06}.png",
            f'pallet {row % 40}, "{row % 7}" left, ask at the gate',
        ])


products = os.path.join(folder, "products.csv")
with open(products, "w", newline="", encoding="utf-8") as file:
    sheet(file, rows)


def plan():
    began = time.perf_counter()
    child = subprocess.Popen([program, "plan"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    words = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    took = time.perf_counter() - began
    if status != 0:
        sys.exit(f"plan failed: {words.decode()}")
    # Linux counts in KiB, macOS in bytes.
    return took, usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def read():
    began = time.perf_counter()
    with open(products, newline="", encoding="utf-8") as file:
        count = sum(1 for _ in csv.DictReader(file))
    assert count == rows
    return time.perf_counter() - began


def first_output(text):
    """From the end of the pipe to the first byte of the table."""
    child = subprocess.Popen([program, "plan"], cwd=os.path.join(folder, "piped"), stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    child.stdin.write(text)
    child.stdin.close()
    began = time.perf_counter()
    child.stdout.read(1)
    took = time.perf_counter() - began
    child.stdout.read()
    child.wait()
    return took


text = io.StringIO(newline="")
sheet(text, PIPED)
text = text.getvalue().encode()
plans = [plan() for _ in range(3)]
seconds, mebibytes = min(took for took, _ in plans), max(memory for _, memory in plans)
reading = min(read() for _ in range(3))
waiting = min(first_output(text) for _ in range(3)) * 1000
print(f"sheet                  {rows} rows, {os.path.getsize(products) / 1e6:.1f} MB")
print(f"shotlist plan          {seconds:.2f} s, {rows / seconds:.0f} rows/s, {mebibytes:.0f} MiB at its peak")
print(f"Python csv, read only  {reading:.2f} s")
print(f"ratio                  {seconds / reading:.1f}")
print(f"first output           {waiting:.0f} ms after the last of {PIPED} rows")
if rows / seconds < FASTEST or mebibytes > LARGEST or waiting > SOONEST:
    sys.exit(f"beyond the bounds: {FASTEST} rows/s, {LARGEST} MiB, {SOONEST} ms")
PYTHON
