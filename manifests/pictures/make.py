#!/usr/bin/env python3
"""Draws the product pictures of the sample catalog and the frames of the sample storyboard.

Needs Python 3 and nothing else:

    python3 manifests/pictures/make.py            # all of them
    python3 manifests/pictures/make.py mug- desk  # those whose names contain one of the words

The pixels are the same each time. The bytes of a file depend on the installed version of zlib.
"""

import sys
from pathlib import Path

import home
import scenes
import wear
from canvas import Canvas, Pen, ellipse, light, mix, rect

PRODUCTS = {  # file name -> drawing, product colour, colour of the backdrop
    "desk-lamp-mustard": (home.desk_lamp, "#e0a02f", "#cfdceb"),
    "desk-lamp-petrol": (home.desk_lamp, "#1f6f78", "#f0d9c6"),
    "pendant-lamp-copper": (home.pendant_lamp, "#c1693f", "#d3dfdb"),
    "table-lamp-sage": (home.table_lamp, "#7f9b7a", "#d9cfe0"),
    "chair-oak": (home.chair, "#c99a63", "#cfe0da"),
    "chair-coral": (home.chair, "#e2694f", "#d5dfee"),
    "armchair-creme": (home.armchair, "#e3cfae", "#b9cfd0"),
    "stool-sky": (home.stool, "#5b9bd0", "#f2e2c9"),
    "kettle-sage": (home.kettle, "#86a98c", "#f3dccb"),
    "kettle-cherry": (home.kettle, "#c8323c", "#dfe5ea"),
    "teapot-indigo": (home.teapot, "#41508f", "#f1e0c3"),
    "mug-terracotta": (home.mug, "#c9694a", "#d4e2df"),
    "mug-night-blue": (home.mug, "#2c3f6b", "#f0dccf"),
    "plant-clay": (home.plant, "#cf7f58", "#e6e3d3"),
    "alarm-clock-mint": (home.alarm_clock, "#62b59b", "#f5dcd3"),
    "radio-tomato": (home.radio, "#d8503a", "#d6e0e6"),
    "rucksack-moss": (wear.rucksack, "#66793f", "#efe0cb"),
    "rucksack-navy": (wear.rucksack, "#2f4673", "#e3e4dc"),
    "watch-cognac": (wear.watch, "#a85f33", "#d9e2e4"),
    "watch-black": (wear.watch, "#34353d", "#ecdcc9"),
    "boots-chestnut": (wear.boots, "#8a4f2d", "#d6e3d6"),
    "boots-olive": (wear.boots, "#6f6f45", "#f0dbd0"),
    "trainer-rose": (wear.trainer, "#e08a96", "#d4e1ec"),
    "umbrella-sunflower": (wear.umbrella, "#f0b62b", "#c9d8e8"),
    "bottle-lagoon": (wear.bottle, "#2b98a6", "#f5e0d0"),
    "headphones-plum": (wear.headphones, "#774a7f", "#e9e2d0"),
    "beanie-cranberry": (wear.beanie, "#ab2f4e", "#d9e4ea"),
    "suitcase-lemon": (wear.suitcase, "#e6c443", "#cfdae6"),
}


LIES_FLAT = {wear.watch}
"""Products that are shown from above, without a floor behind them."""


def product_picture(draw, color, backdrop):
    canvas = Canvas(800, 600)
    pen = Pen(canvas)
    pen.fill(rect(0, 0, 800, 600), light(backdrop, 0.2))
    for radius in (290, 235):
        pen.fill(ellipse(400, 300, radius), "#ffffff", 0.3)
    if draw not in LIES_FLAT:
        pen.fill(rect(0, 450, 800, 150), mix(backdrop, "#3a3350", 0.07))
        pen.fill(rect(0, 450, 800, 5), "#ffffff", 0.45)
    draw(pen, color)
    return canvas


def main(words):
    here = Path(__file__).resolve().parent
    jobs = {here / f"{name}.png": (product_picture, *made_of) for name, made_of in PRODUCTS.items()}
    jobs |= {here.parent / "frames" / f"{name}.png": made_of for name, made_of in scenes.FRAMES.items()}
    for file, (draw, *arguments) in jobs.items():
        if words and not any(word in file.name for word in words):
            continue
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(draw(*arguments).png())
        print(f"{file.stat().st_size:7} {file.relative_to(here.parent)}")


if __name__ == "__main__":
    main(sys.argv[1:])
