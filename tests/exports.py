#!/usr/bin/env python3
"""Reads the fixtures of tests/fixtures/exports with Python's own readers, and compares the program with that.

    python3 tests/exports.py                   # truth.json is what this file reads
    python3 tests/exports.py --write           # writes truth.json
    python3 tests/exports.py --program PATH    # the program plans the same pictures and titles

Needs openpyxl and lxml. Nothing here knows how the program reads: which column is which is written down below for each
fixture, and the rows come from csv, json, openpyxl and lxml.
"""

import argparse
import csv
import html
import io
import json
import re
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path
from urllib.parse import unquote

import openpyxl
from lxml import etree

HERE = Path(__file__).resolve().parent / "fixtures" / "exports"
TRUTH = HERE / "truth.json"
PENDING = HERE / "pending.txt"
MODES = ("product", "variant")


# Rows, as Python's libraries see them.


def text(name, codec="utf-8-sig"):
    """Returns the text of a fixture."""
    return (HERE / name).read_bytes().decode(codec)


def table(name, codec="utf-8-sig", delimiter=",", skip=0, bare=False):
    """Returns the rows of a sheet as dictionaries; of columns with one name the first counts."""
    lines = io.StringIO(text(name, codec), newline="")
    quoting = csv.QUOTE_NONE if bare else csv.QUOTE_MINIMAL
    rows = list(csv.reader(lines, delimiter=delimiter, quoting=quoting))[skip:]
    header = [cell.strip() for cell in rows[0]]
    for row in rows[1:]:
        assert len(row) <= len(header), (name, row)
    return [dict(reversed(list(zip(header, row)))) for row in rows[1:] if any(cell.strip() for cell in row)]


def workbook(name, sheet=0, skip=0):
    """Returns the visible rows of a workbook's sheet; a number has the digits that its format makes."""
    book = openpyxl.load_workbook(HERE / name, rich_text=True)
    page = book.worksheets[sheet]
    shown = [row for row in page.iter_rows() if not page.row_dimensions[row[0].row].hidden]

    def cell(it):
        if it.value is None:
            return ""
        if re.fullmatch("0+", it.number_format) and isinstance(it.value, int):
            return str(it.value).zfill(len(it.number_format))
        return str(it.value)

    header, *rows = [[cell(it) for it in row] for row in shown[skip:]]
    return [dict(reversed(list(zip(header, row)))) for row in rows]


def elements(name, path, **namespaces):
    """Returns the elements of an XML document."""
    # Feeds name entities of HTML that no document type of theirs declares.
    raw = (HERE / name).read_bytes()
    known = {"amp", "lt", "gt", "quot", "apos"}

    def plain(entity):
        word = entity[1].decode()
        return entity[0] if word in known else html.unescape(f"&{word};").encode()

    return etree.fromstring(re.sub(rb"&([A-Za-z]+);", plain, raw)).findall(path, namespaces)


def first(element, path, **namespaces):
    """Returns the text of the first element of that path."""
    return (element.findtext(path, "", namespaces) or "").strip()


# Products, by the rules of the systems that write such files.


def truth(products, left_out, **modes):
    return {"products": products, "left_out": left_out, **modes}


def grouped(rows, key, title, pictures, *, ident=None, is_variant=None, out=None, gone=None, variant=None, face=False):
    """Returns the truth of rows that belong together by a key.

    `out` gives the reason for which a product is left out by its first row, `gone` that of a variant by its own row.
    With `face` the first variant that is there speaks for the product.
    """
    is_variant = is_variant or (lambda row: True)
    out, gone = out or (lambda row: ""), gone or (lambda row: "")
    groups = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    made, variants, left_out = [], [], {}
    for group, members in groups.items():
        head = members[0]
        parts = [row for row in members if is_variant(row)] or [head]
        shown = [row for row in parts if not gone(row)]
        reason = out(head) or ("" if shown else gone(parts[0]))
        every = [picture for row in members for picture in pictures(row)]
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
            continue
        speaker = shown[0] if face else head
        picture = (pictures(speaker) or every or [""])[0] if face else (every or [""])[0]
        made.append([ident(head) if ident else group, title(speaker), picture])
        for row in shown if variant else []:
            name, words, own = variant(head, row)
            variants.append([name, words, own or (every or [""])[0]])
    modes = {"product": made} | ({"variant": variants} if variant else {})
    return truth(len(groups), left_out, **modes)


def each(rows, ident, title, picture, out=None):
    """Returns the truth of rows that are products each; the arguments are names of columns or functions."""
    take = lambda what: what if callable(what) else lambda row: row[what].strip()
    ident, title, picture = take(ident), take(title), take(picture)
    pictures = lambda row: [picture(row)] if picture(row) else []
    return grouped(rows, ident, title, pictures, out=out)


def split(cell, marks):
    """Returns the parts of a cell."""
    return [part.strip() for part in re.split(marks, cell) if part.strip()]


def when(column, reasons):
    """Returns a rule: the reason for the value of that column, if it has one."""
    return lambda row: reasons.get(row[column].strip(), "")


# WooCommerce: the headers of each translation, and Parent names the SKU of the product of a variation.

WOO = {
    "en": "Type|SKU|Name|Published|In stock?|Images|Parent|ID",
    "de": "Typ|Artikelnummer|Name|Veröffentlicht|Vorrätig?|Bilder|Übergeordnetes Produkt|ID",
    "fr": "Type|UGS|Nom|Publié|En stock ?|Images|Parent|ID",
    "es": "Tipo|SKU|Nombre|Publicado|¿Existencias?|Imágenes|Principal|ID",
    "it": "Tipo|COD|Nome|Pubblicato|In stock?|Immagine|Genitore|ID",
    "nl": "Type|SKU|Naam|Gepubliceerd|Op voorraad?|Afbeeldingen|Hoofd|ID",
    "pl": "Typ|SKU|Nazwa|Opublikowano|W magazynie?|Obrazki|Element nadrzędny|ID",
    "pt": "Tipo|SKU|Nome|Publicado|Em estoque?|Imagens|Ascendente|ID",
    "ru": "Тип|Артикул|Имя|Опубликован|Наличие|Изображения|Родительский|ID",
}


def woo(rows, language):
    kind, sku, name, published, stock, images, parent, number = WOO[language].split("|")
    # The exporter writes an apostrophe before what a spreadsheet takes for a formula.
    bare = lambda cell: cell[1:] if re.match("'[=+@-]", cell) else cell
    ident = lambda row: bare(row[sku]) or row[number]
    pictures = lambda row: split(row[images], r",\s*")

    def out(row):
        draft = {"-1": "draft", "0": "private", "FALSCH": "private"}.get(row[published], "")
        return "grouped product" if row[kind] == "grouped" else draft

    return grouped(
        rows, lambda row: row[parent] or ident(row), lambda row: bare(row[name]), pictures,
        is_variant=lambda row: row[kind] == "variation", out=out,
        gone=lambda row: "sold out" if row[stock] in ("0", "FALSCH") else "",
        variant=lambda head, row: (ident(row), bare(row[name]), (pictures(row) or [""])[0]))


# Shopify: an empty title continues the product above, a SKU makes a variant.


def shopify(name, handle, sku, option, image, own, status, published, quantity, policy, tracker):
    rows = table(name)
    title = lambda row: next(it["Title"] for it in rows if it[handle] == row[handle] and it["Title"])

    def out(row):
        state = {"draft": "draft", "archived": "archived"}.get(row[status].lower(), "")
        return state or ("not published" if row[published].lower() == "false" else "")

    def gone(row):
        return "sold out" if row[tracker] and int(row[quantity]) <= 0 and row[policy].lower() == "deny" else ""

    return grouped(
        rows, lambda row: row[handle], title, lambda row: split(row[image], r"\s"),
        is_variant=lambda row: bool(row[option]), out=out, gone=gone,
        variant=lambda head, row: (row[sku], head["Title"], row[own]))


def shopify_json(products, pictures, skus, status=lambda product: ""):
    made, variants, left_out = [], [], {}
    for product in products:
        if status(product) in ("draft", "archived"):
            left_out[status(product)] = left_out.get(status(product), 0) + 1
            continue
        made.append([product["handle"], product["title"], pictures(product)[0]])
        variants += [[sku, product["title"], pictures(product)[0]] for sku in skus(product)]
    return truth(len(products), left_out, product=made, variant=variants)


def shopify_lists(name):
    return shopify_json(
        json.loads(text(name))["products"], lambda it: [image["src"] for image in it["images"]],
        lambda it: [variant["sku"] for variant in it["variants"]], lambda it: it.get("status", ""))


def shopify_graphql(name):
    nodes = lambda connection: [edge["node"] for edge in connection["edges"]]
    return shopify_json(
        nodes(json.loads(text(name))["data"]["products"]), lambda it: [image["url"] for image in nodes(it["images"])],
        lambda it: [variant["sku"] for variant in nodes(it["variants"])], lambda it: it["status"].lower())


# Others with rows that belong together.


def continued(rows, column):
    """Gives rows that leave this column empty the value of the row above."""
    last = ""
    for row in rows:
        last = row["#key"] = row[column].strip() or last
    return rows


def bigcommerce():
    rows = continued([dict(row, own=row["ID"] if row["Item"] == "Product" else "") for row in table("bigcommerce.csv")], "own")
    return grouped(
        rows, lambda row: row["#key"], lambda row: row["Name"],
        lambda row: split(row["Internal Image URL (Export)"], r"\s") if row["Item"] == "Image" else [],
        ident=lambda row: row["SKU"], is_variant=lambda row: row["Item"] == "Variant", out=when("Is Visible", {"FALSE": "hidden"}))


def bigcommerce_v2():
    rows = [row for row in table("bigcommerce-v2.csv") if row["Item Type"] == "Product"]
    return each(rows, "Product Code/SKU", "Product Name", "Product Image URL - 1", when("Product Visible?", {"N": "hidden"}))


def magento():
    rows = [row for row in table("magento.csv") if not row["store_view_code"]]
    children = set(re.findall("sku=([^,|]+)", " ".join(row["configurable_variations"] for row in rows)))

    def out(row):
        reason = {"downloadable": "download"}.get(row["product_type"], "")
        reason = reason or {"2": "disabled"}.get(row["product_online"], "")
        return reason or {"0": "sold out"}.get(row["is_in_stock"], "")

    return each([row for row in rows if row["sku"] not in children], "sku", "name", "base_image", out)


def shopware():
    rows = table("shopware.csv", delimiter=";")
    return each([row for row in rows if not row["parent_id"]], "product_number", "name", "cover_media_url", when("active", {"0": "inactive"}))


def wix():
    return grouped(
        table("wix.csv"), lambda row: row["handleId"], lambda row: row["name"], lambda row: split(row["productImageUrl"], ";"),
        is_variant=lambda row: row["fieldType"] == "Variant", out=when("visible", {"FALSE": "hidden"}),
        gone=when("inventory", {"OutOfStock": "sold out"}), variant=lambda head, row: (row["sku"], head["name"], ""))


def squarespace():
    return grouped(
        continued(table("squarespace.csv"), "Product URL"), lambda row: row["#key"], lambda row: row["Title"],
        lambda row: split(row["Hosted Image URLs"], r"\s"), out=when("Visible", {"No": "hidden"}),
        variant=lambda head, row: (row["SKU"], head["Title"], ""))


def tiendanube():
    return grouped(
        table("tiendanube.csv", "latin-1", ";"), lambda row: row["Identificador de URL"], lambda row: row["Nombre"],
        lambda row: split(row["Imágenes"], r"\s"), out=when("Mostrar en tienda", {"NO": "hidden"}),
        variant=lambda head, row: (row["SKU"], head["Nombre"], ""))


def vend():
    return grouped(
        table("vend.csv"), lambda row: row["handle"], lambda row: row["name"], lambda row: split(row["image_url"], r"\s"),
        gone=when("active", {"0": "inactive"}), variant=lambda head, row: (row["sku"], row["name"], row["image_url"]))


def square():
    return grouped(
        table("square.csv"), lambda row: row["Reference Handle"], lambda row: row["Item Name"],
        lambda row: split(row["Image URL"], r"\s"), out=when("Archived", {"Y": "archived"}),
        variant=lambda head, row: (row["SKU"], head["Item Name"], ""))


def lightspeed():
    return grouped(
        table("lightspeed-ecom.csv", delimiter=";"), lambda row: row["NL_URL"], lambda row: row["NL_Title_Short"],
        lambda row: split(row["Images"], ","), out=when("Visible", {"N": "hidden"}),
        variant=lambda head, row: (row["SKU"], head["NL_Title_Short"], ""))


def shoptet():
    return grouped(
        table("shoptet.csv", "cp1250", ";"), lambda row: row["pairCode"] or row["code"], lambda row: row["name"],
        lambda row: split(row["defaultImage"], r"\s"), out=when("productVisibility", {"hidden": "hidden"}),
        variant=lambda head, row: (row["code"], row["name"], ""))


def amazon_flat():
    rows = table("amazon-flat.txt", delimiter="\t", skip=2, bare=True)
    return grouped(
        rows, lambda row: row["parent_sku"] or row["item_sku"], lambda row: row["item_name"],
        lambda row: split(row["main_image_url"], r"\s"), is_variant=lambda row: row["parent_child"] == "child",
        variant=lambda head, row: (row["item_sku"], row["item_name"], row["main_image_url"]))


def ecwid():
    rows = [row for row in table("ecwid.csv") if row["type"] == "product"]
    return each(rows, "product_sku", "product_name", "product_media_main_image_url", when("product_is_available", {"false": "disabled"}))


# Feeds of Google and those that have taken over its names.

SOLD_OUT = {"out of stock": "sold out", "out_of_stock": "sold out", "nicht auf Lager": "sold out"}


def google(rows, group="item_group_id", ident="id", variants=True):
    return grouped(
        rows, lambda row: row.get(group, "") or row[ident], lambda row: row["title"], lambda row: split(row["image_link"], r"\s"),
        gone=when("availability", SOLD_OUT), face=True,
        variant=(lambda head, row: (row[ident], row["title"], row["image_link"])) if variants else None)


def google_xml(name, path, prefix):
    space = {prefix: "http://base.google.com/ns/1.0"}
    names = ("id", "title", "image_link", "availability", "item_group_id")
    rows = [{key: first(item, f"{prefix}:{key}", **space) for key in names} for item in elements(name, path)]
    return google(rows)


def states():
    rows = table("states.tsv", delimiter="\t")
    there = ("in stock", "in_stock", "https://schema.org/InStock")
    return each(rows, "id", "title", "image_link", lambda row: "" if row["availability"] in there else "sold out")


def feed(name):
    """Returns the truth of a feed with a plain title and Google's other names; words that are encoded twice are decoded twice."""
    space = {"g": "http://base.google.com/ns/1.0"}
    rows = [{"id": first(item, "g:id", **space), "title": first(item, "title") or first(item, "g:title", **space),
             "image": first(item, "g:image_link", **space)} for item in elements(name, "channel/item")]
    return each(rows, "id", lambda row: html.unescape(row["title"]), lambda row: html.unescape(row["image"]))


def yandex():
    rows = [{"id": offer.get("id"), "name": first(offer, "name"), "picture": first(offer, "picture"), "available": offer.get("available")}
            for offer in elements("yandex.xml", "shop/offers/offer")]
    return each(rows, "id", "name", "picture", when("available", {"false": "sold out"}))


def heureka():
    rows = [{"id": first(item, "ITEM_ID"), "name": first(item, "PRODUCTNAME"), "picture": first(item, "IMGURL")}
            for item in elements("heureka.xml", "SHOPITEM")]
    return each(rows, "id", "name", "picture")


def yandex_groups():
    rows = [{"id": offer.get("id"), "item_group_id": offer.get("group_id", ""), "title": first(offer, "name"),
             "image_link": first(offer, "picture"), "availability": "" if offer.get("available") == "true" else "out of stock"}
            for offer in elements("yandex-groups.xml", "shop/offers/offer")]
    return google(rows)


def heureka_groups():
    names = {"id": "ITEM_ID", "item_group_id": "ITEMGROUP_ID", "title": "PRODUCTNAME", "image_link": "IMGURL"}
    rows = [{key: first(item, path) for key, path in names.items()} | {"availability": ""}
            for item in elements("heureka-groups.xml", "SHOPITEM")]
    return google(rows)


def shoptet_variants():
    made, variants = [], []
    for item in elements("shoptet-variants.xml", "SHOPITEM"):
        title, picture = first(item, "NAME"), first(item, "IMAGES/IMAGE")
        made.append([first(item, "CODE") or first(item, "GUID"), title, picture])
        codes = [first(variant, "CODE") for variant in item.findall("VARIANTS/VARIANT")] or [first(item, "CODE")]
        variants += [[code, title, picture] for code in codes]
    return truth(len(made), {}, product=made, variant=variants)


def woo_api():
    rows = [it | {"picture": it["images"][0]["src"]} for it in json.loads(text("woo-api.json"))]
    state = lambda it: {"draft": "draft"}.get(it["status"]) or {"outofstock": "sold out"}.get(it["stock_status"], "")
    return each(rows, "sku", "name", "picture", state)


def shoptet_xml():
    rows = [{"id": first(item, "CODE"), "name": first(item, "NAME"), "picture": first(item, "IMAGES/IMAGE"), "shown": first(item, "VISIBILITY")}
            for item in elements("shoptet.xml", "SHOPITEM")]
    return each(rows, "id", "name", "picture", when("shown", {"hidden": "hidden"}))


def jsonld():
    products = [it for it in json.loads(text("jsonld.json"))["@graph"] if it["@type"] == "Product"]
    rows = [{"id": it["sku"], "name": it["name"], "picture": it["image"] if isinstance(it["image"], str) else it["image"][0],
             "state": it["offers"]["availability"].rsplit("/")[-1]} for it in products]
    return each(rows, "id", "name", "picture", when("state", {"OutOfStock": "sold out"}))


# Plain files: the id, the title and the picture of each.

PLAIN = {
    "en": ("Item number", "Product name", "Photo"),
    "de": ("Artikelnummer", "Bezeichnung", "Bild"),
    "fr": ("Référence", "Désignation", "Photo principale"),
    "es": ("Código", "Nombre", "Imagen"),
    "it": ("Codice", "Nome prodotto", "Immagine"),
    "pt": ("Código", "Nome", "Imagem"),
    "nl": ("Artikelnummer", "Productnaam", "Afbeelding"),
    "pl": ("Kod produktu", "Nazwa", "Zdjęcie"),
    "cs": ("Kód", "Název", "Obrázek"),
    "sv": ("Artikelnummer", "Benämning", "Bild"),
    "ru": ("Артикул", "Наименование", "Фото"),
    "uk": ("Артикул", "Назва", "Зображення"),
}

# Sheets in other encodings: Python's codec and the WHATWG name of it, with the headers of title and picture.
ENCODED = {
    "gbk": ("gbk", "gbk", "Title", "Image"),
    "big5": ("big5", "big5", "Title", "Image"),
    "shift-jis": ("shift_jis", "shift_jis", "Title", "Image"),
    "euc-kr": ("euc_kr", "euc-kr", "Title", "Image"),
    "windows-1250": ("cp1250", "windows-1250", "Nazwa", "Zdjęcie"),
    "windows-1251": ("cp1251", "windows-1251", "Название", "Изображение"),
    "windows-1252": ("cp1252", "windows-1252", "Bezeichnung", "Bild"),
    "windows-1253": ("cp1253", "windows-1253", "Title", "Image"),
    "windows-1254": ("cp1254", "windows-1254", "Title", "Image"),
    "koi8-r": ("koi8_r", "koi8-r", "Название", "Изображение"),
    "utf-16le": ("utf_16", "utf-16le", "Название", "Изображение"),
    "utf-16be": ("utf_16", "utf-16be", "Bezeichnung", "Bild"),
}
# Those of which a sheet with one word is like another encoding's.
SHORT = ("gbk", "big5", "shift-jis", "euc-kr", "windows-1250", "windows-1251", "windows-1253", "windows-1254", "koi8-r")

COMMON = ("id", "title", "image")


def listed(name, marks):
    return each(table(name), "id", "name", lambda row: split(row["images"], marks)[0])


def refused(*words, fix=None, after=None):
    """A file that the program refuses with these words in its message, and reads with the flags of `fix`."""
    return {"refused": list(words)} | ({"fix": fix} if fix else {}) | (after or {})


def read():
    """Returns the truth of all fixtures by their names."""
    found = {f"woo-{language}.csv": woo(table(f"woo-{language}.csv"), language) for language in WOO}
    found |= {f"plain-{language}.csv": each(table(f"plain-{language}.csv", delimiter=";"), *columns) for language, columns in PLAIN.items()}
    for name, (codec, _, title, picture) in ENCODED.items():
        found[f"enc-{name}.csv"] = each(table(f"enc-{name}.csv", codec, ";"), "SKU", title, picture)
    for name in SHORT:
        codec, label, *_ = ENCODED[name]
        after = each(table(f"short-{name}.csv", codec), "sku", "title", "image")
        found[f"short-{name}.csv"] = refused("encoding", after["product"][0][1], fix=["--encoding", label], after=after)
    for name, marks in (("comma", ", "), ("semicolon", ";"), ("bar", r"\|"), ("space", " "), ("newline", "\n")):
        found[f"list-{name}.csv"] = listed(f"list-{name}.csv", marks)
    legacy = ("Variant Inventory Qty", "Variant Inventory Policy", "Variant Inventory Tracker")
    return found | {
        # One word with an accent of the commonest languages is certain enough.
        "short-windows-1252.csv": each(table("short-windows-1252.csv", "cp1252"), "sku", "title", "image"),
        "woo-resaved.csv": woo(table("woo-resaved.csv", delimiter=";"), "de"),
        "woo-apostrophe.csv": woo(table("woo-apostrophe.csv"), "en"),
        "shopify.csv": shopify(
            "shopify.csv", "URL handle", "SKU", "Option1 value", "Product image URL", "Variant image URL", "Status",
            "Published on online store", "Inventory quantity", "Continue selling when out of stock", "Inventory tracker"),
        "shopify-legacy.csv": shopify(
            "shopify-legacy.csv", "Handle", "Variant SKU", "Option1 Value", "Image Src", "Variant Image", "Status", "Published", *legacy),
        "matrixify.csv": shopify(
            "matrixify.csv", "Handle", "Variant SKU", "Option1 Value", "Image Src", "Variant Image", "Status", "Published", *legacy),
        "shopify-products.json": shopify_lists("shopify-products.json"),
        "shopify-admin.json": shopify_lists("shopify-admin.json"),
        "shopify-graphql.json": shopify_graphql("shopify-graphql.json"),
        "wix.csv": wix(),
        "squarespace.csv": squarespace(),
        "bigcommerce.csv": bigcommerce(),
        "bigcommerce-v2.csv": bigcommerce_v2(),
        "magento.csv": magento(),
        # A sheet of this system has commas in headers between semicolons.
        "prestashop-en.csv": each(
            table("prestashop-en.csv", delimiter=";"), "Reference #", "Name *",
            lambda row: split(row["Image URLs (x,y,z...)"], ",")[0], when("Active (0/1)", {"0": "disabled"})),
        "prestashop-fr.csv": each(
            table("prestashop-fr.csv", delimiter=";"), "Référence", "Nom *",
            lambda row: split(row["URL des images (x,y,z...)"], ",")[0], when("Actif (0/1)", {"0": "disabled"})),
        "opencart.csv": each(table("opencart.csv"), "sku", "name(en-gb)", "image_name", when("status", {"false": "disabled"})),
        "shopware.csv": shopware(),
        "lightspeed-ecom.csv": lightspeed(),
        "vend.csv": vend(),
        "square.csv": square(),
        "tiendanube.csv": tiendanube(),
        "etsy.csv": each(table("etsy.csv"), "SKU", "TITLE", "IMAGE1", when("QUANTITY", {"0": "sold out"})),
        "ebay.csv": each(table("ebay.csv", skip=3), "Custom label (SKU)", "Title", lambda row: split(row["Item photo URL"], r"\|")[0]),
        "prom-uk.csv": each(
            table("prom-uk.csv"), "Ідентифікатор_товару", "Назва_позиції",
            lambda row: split(row["Посилання_зображення"], ",")[0], when("Наявність", {"-": "sold out"})),
        "prom-ru.xlsx": each(
            workbook("prom-ru.xlsx"), "Идентификатор_товара", "Название_позиции",
            lambda row: split(row["Ссылка_изображения"], ",")[0], when("Наличие", {"-": "sold out"})),
        "amazon-listings.txt": each(
            table("amazon-listings.txt", delimiter="\t", bare=True), "seller-sku", "item-name", "image-url", when("status", {"Inactive": "inactive"})),
        "amazon-flat.txt": amazon_flat(),
        "meta.csv": google(table("meta.csv", skip=1)),
        "pinterest.csv": google(table("pinterest.csv")),
        "tiktok.csv": google(table("tiktok.csv"), ident="sku_id"),
        "google-group.tsv": google(table("google-group.tsv", delimiter="\t", bare=True)),
        "google-de.tsv": each(
            table("google-de.tsv", delimiter="\t"), "ID", "Titel", "Bildlink", when("Verfügbarkeit", SOLD_OUT)),
        "google-rss.xml": google_xml("google-rss.xml", "channel/item", "gmc"),
        "google-atom.xml": google_xml("google-atom.xml", "{http://www.w3.org/2005/Atom}entry", "g"),
        "states.tsv": states(),
        "heureka.xml": heureka(),
        "shoptet.csv": shoptet(),
        "shoptet.xml": shoptet_xml(),
        "shoptet-variants.xml": shoptet_variants(),
        "heureka-groups.xml": heureka_groups(),
        "yandex-groups.xml": yandex_groups(),
        "woo-api.json": woo_api(),
        "yandex.xml": yandex(),
        "jsonld.json": jsonld(),
        "odoo.csv": each(table("odoo.csv"), "default_code", "name", "image_url", when("sale_ok", {"False": "not for sale"})),
        "pandas.csv": each(table("pandas.csv"), "id", "name", "image_url"),
        "ecwid.csv": ecwid(),
        "brand-logo.csv": each(table("brand-logo.csv"), "id", "title", "picture_url"),
        "logo-as-image.csv": each(table("logo-as-image.csv"), "id", "name", "main_photo"),
        "list-json.csv": each(table("list-json.csv"), "id", "name", lambda row: json.loads(row["images"])[0]),
        "no-ending.csv": each(table("no-ending.csv"), "sku", "name", "image url"),
        "objects.json": each(json.loads(text("objects.json")), "id", "name", lambda it: it["images"][0]["src"]),
        "objects-original.json": each(
            json.loads(text("objects-original.json"))["data"]["items"], "sku", "title", lambda it: it["images"][0]["original"]),
        "lines.jsonl": each([json.loads(line) for line in text("lines.jsonl").splitlines()], *COMMON),
        "head-blank.csv": each(table("head-blank.csv", skip=3), *COMMON),
        "head-title.csv": each(table("head-title.csv", skip=3), "SKU", "Product name", "Image URL"),
        "head-sep.csv": each(table("head-sep.csv", delimiter=";", skip=1), *COMMON),
        "head-comments.csv": each(table("head-comments.csv", skip=2), *COMMON),
        "duplicate-columns.csv": each(table("duplicate-columns.csv"), *COMMON),
        "zero-width.csv": each(table("zero-width.csv"), lambda row: row["id"].strip("\u200b\u200e\ufeff"), "title", "image"),
        "entities.xml": feed("entities.xml"),
        "entities.csv": each(table("entities.csv"), "id", lambda row: html.unescape(row["title"]), "image"),
        "twice-encoded.xml": feed("twice-encoded.xml"),
        "xlsx-formats.xlsx": each(workbook("xlsx-formats.xlsx"), "SKU", "Title", "Image"),
        # Rows that a filter hides are counted apart from products that are left out.
        "xlsx-hidden.xlsx": each(workbook("xlsx-hidden.xlsx"), "SKU", "Title", "Image") | {"left_out": None, "told": ["hidden"]},
        "xlsx-rich.xlsx": each(workbook("xlsx-rich.xlsx"), "SKU", "Title", "Image"),
        "xlsx-second-sheet.xlsx": each(workbook("xlsx-second-sheet.xlsx", 1, 3), "SKU", "Product name", "Photo"),
        "text-only.csv": each(table("text-only.csv"), "id", "title", lambda row: ""),
        # No word of the product is known: the prompt must not name the number.
        "numbers-for-titles.csv": each(table("numbers-for-titles.csv"), "id", lambda row: "", "photo"),
        "own-elements.xml": each(
            [{key: first(good, key) for key in COMMON} for good in elements("own-elements.xml", "goods/good")], *COMMON),
        # Of two lists one has pictures.
        "two-lists.json": each(json.loads(text("two-lists.json"))["articles"], *COMMON),
        # Nothing of a plain file is left out, but what it says of its products is told.
        "plain-states.csv": each(table("plain-states.csv"), "sku", "nombre", "imagen") | {"told": ["agotado"]},
        "nfd.csv": each(table("nfd.csv"), *COMMON),
        "nfd-twice.csv": refused("row 3", "id"),
        "endings.csv": refused("avif", "mp4", "row 2"),
        "no-id.csv": refused(
            "columns", "Label", fix=["--column", "id=Label", "--column", "title=Label"],
            after=each(table("no-id.csv"), "Label", "Label", "Photo")),
        "empty-title.csv": refused("row 3", "title"),
        "xlsx-errors.xlsx": refused("row 3", "Title"),
        "closing-quote.csv": refused("row 3", "title"),
        "zero-width-inside.csv": refused("row 2", "id"),
    }


# The program.


def call(program, folder, *arguments):
    done = subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, env={"HOME": str(folder)}, check=False)
    return done.returncode, done.stdout, done.stderr


PROMPT = re.compile("Slow push-in on (.*), soft studio light, plain background", re.DOTALL)


def planned(program, folder, name, flags):
    """Returns what the program plans for a fixture, or its message: `init`, then `plan`."""
    code, out, err = call(program, folder, "init", "--force", "--from", name, *flags)
    if code:
        return None, out + err
    code, out, err = call(program, folder, "plan", "--sandbox", "--show-requests", "--json")
    if code:
        return None, out + err
    items = []
    for line in out.splitlines():
        job = json.loads(line)
        if "job" not in job:
            continue  # a warning or a note
        body = job["body"]
        words = PROMPT.fullmatch(body["prompt"])
        title = words[1] if words else body["prompt"]
        items.append([unquote(job["job"].removeprefix("hero/")), title, body.get("image_url", "")])
    return items, err


def composed(items):
    """Returns items whose letters are composed, as they are compared."""
    return [[unicodedata.normalize("NFC", part) for part in item] for item in items]


def differences(expected, items):
    """Returns lines about items that are not as they should be."""
    expected, items = composed(expected), composed(items)
    by_id = {item[0]: item for item in items}
    # A clip that is the same as another's is not ordered twice.
    ordered = {tuple(item[1:]) for item in items}
    lines = []
    for ident, title, picture in expected:
        found = by_id.pop(ident, None)
        if not found and (title, picture) in ordered and sum(it[1:] == [title, picture] for it in expected) > 1:
            continue
        if not found:
            lines.append(f"{ident}: is not planned")
            continue
        if title != found[1] and (title or ident in found[1]):
            lines.append(f"{ident}: title {found[1]!r} instead of {title!r}")
        if picture != found[2]:
            lines.append(f"{ident}: picture {found[2]!r} instead of {picture!r}")
    return lines + [f"{ident}: is planned though it should not be" for ident in by_id]


def compared(program, name, expected):
    """Returns lines about a fixture that the program does not read as Python does."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes((HERE / name).read_bytes())
        flags = expected.get("fix", [])
        if "refused" in expected:
            items, said = planned(program, folder, name, [])
            if items is not None:
                return ["is planned instead of refused"]
            missing = [word for word in expected["refused"] if word not in said]
            if missing:
                return [f"the message lacks {', '.join(missing)}: {said.strip()[:300]}"]
            if not flags:
                return []
        lines = []
        code, out, err = call(program, folder, "catalog", name, "--json", *flags)
        if code:
            return [f"catalog ends with {code}: {(out + err).strip()[:400]}"]
        data = json.loads(out)
        lines += [f"catalog says nothing of {word!r}" for word in expected.get("told", []) if word not in out]
        counts, left_out = data["counts"]["products"], sum(data["left_out"].values())
        if counts != expected["products"]:
            lines.append(f"{counts} products instead of {expected['products']}")
        if expected["left_out"] is not None and left_out != sum(expected["left_out"].values()):
            lines.append(f"{data['left_out']} are left out instead of {expected['left_out']}")
        for mode in MODES:
            if mode in expected:
                items, said = planned(program, folder, name, [*flags, *(["--one-per", mode] if mode != "product" else [])])
                wrong = [said.strip()[:400]] if items is None else differences(expected[mode], items)
                lines += [f"one_per {mode}: {line}" for line in wrong]
        return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write truth.json")
    parser.add_argument("--program", help="the shotlist to compare with")
    parser.add_argument("--only", help="a part of the names of fixtures")
    arguments = parser.parse_args()
    found = read()
    here = {path.name for path in HERE.iterdir()} - {"make.py", "truth.json", "pending.txt"}
    if here != found.keys():
        sys.exit(f"without a reading or without a file: {sorted(here ^ found.keys())}")
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(found[name], ensure_ascii=False)}" for name in sorted(found))
    written = "{\n" + lines + "\n}\n"
    if arguments.write:
        TRUTH.write_text(written, encoding="utf-8")
    elif TRUTH.read_text(encoding="utf-8") != written:
        sys.exit("truth.json is not what this reads; look why, then run with --write")
    if not arguments.program:
        return
    program = str(Path(arguments.program).resolve())
    # Lines with a comma before the colon are about changes that only the test in Rust makes.
    pending = {line.split(":")[0] for line in PENDING.read_text(encoding="utf-8").splitlines()} & found.keys()
    failed = 0
    for name in sorted(found):
        if arguments.only and arguments.only not in name:
            continue
        wrong = compared(program, name, found[name])
        failed += bool(wrong) and name not in pending
        for line in wrong:
            print(f"{name:<28} {'pending: ' if name in pending else ''}{line}")
    print(f"{len(found)} fixtures, {failed} differ, {len(pending)} are pending")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
