"""Exports of the sandbox in the hands of Python's own readers.

For each product file: a manifest, clips of the sandbox, `export sheet --all`, and then the copy is compared with the
original: all bytes that were there are there, and an independent reader finds the old columns with their old values and the
new ones in the rows of their products. Then every other form is written and read again: its header, its rows, the ids against
what `tests/fixtures/exports/truth.json` says of the file, and each address against the clip that it leads to.

    tests/export.py --program target/debug/shotlist            every file of tests/fixtures/exports
    tests/export.py --program target/debug/shotlist FILE…      these files
"""

import argparse
import codecs
import csv
import hashlib
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
import urllib.parse
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openpyxl
from lxml import etree

HERE = Path(__file__).resolve().parent
NAMES = ["shotlist_status", "shotlist_file", "shotlist_url", "shotlist_error"]
BASE = "https://clips.example/a,b"
# Google takes clips of 6 to 240 s with 720 lines. Whole clips take time: every 24th file gets them.
WHOLE_EVERY = 24
MODEL = "zai/cogvideox-3\n    duration: 10\n    size: 1280x720"
INDEX = "key handle sku shot file poster url sha256 bytes width height seconds model cost_usd state decision verdict digital_source_type".split()
WHOLE = ".whole"
csv.field_size_limit(1 << 30)


class Wrong(Exception):
    """The copy is not what it must be."""


def check(truth, message):
    if not truth:
        raise Wrong(message)


def is_whole(folder):
    """Whether the clips of this folder are as large as real ones."""
    return str(folder).endswith(WHOLE)


def shotlist(program, folder, *words, expect=(0,)):
    clips = "whole" if is_whole(folder) else "tiny"
    environment = {**os.environ, "SHOTLIST_SANDBOX_CLIPS": clips, "NO_COLOR": "1"}
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


def written(program, folder, form, *words, expect=(0,)):
    """The text of the first file of an export; None where the form refuses the products."""
    ended = shotlist(program, folder, "export", form, "--all", "--sandbox", *words, expect=expect)
    if ended.returncode != 0:
        return None
    path = folder / ended.stdout.decode().splitlines()[0]
    return path.read_bytes().decode("utf-8") if path.is_file() else path


def table(text, delimiter, names, ids):
    """The rows of a feed by their ids."""
    check("\r" not in text and text.endswith("\n"), "line ends")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    check(rows[0] == names, f"the header is {rows[0]}")
    check(all(len(row) == len(names) for row in rows), "rows of several widths")
    found = [row[0] for row in rows[1:]]
    check(len(set(found)) == len(found), "an id stands twice")
    if ids is not None:
        check(sorted(found) == sorted(ids), f"ids {sorted(set(found) ^ set(ids))[:4]} are in one of both")
    return rows[1:]


def clips_of(addresses, clips):
    """Checks that every address is plain and leads to a clip of the run."""
    for address in addresses:
        check(address.isascii() and len(address) <= 2000, f"address {address[:80]!r}")
        check("," not in address and address.startswith(BASE.replace(",", "%2C") + "/"), f"address {address!r}")
        path = urllib.parse.unquote(address)[len(BASE) + 1 :]
        check(path in clips, f"no clip at {address!r}")
    return len(addresses)


def feeds(program, folder, clips, offers):
    """Writes the forms other than the sheet, reads them again, and returns the number of their rows."""
    feed = written(program, folder, "google", "--base-url", BASE, expect=(0,) if is_whole(folder) else (3,))
    google = table(feed, "\t", ["id", "video_link"], offers) if feed else []
    addresses = [row[1].split(",") for row in google]
    check(all(0 < len(of_one) <= 10 for of_one in addresses), "clips of a product")
    clips_of([address for of_one in addresses for address in of_one], clips)
    meta = table(written(program, folder, "meta", "--base-url", BASE), ",", ["id", "video[0].url", "video[0].tag[0]"], offers)
    clips_of([row[1] for row in meta], clips)
    check({urllib.parse.unquote(row[1])[len(BASE) + 1 :] for row in meta} == set(clips), "a clip is in no row")
    check(all(row[2] == "hero" for row in meta), "the tag is not the shot")
    check(not google or [row[:2] for row in google] == [row[:2] for row in meta], "Meta and Google differ")

    index_csv = list(csv.reader(io.StringIO(written(program, folder, "index", "--base-url", BASE), newline="")))
    index = json.loads((folder / "sandbox/index.json").read_text("utf-8"))
    check(index["schema"] == "shotlist.index/1" and index["sandbox"] is True, "the head of index.json")
    check(index_csv[0] == INDEX and all(list(clip) == INDEX for clip in index["clips"]), "the names of the index")
    check(len(index_csv) - 1 == len(index["clips"]) == len(clips), "the rows of the index")
    for row, clip in zip(index_csv[1:], index["clips"]):
        values = ["" if value is None else str(value) for value in clip.values()]
        check([cell.removeprefix("'") for cell in row] == [value.removeprefix("'") for value in values], f"{row} is not {values}")
        data = (folder / "sandbox" / clip["file"]).read_bytes()
        check((hashlib.sha256(data).hexdigest(), len(data)) == (clip["sha256"], clip["bytes"]), f"the bytes of {clip['file']}")
        check(clips[clip["file"]].removeprefix("'") == clip["key"].removeprefix("hero/").removeprefix("'"), f"the key of {clip['file']}")
    handles = {clip["handle"] for clip in index["clips"]}

    skus = [clip["sku"] for clip in index["clips"] if clip["sku"]]
    shop = written(program, folder, "woocommerce", "--base-url", BASE, expect=(0, 4))
    check((shop is None) == (not skus), "a list for WooCommerce without SKUs, or none with them")
    woo = table(shop, ",", ["SKU", "Meta: shotlist_video"], skus) if shop else []
    clips_of([row[1] for row in woo], clips)

    shopify = written(program, folder, "shopify")
    rows = list(csv.reader(io.StringIO((shopify / "files.csv").read_text("utf-8"), newline="")))
    check(rows[0] == ["handle", "file", "alt"] and len(rows) - 1 == len(clips), "files.csv")
    check({row[0] for row in rows[1:]} == handles, "the handles of files.csv")
    check(all(re.fullmatch(r"[A-Za-z0-9._-]+", row[1]) and (shopify / row[1]).is_file() for row in rows[1:]), "names of files")
    media = [json.loads(line) for line in (shopify / "media.jsonl").read_text("utf-8").splitlines()]
    check({line["handle"] for line in media} == handles and len(media) == len(handles), "the handles of media.jsonl")
    sources = [entry["originalSource"] for line in media for entry in line["media"]]
    check(sorted(sources) == sorted(row[1] for row in rows[1:]), "the files of media.jsonl")
    check(all(entry["mediaContentType"] == "VIDEO" for line in media for entry in line["media"]), "kinds of media")
    check(all(line["product"]["id"] is None or line["product"]["id"].startswith("gid://shopify/Product/") or not line["product"]["id"].isdigit() for line in media), "ids of products")
    return len(google) + len(meta) + len(woo) + len(index_csv) - 1 + len(rows) - 1


def exported(program, file, flags, known, whole):
    """Returns the number of rows with clips, the clips whose rows do not show their id, and the rows of the other forms."""
    with tempfile.TemporaryDirectory(suffix=WHOLE if whole else "") as folder:
        folder = Path(folder)
        copy = folder / file.name
        shutil.copyfile(file, copy)
        ended = shotlist(program, folder, "init", "--from", file.name, *flags, expect=(0, 4))
        if ended.returncode == 4:
            return None
        # Every row has its clip, whether or not its own picture can be had.
        (folder / "picture.png").write_bytes(picture())
        manifest = folder / "shotlist.yaml"
        text = manifest.read_text().replace('"{{ item.image }}"', "picture.png")
        text = re.sub(r"(?m)(^    model: ).*$", lambda found: found[1] + MODEL, text)
        manifest.write_text(re.sub(r"(?m)^budget:.*$", "budget: { run: 1000 }", text) + "\non_bad_item: skip\n")
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
        found = same(program, folder, file, flags, before, after, items)
        return *found, feeds(program, folder, items, offers(known, items.values()))


def offers(known, items):
    """The ids of a feed with these items, from what is known of the file; None where nothing is."""
    of = {kind: sorted(row[0] for row in known.get(kind, [])) for kind in ("product", "variant")}
    return of["variant"] if of["variant"] and sorted(items) in of.values() else None


def same(program, folder, file, flags, before, after, items):
    """Compares the copy of a file with the file."""
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
    wrong = compared = rows = skipped = fed = 0
    def one(number, file):
        try:
            if arguments.files:
                return exported(program, file, arguments.flags.split(), {}, whole=False)
            known = truth[file.name]
            return exported(program, file, known.get("fix", []), known, whole=number % WHOLE_EVERY == 0)
        except Wrong as error:
            return error

    # The sandbox takes its time to render: several files wait at once.
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(one, range(len(files)), files))
    for file, found in zip(files, answers):
        if isinstance(found, Wrong):
            print(f"{file.name}: {found}", flush=True)
            wrong += 1
            continue
        if found is None or isinstance(found, str):
            print(f"{file.name}: no copy, {found or 'init refuses the file'}")
            skipped += 1
            continue
        compared += 1
        rows += found[0]
        fed += found[2]
        if arguments.verbose:
            print(f"{file.name}: {found[0]} rows with clips")
        if found[1]:
            print(f"{file.name}: {len(found[1])} rows do not show the id of their clip: {found[1][:3]}")
    print(f"{compared} copies, {rows} rows with clips, {fed} rows of feeds and indexes, {skipped} without a copy, {wrong} wrong")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
