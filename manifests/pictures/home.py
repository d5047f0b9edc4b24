"""Things for the home. Each function draws one product, standing on y = 490, about x = 400."""

from canvas import dark, ellipse, light, mix, path, rect, stroke, turned

STEEL, IRON, OAK, GLOW, CREAM = "#c3c9d2", "#3b3f4a", "#b98a5e", "#ffe7a3", "#fff8ea"


def desk_lamp(pen, color, lit=True):
    pen.shadow(350, 488, 150)
    head = path("M 456 152 L 500 152 Q 552 196 562 262 L 394 262 Q 404 196 456 152 Z")
    head = turned(head, -28, 478, 170)
    if lit:
        pen.fill(path("M 455 300 L 590 228 L 720 490 L 466 490 Z"), GLOW, 0.30)
        pen.fill(ellipse(593, 490, 127, 18), GLOW, 0.45)
    pen.fill(stroke("M 340 470 L 268 322 L 446 150", 13), IRON)
    pen.fill(stroke("M 336 468 L 264 320", 4), light(IRON, 0.35))
    pen.fill(ellipse(268, 322, 17), dark(color))
    pen.fill(ellipse(268, 322, 7), light(color, 0.5))
    pen.fill(rect(250, 462, 180, 28, 14), color)
    pen.fill(rect(250, 478, 180, 12, 6), dark(color))
    pen.fill(turned(ellipse(478, 262, 40, 34), -28, 478, 170), GLOW if lit else "#8f90a0")
    pen.fill(head, color)
    pen.fill(head & turned(rect(488, 130, 120, 150), -28, 478, 170), dark(color, 0.14))
    pen.fill(turned(path("M 440 186 Q 420 212 414 246 L 430 246 Q 434 214 452 190 Z"), -28, 478, 170),
             light(color, 0.45))
    pen.fill(turned(rect(455, 130, 46, 28, 10), -28, 478, 170), dark(color, 0.3))


def pendant_lamp(pen, color):
    pen.shadow(400, 520, 170, 14)
    pen.fill(path("M 262 330 L 538 330 L 640 520 L 160 520 Z"), GLOW, 0.28)
    pen.fill(rect(397, 0, 6, 150), IRON)
    pen.fill(ellipse(400, 330, 46, 40), GLOW)
    dome = path("M 232 332 C 232 236 300 172 400 172 C 500 172 568 236 568 332 Z")
    pen.fill(dome, color)
    pen.fill(dome - ellipse(330, 320, 190, 210), dark(color, 0.16))
    pen.fill(stroke("M 268 304 C 276 256 306 220 346 206", 12), light(color, 0.45))
    pen.fill(rect(228, 322, 344, 16, 8), dark(color, 0.3))
    pen.fill(rect(374, 138, 52, 40, 12), STEEL)
    pen.fill(rect(400, 138, 26, 40, 12), mix(STEEL, IRON, 0.25))


def table_lamp(pen, color):
    pen.shadow(400, 488, 140)
    pen.soft(400, 230, 270, 220, GLOW, 0.5)
    pen.fill(rect(393, 290, 14, 40), IRON)
    base = path("M 380 318 L 420 318 C 424 344 476 362 476 410 C 476 452 446 470 440 474 L 360 474 "
                "C 354 470 324 452 324 410 C 324 362 376 344 380 318 Z")
    pen.fill(base, color)
    pen.fill(base - ellipse(376, 400, 78, 120), dark(color, 0.2))
    pen.fill(stroke("M 350 398 C 350 380 360 368 372 360", 11), light(color, 0.5))
    pen.fill(rect(342, 470, 116, 20, 8), OAK)
    shade = path("M 322 116 L 478 116 L 540 308 L 260 308 Z")
    pen.fill(shade, "#fff0cf", to="#ffdf98")
    pen.fill(shade & rect(440, 100, 140, 220), "#e9b765", 0.28)
    pen.fill(path("M 324 110 L 476 110 L 480 122 L 320 122 Z"), color)
    pen.fill(path("M 263 298 L 537 298 L 541 312 L 259 312 Z"), color)


def chair(pen, color):
    pen.shadow(400, 490, 175)
    for leg in ("M 322 330 L 316 474", "M 478 330 L 484 474"):
        pen.fill(stroke(leg, 16), dark(color, 0.45))
    for post in ("M 310 330 L 298 118", "M 490 330 L 502 118"):
        pen.fill(stroke(post, 18), dark(color, 0.12))
    for x in (348, 382, 418, 452):
        pen.fill(stroke(f"M {x} 180 L {400 + (x - 400) * 0.94} 326", 9), dark(color, 0.28))
    back = path("M 284 108 Q 400 82 516 108 Q 526 140 518 186 Q 400 166 282 186 Q 274 140 284 108 Z")
    pen.fill(back, color)
    pen.fill(stroke("M 302 122 Q 400 102 498 122", 8), light(color, 0.4))
    pen.fill(path("M 276 344 L 524 344 L 530 366 Q 528 374 520 374 L 280 374 Q 272 374 270 366 Z"), dark(color, 0.3))
    pen.fill(path("M 302 308 L 498 308 Q 508 308 512 318 L 530 352 Q 532 360 522 360 L 278 360 "
                  "Q 268 360 270 352 L 288 318 Q 292 308 302 308 Z"), color)
    pen.fill(path("M 308 318 L 492 318 L 498 330 L 302 330 Z"), light(color, 0.25))
    for leg in ("M 290 372 L 296 372 L 306 372 L 298 490 L 282 490 Z", "M 494 372 L 510 372 L 518 490 L 502 490 Z"):
        pen.fill(path(leg), color)
    pen.fill(stroke("M 298 432 L 502 432", 8), dark(color, 0.2))


def armchair(pen, color):
    pen.shadow(400, 490, 240, 18)
    for leg in ("M 252 440 L 276 440 L 266 490 L 254 490 Z", "M 548 440 L 524 440 L 534 490 L 546 490 Z"):
        pen.fill(path(leg), OAK)
    pen.fill(rect(262, 120, 276, 300, 70), color)
    pen.fill(rect(284, 142, 232, 230, 54), light(color, 0.14))
    for x, y in ((345, 205), (400, 205), (455, 205), (372, 262), (428, 262)):
        pen.fill(ellipse(x, y, 6), dark(color, 0.25))
    pen.fill(rect(232, 372, 336, 82, 24), dark(color, 0.2))
    pen.fill(rect(276, 318, 248, 78, 30), light(color, 0.06))
    pen.fill(rect(276, 366, 248, 30, 15), dark(color, 0.1))
    for x in (206, 514):
        pen.fill(rect(x, 256, 80, 200, 40), dark(color, 0.08))
        pen.fill(rect(x + 12, 268, 56, 56, 28), light(color, 0.2))


def stool(pen, color):
    pen.shadow(400, 490, 170)
    pen.fill(stroke("M 400 250 L 400 470", 17), dark(OAK, 0.35))
    pen.fill(stroke("M 304 404 Q 400 428 496 404", 9), dark(OAK, 0.2))
    for leg in ("M 322 240 L 340 240 L 290 490 L 268 490 Z", "M 478 240 L 460 240 L 510 490 L 532 490 Z"):
        pen.fill(path(leg), OAK)
    pen.fill(path("M 254 212 L 546 212 L 546 238 C 546 290 254 290 254 238 Z"), dark(color, 0.14))
    pen.fill(ellipse(400, 212, 146, 40), light(color, 0.1))
    pen.fill(ellipse(372, 204, 86, 18), light(color, 0.3))


def kettle(pen, color):
    pen.shadow(410, 490, 190)
    pen.fill(stroke("M 310 330 C 268 130 532 130 490 330", 22), OAK)
    pen.fill(stroke("M 318 270 C 322 184 386 170 430 176", 6), light(OAK, 0.4))
    spout = path("M 500 366 C 552 360 556 300 592 272 L 630 290 C 610 320 612 400 524 446 Z")
    pen.fill(spout, dark(color, 0.12))
    pen.fill(path("M 586 268 L 636 290 L 630 302 L 580 282 Z"), dark(color, 0.3))
    body = path("M 256 458 C 238 372 300 306 400 306 C 500 306 562 372 544 458 Q 538 490 510 490 "
                "L 290 490 Q 262 490 256 458 Z")
    pen.fill(body, color)
    pen.fill(body - ellipse(366, 380, 160, 190), dark(color, 0.18))
    pen.fill(body & rect(230, 470, 340, 30), dark(color, 0.34))
    pen.fill(stroke("M 286 430 C 282 390 302 358 330 344", 15), light(color, 0.5))
    pen.fill(rect(326, 298, 148, 18, 9), dark(color, 0.3))
    pen.fill(path("M 338 300 Q 346 272 400 270 Q 454 272 462 300 Z"), color)
    pen.fill(ellipse(400, 260, 17), OAK)
    for x in (312, 488):
        pen.fill(ellipse(x, 330, 17), STEEL)


def teapot(pen, color):
    pen.shadow(400, 490, 190)
    pen.fill(stroke("M 520 360 C 640 300 640 470 516 438", 24), dark(color, 0.12))
    pen.fill(path("M 300 440 C 220 430 226 330 176 306 L 212 286 C 258 310 262 356 312 366 Z"), dark(color, 0.12))
    body = path("M 400 290 C 500 290 548 346 548 402 C 548 452 512 480 470 484 L 330 484 "
                "C 288 480 252 452 252 402 C 252 346 300 290 400 290 Z")
    pen.fill(rect(330, 470, 140, 20, 8), dark(color, 0.35))
    pen.fill(body, color)
    pen.fill(body - ellipse(368, 370, 160, 140), dark(color, 0.16))
    pen.fill(body & path("M 240 384 Q 400 430 560 384 L 560 402 Q 400 448 240 402 Z"), CREAM)
    pen.fill(stroke("M 282 386 C 288 352 308 330 338 320", 13), light(color, 0.5))
    pen.fill(path("M 318 304 Q 330 262 400 260 Q 470 262 482 304 Q 400 322 318 304 Z"), light(color, 0.12))
    pen.fill(stroke("M 320 304 Q 400 322 480 304", 7), dark(color, 0.3))
    pen.fill(ellipse(400, 246, 19), dark(color, 0.2))
    pen.fill(ellipse(395, 241, 7), light(color, 0.5))


def mug(pen, color, steam=True):
    pen.shadow(410, 490, 160)
    if steam:
        for x in (348, 400, 452):
            pen.fill(stroke(f"M {x} 206 C {x - 34} 170 {x + 34} 146 {x} 104", 13), "#ffffff", 0.62)
    pen.fill(stroke("M 512 306 C 612 290 612 432 510 416", 27), dark(color, 0.15))
    body = path("M 276 250 L 524 250 L 516 444 Q 512 490 466 490 L 334 490 Q 288 490 284 444 Z")
    pen.fill(body, color)
    pen.fill(body & rect(456, 240, 100, 260), dark(color, 0.16))
    pen.fill(stroke("M 308 304 L 314 420", 15), light(color, 0.45))
    pen.fill(ellipse(400, 250, 124, 34), light(color, 0.35))
    pen.fill(ellipse(400, 254, 108, 26), "#5b3a2a")
    pen.fill(ellipse(378, 258, 62, 12), "#8a5a3c")


def plant(pen, color):
    pen.shadow(400, 490, 150)
    leaf = path("M 400 372 C 330 300 344 190 400 128 C 456 190 470 300 400 372 Z")
    vein = stroke("M 400 366 L 400 170", 5)
    for degrees, green in ((-62, "#2f6b4f"), (62, "#2f6b4f"), (-32, "#3c8461"), (34, "#3c8461"), (0, "#4f9f76")):
        pen.fill(turned(leaf, degrees, 400, 372), green)
        pen.fill(turned(leaf & rect(400, 100, 100, 300), degrees, 400, 372), dark(green, 0.15))
        pen.fill(turned(vein, degrees, 400, 372), light(green, 0.35))
    pot = path("M 306 376 L 494 376 L 470 478 Q 466 490 454 490 L 346 490 Q 334 490 330 478 Z")
    pen.fill(pot, color)
    pen.fill(pot & rect(430, 370, 90, 130), dark(color, 0.16))
    pen.fill(rect(294, 352, 212, 38, 10), light(color, 0.12))
    pen.fill(rect(430, 352, 76, 38, 10), color)
    pen.fill(stroke("M 342 408 L 354 462", 11), light(color, 0.4))


def alarm_clock(pen, color):
    pen.shadow(400, 490, 160)
    for foot in ("M 304 420 L 278 486", "M 496 420 L 522 486"):
        pen.fill(stroke(foot, 20), IRON)
    pen.fill(stroke("M 400 160 L 400 112", 12), IRON)
    pen.fill(rect(376, 92, 48, 26, 13), IRON)
    for degrees in (-36, 36):
        bell = path("M 334 150 C 334 84 466 84 466 150 Z")
        pen.fill(turned(bell, degrees, 400, 318), dark(color, 0.1))
        pen.fill(turned(rect(326, 144, 148, 13, 6), degrees, 400, 318), dark(color, 0.3))
    pen.fill(ellipse(400, 326, 158), color)
    pen.fill(ellipse(400, 326, 158) - ellipse(388, 314, 158), dark(color, 0.22))
    pen.fill(ellipse(400, 326, 126), CREAM)
    for hour in range(12):
        long = 26 if hour % 3 == 0 else 14
        pen.fill(turned(rect(396, 212, 8, long, 4), hour * 30, 400, 326), IRON)
    pen.fill(turned(rect(393, 254, 14, 80, 7), -60, 400, 326), IRON)
    pen.fill(turned(rect(395, 228, 10, 108, 5), 60, 400, 326), IRON)
    pen.fill(turned(rect(398, 240, 4, 92, 2), 180, 400, 326), "#d9563f")
    pen.fill(ellipse(400, 326, 12), "#d9563f")


def radio(pen, color):
    pen.shadow(400, 490, 230)
    pen.fill(stroke("M 552 250 L 606 96", 7), STEEL)
    pen.fill(ellipse(606, 96, 9), IRON)
    pen.fill(stroke("M 280 254 C 282 192 518 192 520 254", 16), OAK)
    pen.fill(rect(220, 474, 40, 16, 4), IRON)
    pen.fill(rect(540, 474, 40, 16, 4), IRON)
    pen.fill(rect(186, 246, 428, 234, 34), color)
    pen.fill(rect(186, 246, 428, 234, 34) - rect(180, 240, 440, 212, 34), dark(color, 0.2))
    pen.fill(rect(206, 264, 388, 182, 22), light(color, 0.14))
    pen.fill(ellipse(306, 354, 80), IRON)
    for ring, dots in ((0, 1), (19, 6), (38, 12), (57, 18)):
        for k in range(dots):
            pen.fill(turned(ellipse(306, 354 - ring, 6), 360 * k / dots, 306, 354), mix(IRON, CREAM, 0.45))
    pen.fill(rect(416, 280, 160, 62, 12), CREAM)
    for k in range(9):
        pen.fill(rect(432 + k * 16, 296, 3, 22 if k % 2 else 30), IRON)
    pen.fill(rect(486, 286, 4, 50), "#d9563f")
    for x, degrees in ((446, -40), (546, 25)):
        pen.fill(ellipse(x, 398, 29), OAK)
        pen.fill(ellipse(x, 398, 20), light(OAK, 0.25))
        pen.fill(turned(rect(x - 2, 374, 5, 20, 2), degrees, x, 398), IRON)
