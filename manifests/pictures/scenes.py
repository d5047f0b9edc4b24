"""The frames of the sample storyboard: one small flat and a desk, from evening to morning.

Frames that belong together (first and last of a scene) come from one function that is called twice.
"""

import home
import wear
from canvas import Canvas, Pen, dark, ellipse, light, mix, path, rect, stroke

WIDTH, HEIGHT = 960, 540  # 16:9, as the clips
WOOD, IRON, WHITE, SUN = "#a9784f", "#3b3f4a", "#ffffff", "#ffd27a"
SAGE, TERRACOTTA, MUSTARD, TOMATO, CLAY = "#86a98c", "#c9694a", "#e0a02f", "#d8503a", "#cf7f58"
MOSS, CHESTNUT, SUNFLOWER = "#66793f", "#8a4f2d", "#f0b62b"
NIGHT = "#1c2340"


def _pen():
    return Pen(Canvas(WIDTH, HEIGHT))


def _window(pen, x, y, width, height, day):
    """A window onto hills: with the moon and stars, or with a low sun."""
    pane = rect(x, y, width, height, 6)
    pen.fill(rect(x - 16, y - 16, width + 32, height + 32, 10), "#f6efe4" if day else "#565a78")
    pen.fill(pane, "#a9d5ee" if day else "#232b52")
    pen.fill(pane & rect(x, y + height * 0.38, width, height), "#fde3c0" if day else "#2c3766")
    if day:
        for radius, alpha in ((120, 0.25), (84, 0.35), (46, 1.0)):
            pen.fill(pane & ellipse(x + width * 0.66, y + height * 0.56, radius), SUN, alpha)
    else:
        moon_x, moon_y = x + width * 0.28, y + height * 0.26
        pen.fill(ellipse(moon_x, moon_y, 30) - ellipse(moon_x + 14, moon_y - 8, 27), "#f3ecd2")
        for right, down in ((0.12, 0.5), (0.45, 0.14), (0.58, 0.4), (0.72, 0.18), (0.86, 0.44), (0.9, 0.1)):
            pen.fill(ellipse(x + width * right, y + height * down, 3), "#f3ecd2")
    back, front = ("#8fb59a", "#6a9a7a") if day else ("#26355a", "#1d2a4a")
    pen.fill(pane & ellipse(x + width * 0.2, y + height * 1.18, width * 0.62, height * 0.5), back)
    pen.fill(pane & ellipse(x + width * 0.86, y + height * 1.2, width * 0.6, height * 0.44), front)
    frame = "#f6efe4" if day else "#565a78"
    pen.fill(rect(x + width / 2 - 6, y, 12, height), frame)
    pen.fill(rect(x, y + height / 2 - 5, width, 10), frame)
    pen.fill(rect(x - 30, y + height + 14, width + 60, 18, 6), light(frame, 0.2))


def _books(pen, x, y):
    for k, (width, color) in enumerate(((150, "#41508f"), (132, CLAY), (142, "#7f9b7a"))):
        top = y - 24 * (k + 1)
        pen.fill(rect(x + k * 7, top, width, 23, 4), color)
        pen.fill(rect(x + k * 7 + 14, top, 8, 23), light(color, 0.4))


def kitchen():
    pen = _pen()
    pen.fill(rect(0, 0, WIDTH, HEIGHT), "#f2e3d0")
    for row in range(5):
        for column in range(11):
            pen.fill(rect(column * 96 - (row % 2) * 48 + 3, 196 + row * 42, 90, 36, 5), "#e7efe9")
    _window(pen, 90, 60, 250, 230, day=True)
    pen.fill(rect(520, 128, 370, 16, 5), WOOD)
    for x in (560, 850):
        pen.fill(rect(x, 144, 12, 30, 4), dark(WOOD))
    home.mug(pen.at(522, 16, 0.23), MUSTARD, steam=False)
    home.mug(pen.at(612, 16, 0.23), "#2c3f6b", steam=False)
    home.plant(pen.at(690, -4, 0.27), CLAY)
    pen.fill(rect(0, 420, WIDTH, 120), WOOD)
    pen.fill(rect(0, 420, WIDTH, 14), light(WOOD, 0.3))
    for x in (240, 480, 720):
        pen.fill(rect(x, 452, 4, 88), dark(WOOD))
    pen.fill(rect(430, 404, 270, 18, 8), IRON)
    home.kettle(pen.at(298, 42, 0.74), SAGE)
    for x in (744, 766):
        pen.fill(stroke(f"M {x} 230 C {x - 20} 212 {x + 20} 198 {x} 178", 9), WHITE, 0.7)
    home.mug(pen.at(86, 202, 0.45), TERRACOTTA, steam=False)
    return pen.canvas


def window(day):
    pen = _pen()
    wall = "#f0dcc4" if day else "#343a5c"
    pen.fill(rect(0, 0, WIDTH, HEIGHT), wall)
    _window(pen, 300, 60, 360, 270, day)
    for x, side in ((190, 1), (770, -1)):
        cloth = "#d98f76" if day else "#5d4a66"
        pen.fill(path(f"M {x - 40 * side} 20 L {x + 90 * side} 20 Q {x + 80 * side} 220 {x + 20 * side} 400 "
                      f"L {x - 40 * side} 400 Z"), cloth)
        for fold in (0, 36):
            top, middle, bottom = (x + shift * side for shift in (fold, fold - 4, fold / 2 - 8))
            pen.fill(stroke(f"M {top} 30 Q {middle} 220 {bottom} 392", 6), dark(cloth))
    pen.fill(rect(110, 12, 740, 14, 7), WOOD if day else dark(WOOD, 0.5))
    pen.fill(rect(0, 420, WIDTH, 120), WOOD if day else dark(WOOD, 0.55))
    pen.fill(rect(0, 420, WIDTH, 12), light(WOOD, 0.3) if day else dark(WOOD, 0.35))
    if day:
        pen.fill(path("M 330 434 L 640 434 L 820 540 L 300 540 Z"), SUN, 0.35)
    home.plant(pen.at(82, 136, 0.62), CLAY if day else dark(CLAY, 0.5))
    home.mug(pen.at(480, 230, 0.45), TERRACOTTA if day else dark(TERRACOTTA, 0.5), steam=day)
    if not day:
        pen.fill(rect(0, 0, WIDTH, HEIGHT), NIGHT, 0.28)
    return pen.canvas


def desk(lit):
    pen = _pen()
    wall = "#6d7391"
    pen.fill(rect(0, 0, WIDTH, HEIGHT), wall)
    pen.fill(rect(96, 70, 150, 190, 4), dark(wall, 0.3))
    pen.fill(rect(108, 82, 126, 166), "#d9cfb8")
    pen.fill(rect(108, 82, 126, 166) & ellipse(190, 250, 90, 70), "#7f9b7a")
    pen.fill(ellipse(148, 124, 20), CLAY)
    pen.fill(rect(0, 430, WIDTH, 110), WOOD)
    pen.fill(rect(0, 430, WIDTH, 12), light(WOOD, 0.3))
    home.radio(pen.at(-14, 182, 0.55), TOMATO)
    _books(pen, 690, 452)
    if not lit:
        pen.fill(rect(0, 0, WIDTH, HEIGHT), NIGHT, 0.55)
        home.desk_lamp(pen.at(186, 18, 0.9), dark(MUSTARD, 0.45), lit=False)
        home.mug(pen.at(560, 320, 0.3), dark(TERRACOTTA, 0.45), steam=False)
        return pen.canvas
    pen.fill(rect(0, 0, WIDTH, HEIGHT), NIGHT, 0.2)
    pen.soft(640, 290, 330, 300, SUN, 0.62)
    home.desk_lamp(pen.at(186, 18, 0.9), MUSTARD)
    home.mug(pen.at(560, 320, 0.3), TERRACOTTA)
    return pen.canvas


def hallway():
    pen = _pen()
    wall, door = "#dfe6df", "#41708a"
    pen.fill(rect(0, 0, WIDTH, 440), wall)
    pen.fill(rect(0, 300, WIDTH, 140), mix(wall, "#6a8a7a", 0.3))
    pen.fill(rect(0, 296, WIDTH, 8), WHITE)
    pen.fill(rect(0, 440, WIDTH, 100), WOOD)
    pen.fill(rect(0, 428, WIDTH, 14), WHITE)
    for x in (160, 420, 700):
        near = x + (x - 480) * 0.3
        pen.fill(path(f"M {x} 442 L {x + 4} 442 L {near + 6} 540 L {near} 540 Z"), dark(WOOD))
    pen.fill(rect(92, 50, 236, 392, 4), WHITE)
    pen.fill(rect(108, 66, 204, 376), door)
    for x, y, height in ((130, 92, 120), (220, 92, 120), (130, 240, 170), (220, 240, 170)):
        pen.fill(rect(x, y, 70, height, 6), dark(door, 0.14))
        pen.fill(rect(x + 6, y + 6, 58, height - 6, 4), light(door, 0.08))
    pen.fill(ellipse(294, 262, 10), SUN)
    pen.fill(rect(440, 110, 420, 18, 6), WOOD)
    for x in (500, 600, 700, 800):
        pen.fill(stroke(f"M {x} 124 L {x} 148 Q {x} 162 {x + 14} 158", 7), IRON)
    wear.beanie(pen.at(628, 92, 0.24), "#ab2f4e")
    pen.fill(path("M 470 378 L 700 378 L 700 396 L 470 396 Z"), WOOD)
    for x in (486, 672):
        pen.fill(rect(x, 396, 14, 70), dark(WOOD))
    wear.rucksack(pen.at(325, 60, 0.65), MOSS)
    wear.boots(pen.at(628, 288, 0.42), CHESTNUT)
    pen.fill(rect(352, 378, 60, 96, 8), dark(wall, 0.35))
    pen.fill(stroke("M 372 380 L 364 210", 7), IRON)
    pen.fill(stroke("M 364 212 C 364 180 334 184 336 208", 7), WOOD)
    pen.fill(path("M 360 250 L 382 250 L 392 380 L 358 380 Z"), SUNFLOWER)
    pen.fill(rect(352, 376, 60, 10, 5), dark(wall, 0.5))
    return pen.canvas


FRAMES = {
    "kitchen": (kitchen,),
    "window-night": (window, False),
    "window-morning": (window, True),
    "desk-dark": (desk, False),
    "desk-lit": (desk, True),
    "hallway": (hallway,),
}
