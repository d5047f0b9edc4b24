"""Things to wear and carry. Each function draws one product, standing on y = 490, about x = 400."""

from canvas import dark, ellipse, light, mix, path, rect, stroke, turned

STEEL, IRON, TAN, GLOW, CREAM = "#c3c9d2", "#3b3f4a", "#c08a58", "#ffe7a3", "#fff8ea"


def rucksack(pen, color):
    pen.shadow(400, 490, 180)
    pen.fill(stroke("M 362 140 C 362 84 438 84 438 140", 13), dark(color, 0.4))
    for x in (246, 508):
        pen.fill(rect(x, 330, 46, 130, 20), dark(color, 0.3))
    body = path("M 264 240 C 264 150 330 122 400 122 C 470 122 536 150 536 240 L 544 452 Q 544 490 506 490 "
                "L 294 490 Q 256 490 256 452 Z")
    pen.fill(body, color)
    pen.fill(body & rect(480, 100, 100, 400), dark(color, 0.14))
    pen.fill(rect(292, 342, 216, 124, 26), dark(color, 0.12))
    pen.fill(rect(300, 350, 200, 108, 20), light(color, 0.08))
    pen.fill(stroke("M 316 378 L 484 378", 5), dark(color, 0.4))
    pen.fill(rect(404, 376, 10, 28, 4), TAN)
    flap = path("M 262 214 C 268 142 334 116 400 116 C 466 116 532 142 538 214 L 538 274 Q 536 304 506 304 "
                "L 294 304 Q 264 304 262 274 Z")
    pen.fill(flap, light(color, 0.12))
    pen.fill(flap & rect(482, 100, 80, 220), color)
    pen.fill(flap - (flap & rect(200, 60, 400, 232)), dark(color, 0.2))
    pen.fill(stroke("M 290 216 C 296 172 330 152 366 146", 9), light(color, 0.4))
    for x in (322, 456):
        pen.fill(rect(x, 226, 22, 142, 4), TAN)
        pen.fill(rect(x - 6, 312, 34, 28, 6), STEEL)
        pen.fill(rect(x + 2, 319, 18, 14, 3), dark(TAN, 0.3))
    pen.fill(rect(374, 196, 52, 34, 6), TAN)


def watch(pen, color):
    straps = ("M 338 40 L 462 40 L 476 230 L 324 230 Z",
              "M 324 370 L 476 370 L 458 548 Q 454 562 440 562 L 360 562 Q 346 562 342 548 Z")
    for drop in (8, 13, 18, 23):
        below = pen.at(drop, drop, 1)
        for shape in (*map(path, straps), ellipse(400, 300, 138)):
            below.fill(shape, IRON, 0.09)
    for strap in straps:
        pen.fill(path(strap), color)
        pen.fill(path(strap) & rect(438, 20, 60, 560), dark(color, 0.18))
        pen.fill(path(strap) & rect(350, 20, 5, 560), light(color, 0.35))
    pen.fill(rect(330, 26, 140, 30, 10), STEEL)
    for y in (412, 446, 480, 514):
        pen.fill(ellipse(400, y, 8, 6), dark(color, 0.5))
    pen.fill(rect(526, 284, 26, 34, 8), STEEL)
    pen.fill(ellipse(400, 300, 138), STEEL)
    pen.fill(ellipse(400, 300, 138) - ellipse(390, 288, 136), mix(STEEL, IRON, 0.35))
    pen.fill(ellipse(400, 300, 116), IRON)
    pen.fill(ellipse(400, 300, 109), CREAM)
    for tick in range(60):
        wide, long = (7, 20) if tick % 5 == 0 else (2, 8)
        pen.fill(turned(rect(400 - wide / 2, 199, wide, long, 1), tick * 6, 400, 300), IRON)
    pen.fill(turned(rect(395, 232, 10, 78, 5), -50, 400, 300), IRON)
    pen.fill(turned(rect(396, 208, 8, 104, 4), 62, 400, 300), IRON)
    pen.fill(turned(rect(399, 212, 3, 116), 200, 400, 300), "#d9563f")
    pen.fill(ellipse(400, 300, 9), "#d9563f")
    pen.fill(path("M 318 250 Q 344 206 392 196 L 330 290 Z"), "#ffffff", 0.4)


def boots(pen, color):
    pen.shadow(380, 490, 260, 18)
    _boot(pen.at(34, -16, 1), dark(color, 0.22))
    _boot(pen.at(-102, 0, 1), color)


def _boot(pen, color):
    upper = path("M 310 134 Q 376 120 440 134 L 446 300 C 452 352 508 356 552 374 C 592 390 602 420 602 456 "
                 "L 302 456 C 292 380 322 300 310 134 Z")
    pen.fill(upper, color)
    pen.fill(upper & path("M 300 400 C 350 380 360 430 372 460 L 290 460 Z"), dark(color, 0.18))
    pen.fill(upper & path("M 520 350 C 512 400 530 430 530 460 L 620 460 L 620 340 Z"), dark(color, 0.12))
    pen.fill(stroke("M 334 168 C 342 250 332 330 326 372", 9), light(color, 0.28))
    pen.fill(path("M 302 128 Q 376 110 448 128 L 450 166 Q 376 152 304 166 Z"), dark(color, 0.34))
    pen.fill(stroke("M 324 124 C 316 92 346 92 342 122", 8), dark(color, 0.34))
    for y in (196, 230, 264, 298, 330):
        slide = max(0, y - 290) * 0.9
        pen.fill(stroke(f"M {396 + slide} {y + 8} L {442 + slide} {y - 6}", 7), CREAM)
        pen.fill(ellipse(394 + slide, y + 9, 6), STEEL)
    pen.fill(path("M 296 448 L 606 448 Q 614 448 612 464 L 606 490 L 402 490 L 396 478 L 374 478 L 370 490 "
                  "L 300 490 Q 290 470 296 448 Z"), IRON)
    pen.fill(rect(298, 446, 310, 12, 5), TAN)


def trainer(pen, color):
    pen.shadow(400, 490, 270, 16)
    tongue = path("M 300 312 L 332 236 Q 358 226 372 248 L 396 316 L 350 330 Z")
    pen.fill(tongue, dark(color, 0.34))
    pen.fill(stroke("M 343 248 L 359 248", 6), CREAM)
    upper = path("M 168 292 Q 176 252 206 266 Q 240 318 300 296 L 330 276 C 392 346 476 376 560 384 "
                 "C 626 392 650 420 648 452 L 162 452 C 150 410 158 340 168 292 Z")
    pen.fill(upper, color)
    pen.fill(upper & path("M 150 250 L 222 250 C 212 330 236 400 250 460 L 140 460 Z"), dark(color, 0.2))
    pen.fill(upper & path("M 548 370 C 510 400 512 430 524 460 L 660 460 L 660 370 Z"), light(color, 0.25))
    pen.fill(upper & path("M 300 296 L 330 260 L 500 350 L 474 400 C 396 380 340 346 300 296 Z"), dark(color, 0.16))
    for x, y in ((340, 316), (370, 342), (404, 362), (440, 377)):
        pen.fill(stroke(f"M {x} {y} L {x + 20} {y - 25}", 10), CREAM)
        pen.fill(ellipse(x - 1, y + 1, 5), IRON)
    for column in range(5):
        for row in range(3 - column // 2):
            pen.fill(ellipse(292 + column * 26 + row * 8, 424 - row * 24, 5), dark(color, 0.24))
    pen.fill(stroke("M 164 284 Q 152 274 166 262", 9), dark(color, 0.34))
    pen.fill(path("M 152 440 L 650 440 Q 664 444 660 464 Q 656 490 630 490 L 196 490 Q 154 488 152 440 Z"), CREAM)
    pen.fill(path("M 156 470 L 660 470 Q 654 490 630 490 L 196 490 Q 164 488 156 470 Z"), "#d8d2c8")
    pen.fill(rect(160, 452, 494, 6, 3), color)


def umbrella(pen, color):
    pen.shadow(400, 524, 150, 12)
    pen.fill(stroke("M 400 300 L 400 462 C 400 520 324 520 326 462", 13), TAN)
    pen.fill(stroke("M 400 76 L 400 110", 9), IRON)
    dome = path("M 140 320 C 140 178 256 100 400 100 C 544 100 660 178 660 320 Q 616 288 574 320 "
                "Q 530 282 487 320 Q 444 282 400 320 Q 356 282 313 320 Q 270 282 226 320 Q 184 288 140 320 Z")
    pen.fill(dome, color)
    pen.fill(dome & path("M 400 100 C 300 130 236 220 226 330 L 130 340 L 130 90 Z"), light(color, 0.14))
    pen.fill(dome & path("M 400 100 C 350 150 318 230 313 330 L 400 330 Z"), light(color, 0.28))
    pen.fill(dome & path("M 400 100 C 450 150 482 230 487 330 L 400 330 Z"), dark(color, 0.06))
    pen.fill(dome & path("M 400 100 C 500 130 564 220 574 330 L 670 340 L 670 90 Z"), dark(color, 0.2))


def bottle(pen, color):
    pen.shadow(400, 490, 120)
    pen.fill(stroke("M 372 96 C 372 44 428 44 428 96", 13), IRON)
    pen.fill(rect(352, 88, 96, 62, 12), IRON)
    pen.fill(rect(352, 128, 96, 8), mix(IRON, CREAM, 0.3))
    body = path("M 364 146 L 436 146 C 440 186 484 192 484 244 L 484 462 Q 484 490 456 490 L 344 490 "
                "Q 316 490 316 462 L 316 244 C 316 192 360 186 364 146 Z")
    pen.fill(body, color)
    pen.fill(body & rect(436, 130, 60, 380), dark(color, 0.18))
    pen.fill(rect(334, 244, 17, 196, 8), light(color, 0.45))
    pen.fill(body & rect(300, 458, 200, 40), STEEL)
    pen.fill(body & rect(436, 458, 60, 40), mix(STEEL, IRON, 0.25))
    pen.fill(path("M 400 300 C 424 332 434 346 434 364 C 434 384 418 396 400 396 C 382 396 366 384 366 364 "
                  "C 366 346 376 332 400 300 Z"), CREAM)


def headphones(pen, color):
    pen.shadow(400, 500, 200, 14)
    pen.fill(stroke("M 246 372 C 226 70 574 70 554 372", 30), dark(color, 0.12))
    pen.fill(stroke("M 282 214 C 330 112 470 112 518 214", 34), dark(color, 0.4))
    pen.fill(stroke("M 302 172 C 350 118 420 116 462 138", 7), light(color, 0.3))
    for x, side in ((246, 1), (554, -1)):
        pen.fill(rect(x - 9, 268, 18, 90, 6), STEEL)
        pen.fill(rect(x + side * 40 - 26, 318, 52, 152, 26), IRON)
        pen.fill(rect(x - 40, 308, 80, 172, 38), color)
        pen.fill(rect(x - 40, 308, 80, 172, 38) - rect(x - 52, 300, 80, 172, 38), dark(color, 0.2))
        pen.fill(rect(x - 26, 330, 13, 96, 6), light(color, 0.45))


def beanie(pen, color):
    pen.shadow(400, 490, 190)
    for k in range(18):
        pen.fill(turned(ellipse(400, 78, 16, 30), k * 20, 400, 120), light(color, 0.62 if k % 2 else 0.45))
    pen.fill(ellipse(400, 120, 40), light(color, 0.55))
    dome = path("M 236 404 C 226 236 300 158 400 158 C 500 158 574 236 564 404 Z")
    pen.fill(dome, color)
    for x in (272, 314, 357, 400, 443, 486, 528):
        bend = 400 + (x - 400) * 0.45
        pen.fill(dome & stroke(f"M {x} 410 C {x} 300 {bend + (x - 400) * 0.4} 220 {bend} 160", 7), dark(color, 0.16))
    pen.fill(dome - ellipse(376, 360, 170, 230), dark(color, 0.12))
    cuff = rect(220, 378, 360, 112, 28)
    pen.fill(cuff, light(color, 0.14))
    for k in range(11):
        pen.fill(cuff & rect(238 + k * 31, 384, 12, 100, 6), dark(color, 0.1))
    pen.fill(rect(462, 408, 60, 48, 6), TAN)
    pen.fill(stroke("M 476 432 L 508 432", 5), CREAM)


def suitcase(pen, color):
    pen.shadow(400, 490, 180)
    pen.fill(stroke("M 352 170 L 352 66 L 448 66 L 448 170", 12), STEEL)
    pen.fill(rect(340, 50, 120, 28, 14), IRON)
    for x in (290, 478):
        pen.fill(rect(x, 456, 34, 34, 10), IRON)
    pen.fill(rect(258, 132, 284, 338, 38), color)
    pen.fill(rect(258, 132, 284, 338, 38) - rect(246, 124, 276, 332, 38), dark(color, 0.18))
    for x in (304, 350, 396, 442, 488):
        pen.fill(rect(x, 152, 12, 298, 6), dark(color, 0.16))
        pen.fill(rect(x - 5, 152, 5, 298, 2), light(color, 0.28))
    pen.fill(rect(258, 290, 284, 18), dark(color, 0.34))
    pen.fill(rect(376, 280, 48, 38, 8), STEEL)
    pen.fill(rect(395, 292, 10, 15, 5), IRON)
    pen.fill(stroke("M 366 150 C 366 112 434 112 434 150", 13), IRON)
