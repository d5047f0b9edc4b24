"""Shapes, a picture in which they are drawn, and a small PNG writer, with only the Python standard library.

A shape returns the stretches of a horizontal line that it covers. So shapes can be
cut (`a - b`) and clipped (`a & b`) with a few lines, and edges come out smooth: each pixel row is
asked at SUBROWS heights, and along a row the covered share of a pixel is exact.
"""

import math
import re
import struct
import zlib

SUBROWS = 5
"""Lines per pixel row. Fewer lines make steps in slanted edges; more lines make no visible difference."""

CURVE_STEPS = 24
"""Straight pieces per curve: at 800 pixels a piece is a few pixels long."""


class Shape:
    """Something that covers stretches of a line. `top` and `bottom` bound it."""

    def __and__(self, other):
        return Combined(self, other, lambda inside, clip: inside and clip)

    def __sub__(self, other):
        return Combined(self, other, lambda inside, cut: inside and not cut)


class Outline(Shape):
    """One or more closed polygons. Where they overlap, they add up rather than cancel out."""

    def __init__(self, polygons):
        self.polygons = [p if _area(p) > 0 else p[::-1] for p in polygons]
        heights = [y for p in self.polygons for _, y in p]
        self.top, self.bottom = min(heights), max(heights)
        self.edges = {}  # pixel row -> the edges that cross it
        for p in self.polygons:
            for (x0, y0), (x1, y1) in zip(p, p[1:] + p[:1]):
                if y0 == y1:
                    continue
                edge = (x0, y0, x1, y1, 1) if y0 < y1 else (x1, y1, x0, y0, -1)
                for row in range(math.floor(edge[1]), math.floor(edge[3]) + 1):
                    self.edges.setdefault(row, []).append(edge)

    def spans(self, y):
        """The covered stretches [x0, x1) at height y, from left to right."""
        hits = []
        for x0, y0, x1, y1, turn in self.edges.get(math.floor(y), ()):
            if y0 <= y < y1:
                hits.append((x0 + (y - y0) * (x1 - x0) / (y1 - y0), turn))
        hits.sort()
        spans, depth, start = [], 0, 0.0
        for x, turn in hits:
            if depth == 0:
                start = x
            depth += turn
            if depth == 0 and x > start:
                spans.append((start, x))
        return spans

    def map(self, move):
        """The same shape with `move` applied to each corner."""
        return Outline([[move(x, y) for x, y in p] for p in self.polygons])


class Combined(Shape):
    """Two shapes and the rule that combines them."""

    def __init__(self, a, b, rule):
        self.a, self.b, self.rule = a, b, rule
        self.top, self.bottom = a.top, a.bottom

    def spans(self, y):
        a, b = self.a.spans(y), self.b.spans(y)
        cuts = sorted({x for span in a + b for x in span})
        spans = []
        for x0, x1 in zip(cuts, cuts[1:]):
            middle = (x0 + x1) / 2
            if self.rule(_covers(a, middle), _covers(b, middle)):
                spans.append((x0, x1))
        return spans

    def map(self, move):
        return Combined(self.a.map(move), self.b.map(move), self.rule)


def _covers(spans, x):
    return any(x0 <= x < x1 for x0, x1 in spans)


def _area(points):
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1]))


# ---- making shapes -----------------------------------------------------------------------------


def ellipse(cx, cy, rx, ry=None):
    ry = rx if ry is None else ry
    steps = CURVE_STEPS * 4
    angles = [2 * math.pi * k / steps for k in range(steps)]
    return Outline([[(cx + rx * math.cos(a), cy + ry * math.sin(a)) for a in angles]])


def rect(x, y, width, height, radius=0):
    """A rectangle from its top left corner, with rounded corners."""
    if radius == 0:
        return Outline([[(x, y), (x + width, y), (x + width, y + height), (x, y + height)]])
    points = []
    corners = [(x + width - radius, y + height - radius), (x + radius, y + height - radius),
               (x + radius, y + radius), (x + width - radius, y + radius)]
    for quarter, (cx, cy) in enumerate(corners):
        for k in range(CURVE_STEPS // 2 + 1):
            a = math.pi / 2 * (quarter + k / (CURVE_STEPS // 2))
            points.append((cx + radius * math.cos(a), cy + radius * math.sin(a)))
    return Outline([points])


def path(text):
    """A filled outline, written as in SVG: absolute M, L, Q, C and Z."""
    return Outline(_flatten(text))


def stroke(text, width):
    """A line of that width with round ends along a path."""
    polygons = []
    for points in _flatten(text):
        for x, y in points:
            polygons.extend(ellipse(x, y, width / 2).polygons)
        for (x0, y0), (x1, y1) in zip(points, points[1:]):
            length = math.hypot(x1 - x0, y1 - y0)
            if length == 0:
                continue
            dx, dy = (y0 - y1) / length * width / 2, (x1 - x0) / length * width / 2
            polygons.append([(x0 + dx, y0 + dy), (x1 + dx, y1 + dy), (x1 - dx, y1 - dy), (x0 - dx, y0 - dy)])
    return Outline(polygons)


def _flatten(text):
    polygons, points = [], []
    for letter, numbers in re.findall(r"([MLQCZ])([^MLQCZ]*)", text):
        n = [float(word) for word in numbers.split()]
        pairs = list(zip(n[::2], n[1::2]))
        if letter == "M":
            points = [pairs[0]]
            polygons.append(points)
        elif letter == "L":
            points.extend(pairs)
        elif letter in "QC":
            degree = 2 if letter == "Q" else 3
            for k in range(0, len(pairs), degree):
                points.extend(_curve([points[-1], *pairs[k:k + degree]]))
        else:
            points.append(points[0])
    return polygons


def _curve(control):
    points = []
    for k in range(1, CURVE_STEPS + 1):
        t, row = k / CURVE_STEPS, control
        while len(row) > 1:
            row = [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for (x0, y0), (x1, y1) in zip(row, row[1:])]
        points.append(row[0])
    return points


def turned(shape, degrees, cx, cy):
    """The shape turned clockwise about a point."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return shape.map(lambda x, y: (cx + (x - cx) * c - (y - cy) * s, cy + (x - cx) * s + (y - cy) * c))


# ---- colours -----------------------------------------------------------------------------------


def rgb(color):
    return tuple(int(color[k:k + 2], 16) for k in (1, 3, 5))


def mix(color, other, share):
    """`color` mixed with the share `share` of `other`."""
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(rgb(color), rgb(other)))


def light(color, share=0.25):
    return mix(color, "#ffffff", share)


def dark(color, share=0.22):
    return mix(color, "#1d1a2b", share)


# ---- the picture -------------------------------------------------------------------------------


class Canvas:
    def __init__(self, width, height):
        self.width, self.height = width, height
        self.planes = [bytearray(width * height) for _ in range(3)]  # red, green, blue

    def fill(self, shape, color, alpha=1.0, to=None):
        """Fills a shape with a colour, or with a gradient from its top to `to` at its bottom."""
        tall = max(shape.bottom - shape.top, 1)
        for row in range(max(0, math.floor(shape.top)), min(self.height, math.ceil(shape.bottom))):
            shade = mix(color, to, min(max((row - shape.top) / tall, 0), 1)) if to else color
            for x0, x1, share in self._coverage(shape, row):
                self._blend(row * self.width + x0, row * self.width + x1, rgb(shade), share * alpha)

    def _coverage(self, shape, row):
        """Runs (x0, x1, covered share) of one pixel row."""
        steps = {}
        for k in range(SUBROWS):
            for span in shape.spans(row + (k + 0.5) / SUBROWS):
                for x, sign in zip(span, (1, -1)):
                    x = min(max(x, 0.0), float(self.width))
                    pixel = math.floor(x)
                    steps[pixel] = steps.get(pixel, 0.0) + sign * (pixel + 1 - x)
                    steps[pixel + 1] = steps.get(pixel + 1, 0.0) + sign * (x - pixel)
        covered, runs, places = 0.0, [], sorted(steps)
        for x0, x1 in zip(places, places[1:]):
            covered += steps[x0]
            if covered > 1e-6 and x0 < self.width:
                runs.append((x0, min(x1, self.width), covered / SUBROWS))
        return runs

    def _blend(self, start, end, color, alpha):
        alpha = round(min(alpha, 1.0) * 255)
        for plane, value in zip(self.planes, color):
            plane[start:end] = plane[start:end].translate(_blend_table(value, alpha))

    def png(self):
        """The picture as a PNG with at most 256 colours."""
        pixels = list(zip(*self.planes))
        palette, index = _palette(pixels)
        body = bytes(map(index.__getitem__, pixels))
        rows = b"".join(b"\0" + body[k:k + self.width] for k in range(0, len(body), self.width))
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 3, 0, 0, 0)
        chunks = [(b"IHDR", header), (b"PLTE", b"".join(map(bytes, palette))),
                  (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")]
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks)


_tables = {}


def _blend_table(value, alpha):
    if (value, alpha) not in _tables:
        _tables[value, alpha] = bytes((old * (255 - alpha) + value * alpha + 127) // 255 for old in range(256))
    return _tables[value, alpha]


def _palette(pixels):
    """At most 256 colours, the frequent ones first, and the index of the one used for each colour of the picture."""
    counts = {}
    for pixel in pixels:
        counts[pixel] = counts.get(pixel, 0) + 1
    frequent = sorted(counts, key=lambda color: (-counts[color], color))
    near = 3  # squared distance below which two colours become one
    while True:
        palette, index = [], {}
        for color in frequent:
            best = min(palette, key=lambda other: _distance(color, other), default=None)
            if best is not None and (_distance(color, best) <= near):
                index[color] = palette.index(best)
            elif len(palette) == 256:
                break
            else:
                index[color] = len(palette)
                palette.append(color)
        else:
            return palette, index
        near *= 2


def _distance(a, b):
    return (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2


class Pen:
    """Draws on a canvas with its own coordinates, so that many scenes can use one drawing."""

    def __init__(self, canvas, x=0.0, y=0.0, scale=1.0):
        self.canvas, self.x, self.y, self.scale = canvas, x, y, scale

    def at(self, x, y, scale):
        """A pen whose origin is at (x, y) of this one, and whose unit is `scale` of this one's."""
        return Pen(self.canvas, self.x + x * self.scale, self.y + y * self.scale, self.scale * scale)

    def fill(self, shape, color, alpha=1.0, to=None):
        placed = shape.map(lambda x, y: (self.x + x * self.scale, self.y + y * self.scale))
        self.canvas.fill(placed, color, alpha, to)

    def soft(self, cx, cy, rx, ry, color, alpha):
        """An ellipse that fades out: for shadows and glows."""
        rings = 12
        for k in range(rings):
            share = 1 - k / rings
            self.fill(ellipse(cx, cy, rx * share, ry * share), color, alpha / rings * 1.6)

    def shadow(self, cx, cy, rx, ry=16):
        self.soft(cx, cy, rx, ry, "#2a2440", 0.42)
