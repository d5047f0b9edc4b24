#!/usr/bin/env python3
"""Measures the speed and peak memory of the reader of each format, and the time in which Python reads the same file in
the same run. Ratios are those of processor time, which other programs on the machine hardly change.

    benches/readers.py                    200,000 products
    benches/readers.py 1000 csv xml       another number, of these formats only

Needs the release build of the program, and openpyxl and lxml for Python. Figures are the best of three. The script
fails beyond its bounds: `catalog` takes at most three times as long as Python, and `plan` of a sheet, whose items are
planned while it is read, at most 256 MiB.
"""
import csv, json, os, subprocess, sys, tempfile, time, zipfile
from xml.sax.saxutils import escape

import openpyxl
from lxml import etree

SLOWEST, LARGEST, STREAMED = 3, 256, ["csv", "xlsx"]
NAMES = ["id", "title", "description", "color", "size", "material", "price", "stock", "brand", "category", "image",
         "note"]
COLORS = ["mustard", "petrol", "cherry", "sage", "indigo", "walnut", "cream"]
MANIFEST = """version: 1
project: bench
items: { from: products.%s }
shots:
  hero:
    model: zai/vidu2-image
    image: "{{ item.image }}"
    prompt: "{{ item.title }} in {{ item.color }}: {{ item.description }} The camera moves in slowly."
    motion: small
output: "clips/{{ item.id }}/{{ shot }}.mp4"
"""
PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "target", "release", "shotlist")


def products(count):
    for row in range(count):
        yield [
            f"{row:06}", f"Desk lamp no. {row}", f"Bends where you read, with {row % 9 + 1} joints; steel, cable 1.8 m.",
            COLORS[row % len(COLORS)], f"{row % 40 + 20} cm", "steel & oak", f"{row % 90 + 9}.90", str(row % 50),
            "Nordlicht", "Lamps > Desk lamps", f"https://example.com/pictures/{row:06}.png",
            f'pallet {row % 40}, "{row % 7}" left, ask at the gate',
        ]


def write_csv(path, count):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(NAMES)
        writer.writerows(products(count))


def write_json(path, count):
    with open(path, "w", encoding="utf-8") as file:
        records = ",\n".join(json.dumps(dict(zip(NAMES, row))) for row in products(count))
        file.write('{"products":[\n' + records + "\n]}\n")


def write_xml(path, count):
    with open(path, "w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<shop>\n')
        for row in products(count):
            cells = "".join(f"<{name}>{escape(cell)}</{name}>" for name, cell in zip(NAMES, row))
            file.write(f"<item>{cells}</item>\n")
        file.write("</shop>\n")


def write_xlsx(path, count):
    """Writes a workbook with its texts in a separate table, as Excel does."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    texts = {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        book.writestr("[Content_Types].xml", f"""<Types xmlns="{package}/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/>
<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}.sharedStrings+xml"/></Types>""")
        book.writestr("_rels/.rels", f"""<Relationships xmlns="{package}/relationships">
<Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>""")
        book.writestr("xl/workbook.xml", f"""<workbook xmlns="{main}" xmlns:r="{office}">
<sheets><sheet name="Products" sheetId="1" r:id="rId1"/></sheets></workbook>""")
        book.writestr("xl/_rels/workbook.xml.rels", f"""<Relationships xmlns="{package}/relationships">
<Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="rId2" Type="{office}/sharedStrings" Target="sharedStrings.xml"/></Relationships>""")
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'<worksheet xmlns="{main}"><sheetData>'.encode())
            rows = [NAMES]
            rows.extend(products(count))
            for number, row in enumerate(rows, 1):
                cells = "".join(f'<c r="{chr(65 + at)}{number}" t="s"><v>{texts.setdefault(cell, len(texts))}</v></c>'
                                for at, cell in enumerate(row))
                sheet.write(f'<row r="{number}">{cells}</row>'.encode())
            sheet.write(b"</sheetData></worksheet>")
        with book.open("xl/sharedStrings.xml", "w") as file:
            file.write(f'<sst xmlns="{main}" uniqueCount="{len(texts)}">'.encode())
            for text in texts:
                file.write(f"<si><t>{escape(text)}</t></si>".encode())
            file.write(b"</sst>")


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as file:
        return sum(1 for _ in csv.DictReader(file))


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return len(json.load(file)["products"])


def read_xml(path):
    count = 0
    for _, item in etree.iterparse(path, tag="item"):
        count += len({value.tag: value.text for value in item}) == len(NAMES)
        item.clear()
        while item.getprevious() is not None:
            del item.getparent()[0]
    return count


def read_xlsx(path):
    book = openpyxl.load_workbook(path, read_only=True)
    return sum(1 for _ in book.active.iter_rows(values_only=True)) - 1


FORMATS = {"csv": (write_csv, read_csv), "xlsx": (write_xlsx, read_xlsx), "json": (write_json, read_json),
           "xml": (write_xml, read_xml)}


def run(folder, *words):
    """Returns the seconds, the processor seconds, and the peak memory in MiB."""
    began = time.perf_counter()
    child = subprocess.Popen([PROGRAM, *words], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    took = time.perf_counter() - began
    if status != 0:
        sys.exit(f"{' '.join(words)} failed: {said.decode()}")
    # Linux counts in KiB, macOS in bytes.
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def best(folder, *words):
    runs = [run(folder, *words) for _ in range(3)]
    took, busy, memory = zip(*runs)
    return min(took), min(busy), max(memory)


def timed(read, path, count):
    began = time.process_time()
    assert read(path) == count
    return time.process_time() - began


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    beyond = []
    print(f"{count} products with {len(NAMES)} values each; seconds, products a second, MiB at the peak")
    print(f"{'':6}{'MB':>6}{'Python':>9}{'catalog':>10}{'a second':>10}{'MiB':>6}{'ratio':>7}"
          f"{'plan':>10}{'a second':>10}{'MiB':>6}{'ratio':>7}")
    for ending in sys.argv[2:] or FORMATS:
        write, read = FORMATS[ending]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, f"products.{ending}")
            write(path, count)
            with open(os.path.join(folder, "shotlist.yaml"), "w", encoding="utf-8") as file:
                file.write(MANIFEST % ending)
            reading = min(timed(read, path, count) for _ in range(3))
            line = f"{ending:6}{os.path.getsize(path) / 1e6:6.1f}{reading:9.2f}"
            for words in (["catalog", path], ["plan"]):
                seconds, busy, memory = best(folder, *words)
                line += f"{seconds:10.2f}{count / seconds:10.0f}{memory:6.0f}{busy / reading:7.1f}"
                is_plan = words == ["plan"]
                if memory > LARGEST if is_plan and ending in STREAMED else not is_plan and busy > SLOWEST * reading:
                    beyond.append(f"{words[0]} of {ending}")
            print(line, flush=True)
    if beyond:
        sys.exit(f"beyond the bounds ({SLOWEST} times the time of Python, {LARGEST} MiB): {', '.join(beyond)}")


if __name__ == "__main__":
    main()
