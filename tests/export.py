"""Exports of the sandbox in the hands of Python's own readers.

For each product file: a manifest, clips of the sandbox, `export sheet --all`, and then the copy is compared with the
original: all bytes that were there are there, and an independent reader finds the old columns with their old values and the
new ones in the rows of their products.

    tests/export.py --program target/debug/shotlist            every file of tests/fixtures/exports
    tests/export.py --program target/debug/shotlist FILE…      these files
"""

import argparse
import codecs
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import struct
import tempfile
import unicodedata
import zipfile
import zlib
from pathlib import Path

import openpyxl
from lxml import etree

HERE = Path(__file__).resolve().parent
NAMES = ["shotlist_status", "shotlist_file", "shotlist_url", "shotlist_error"]
BASE = "https://clips.example/a"
csv.field_size_limit(1 << 30)


class Wrong(Exception):
    """The copy is not what it must be."""


def check(truth, message):
    if not truth:
        raise Wrong(message)


def shotlist(program, folder, *words, expect=(0,)):
    environment = {**os.environ, "SHOTLIST_SANDBOX_CLIPS": "tiny", "NO_COLOR": "1"}
    ended = subprocess.run([program, *words], cwd=folder, env=environment, capture_output=True)
    if ended.returncode not in expect:
        raise Wrong(f"{words[0]} exits {ended.returncode}: {ended.stderr.decode(errors='replace')[-600:]}")
    return ended


def lines(data, encoding):
    """Physical lines without their ends, and the ends."""
    text = data.decode(encoding, errors="surrogateescape" if encoding.startswith("utf-8") else "replace")
    parts = re.split(r"(\r\n|\n|\r)", text)
    return parts[0::2], parts[1::2]


def python_encoding(name, data):
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16-le" if data.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
    return {"x-mac-cyrillic": "mac-cyrillic", "windows-874": "cp874"}.get(name.lower(), name)


def sheet(before, after, encoding, delimiter, items):
    encoding = python_encoding(encoding, before)
    (old, old_ends), (new, new_ends) = lines(before, encoding), lines(after, encoding)
    check(len(old) == len(new), f"{len(old)} lines became {len(new)}")
    check(old_ends == new_ends, "line ends differ")
    for number, (was, now) in enumerate(zip(old, new), 1):
        check(now.startswith(was), f"line {number} is another one: {was[:80]!r} {now[:80]!r}")
        check(now[len(was):] == "" or now[len(was)] == delimiter, f"line {number} goes on with {now[len(was):][:40]!r}")
    def read(parts, ends):
        text = "".join(line + end for line, end in zip(parts, ends + [""]))
        return [row for row in csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter) if row]
    was, now = read(old, old_ends), read(new, new_ends)
    check(len(was) == len(now), f"{len(was)} rows became {len(now)}")
    heads = [row for row in now if row[-4:] == NAMES]
    check(len(heads) == 1, f"{len(heads)} headers")
    width = len(heads[0])
    filled = {}
    for one, other in zip(was, now):
        check(other[: len(one)] == one, f"cells differ: {one[:3]}")
        if other is heads[0] or len(other) != width or other[-4:] == NAMES:
            continue
        if other[-4]:
            filled[other[-3]] = one
    check(set(filled) == set(items), f"{sorted(set(items) ^ set(filled))[:3]} are in one of both")
    composed = lambda cell: unicodedata.normalize("NFC", cell.strip("\ufeff\u200b\u2060 \t"))
    strange = [item for path, item in items.items() if item not in map(composed, filled[path])]
    return len(filled), strange


def workbook(before, after, items):
    old, new = zipfile.ZipFile(io.BytesIO(before)), zipfile.ZipFile(io.BytesIO(after))
    check(old.namelist() == new.namelist(), "other parts")
    changed = [name for name in old.namelist() if old.read(name) != new.read(name)]
    check(len(changed) == 1 and "sheet" in changed[0], f"parts that changed: {changed}")
    cells = lambda data: {
        sheet.title: {cell.coordinate: cell.value for row in sheet for cell in row if cell.value is not None}
        for sheet in openpyxl.load_workbook(io.BytesIO(data))
    }
    was, now = cells(before), cells(after)
    added = {}
    for name, values in now.items():
        for place, value in was[name].items():
            check(values[place] == value, f"{name} {place}: {value!r} became {values[place]!r}")
        added.update({place: value for place, value in values.items() if place not in was[name]})
    check([value for value in added.values()][:4] == NAMES, f"new cells begin with {list(added.values())[:4]}")
    files = {value for value in added.values() if str(value).endswith(".mp4") and "://" not in str(value)}
    check(files == set(items), f"{sorted(files ^ set(items))[:3]} are in one of both")
    return len(files), []


def elements(before, after, items):
    removed, count = re.subn(
        rb"\s*<(shotlist_(?:status|file|url|error))>[^<]*</\1>", b"", after
    ) if b"\x00" not in after else (None, 0)
    if removed is not None:
        check(removed == before, "bytes differ")
        check(count % 4 == 0, "not four elements a product")
    root = etree.fromstring(after, etree.XMLParser(huge_tree=True, recover=True))
    files = [element.text for element in root.iter() if etree.QName(element).localname == "shotlist_file"]
    check(set(files) - {None} == set(items), f"{sorted((set(files) - {None}) ^ set(items))[:3]} are in one of both")
    return len(set(files) - {None}), []


def objects(before, after, items):
    encoding = python_encoding("utf-8", before)
    text = after.decode(encoding)
    member = r'(\s*)"(?:%s)":\s?"(?:[^"\\]|\\.)*"' % "|".join(NAMES)
    removed, count = re.subn(r"(?:,|(?<=\{))" + member, "", text)
    check(removed == before.decode(encoding), "bytes differ")
    check(count % 4 == 0, "not four names an object")
    found = re.findall(r'"shotlist_file":\s?("(?:[^"\\]|\\.)*")', text)
    files = {json.loads(file) for file in found} - {""}
    check(files == set(items), f"{sorted(files ^ set(items))[:3]} are in one of both")
    for part in text.splitlines() if not is_document(text) else [text]:
        if part.strip():
            json.loads(part)
    return len(files), []


def is_document(text):
    try:
        json.loads(text)
        return True
    except ValueError:
        return False


def picture():
    """A grey picture of 1280x720 as PNG."""
    part = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    rows = (b"\x00" + b"\x80" * 1280) * 720
    head = struct.pack(">IIBBBBB", 1280, 720, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", zlib.compress(rows)) + part(b"IEND", b"")


def exported(program, file, flags):
    """Returns the number of rows with clips, and the clips whose rows do not show their id."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        copy = folder / file.name
        shutil.copyfile(file, copy)
        ended = shotlist(program, folder, "init", "--from", file.name, *flags, expect=(0, 4))
        if ended.returncode == 4:
            return None
        # Every row has its clip, whether or not its own picture can be had.
        (folder / "picture.png").write_bytes(picture())
        manifest = folder / "shotlist.yaml"
        written = manifest.read_text().replace('"{{ item.image }}"', "picture.png")
        manifest.write_text(re.sub(r"(?m)^budget:.*$", "budget: { run: 1000 }", written) + "\non_bad_item: skip\n")
        ran = shotlist(program, folder, "run", "--sandbox", "--yes", "--accept-changes", expect=(0, 3, 4))
        if ran.returncode == 4:
            return "no clip: " + ran.stderr.decode(errors="replace").strip().splitlines()[0][:110]
        shotlist(program, folder, "export", "sheet", "--all", "--sandbox", "--base-url", BASE)
        before = file.read_bytes()
        check(copy.read_bytes() == before, "the original was changed")
        root = folder / "sandbox"
        after = (root / f"{file.stem}.shotlist{file.suffix}").read_bytes()
        listed = shotlist(program, folder, "jobs", "--sandbox", "--csv").stdout.decode()
        rows = list(csv.DictReader(io.StringIO(listed, newline="")))
        paths = {folder / row["path"]: row["item"] for row in rows if row["path"]}
        items = {path.relative_to(root).as_posix(): item for path, item in paths.items() if path.is_file()}
        check(items, "no clip was made")
        about = json.loads(shotlist(program, folder, "catalog", file.name, *flags, "--json", expect=(0, 4)).stdout.splitlines()[-1])
        if before.startswith(b"PK"):
            return workbook(before, after, items)
        kind = about["written_as"]
        if kind.startswith("CSV"):
            delimiter = {"semicolon": ";", "tab": "\t", "bar": "|"}.get(kind[5:-1], ",")
            return sheet(before, after, about["encoding"], delimiter, items)
        return objects(before, after, items) if kind.startswith("JSON") else elements(before, after, items)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--flags", default="", help="flags of `init` and `catalog` for these files")
    parser.add_argument("files", nargs="*", type=Path)
    arguments = parser.parse_args()
    program = str(Path(arguments.program).resolve())
    truth = json.loads((HERE / "fixtures/exports/truth.json").read_text())
    files = arguments.files or sorted(
        file for file in (HERE / "fixtures/exports").iterdir() if file.name in truth
    )
    wrong = compared = rows = skipped = 0
    for file in files:
        flags = arguments.flags.split() if arguments.files else truth[file.name].get("fix", [])
        try:
            found = exported(program, file, flags)
        except Wrong as error:
            print(f"{file.name}: {error}", flush=True)
            wrong += 1
            continue
        if found is None or isinstance(found, str):
            print(f"{file.name}: no copy, {found or 'init refuses the file'}")
            skipped += 1
            continue
        compared += 1
        rows += found[0]
        if arguments.verbose:
            print(f"{file.name}: {found[0]} rows with clips")
        if found[1]:
            print(f"{file.name}: {len(found[1])} rows do not show the id of their clip: {found[1][:3]}")
    print(f"{compared} copies, {rows} rows with clips, {skipped} without a copy, {wrong} wrong")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
