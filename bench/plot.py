# SPDX-License-Identifier: Apache-2.0
"""Plots as SVG, axes logarithmic: lines over sizes that grow tenfold, and ranges beside names. A figure is drawn as its
median with a bar from the lowest to the highest. Text in a colour that both light and dark pages show."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 320, 70, 250, 30, 55
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b")
TEXT = 'font-family="sans-serif" font-size="12" fill="#808080"'
GRID = 'stroke="#80808060"'
WIDE, NAMES = 900, 350  # of ranges: their width, room for names


def scale(low, high, begin, end):
    """A function from figures to places; logarithmic."""
    low, high = math.log10(low), math.log10(high)
    return lambda value: begin + (math.log10(value) - low) / ((high - low) or 1) * (end - begin)


def steps(low, high):
    """1, 2 and 5 of each decade that holds a figure, from below the lowest to above the highest."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = [factor * 10.0**power for power in powers for factor in (1, 2, 5)]
    first = max([step for step in every if step <= low], default=every[0])
    last = min([step for step in every if step >= high], default=every[-1])
    return [step for step in every if first <= step <= last]


def label(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def text(x, y, words, anchor="start"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {TEXT}>{escape(words)}</text>'


def line(x1, y1, x2, y2, style):
    return f'<line x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}" {style}/>'


def opened(title, width, height):
    return [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
            f"<title>{escape(title)}</title>"]  # fmt: skip


def low_of(figure):
    return figure.get("low", figure["median"])


def high_of(figure):
    return figure.get("high", figure["median"])


def legend(names, left):
    out = []
    for number, name in enumerate(names):
        y = TOP + 14 + 18 * number
        out += [f'<rect x="{left}" y="{y - 9}" width="10" height="10" fill="{COLOURS[number % len(COLOURS)]}"/>',
                text(left + 16, y, name)]  # fmt: skip
    return out


def drawn(points, across, up, colour):
    places = " ".join(f"{across(x):.1f},{up(figure['median']):.1f}" for x, figure in points)
    out = [f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"/>']
    for x, figure in points:
        out += [line(across(x), up(low_of(figure)), across(x), up(high_of(figure)), f'stroke="{colour}"'),
                f'<circle cx="{across(x):.1f}" cy="{up(figure["median"]):.1f}" r="3" fill="{colour}"/>']  # fmt: skip
    return out


def svg(title, unit, sizes, lines, allowed):
    """`lines`: {name: [(size, figure), ...]}; figures above 0. `allowed`: how much more each tenfold may cost, drawn from
    the middle of what the first sizes cost."""
    points = [point for some in lines.values() for point in some]
    columns = sorted({x for x, _ in points})
    firsts = [figure["median"] for some in lines.values() for _, figure in some[:1]]
    begin = math.exp(sum(map(math.log, firsts)) / len(firsts))
    end = begin * allowed ** math.log10(columns[-1] / columns[0])
    rows = steps(min(low_of(figure) for _, figure in points), max(end, *(high_of(figure) for _, figure in points)))
    across = scale(columns[0], columns[-1], LEFT, WIDTH - RIGHT)
    up = scale(rows[0], rows[-1], HEIGHT - BOTTOM, TOP)
    out = opened(title, WIDTH, HEIGHT) + [text(LEFT, 18, f"{title} ({unit})")]
    for row in rows:
        out += [line(LEFT, up(row), WIDTH - RIGHT, up(row), GRID), text(LEFT - 6, up(row) + 4, label(row), "end")]
    out += [text(across(column), HEIGHT - BOTTOM + 18, label(column), "middle") for column in columns]
    out.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, sizes, "middle"))
    out.append(line(LEFT, up(begin), WIDTH - RIGHT, up(end), 'stroke="#808080" stroke-dasharray="5 4"'))
    out.append(text(WIDTH - RIGHT + 12, TOP + 14 + 18 * len(lines), f"- - {allowed:g} × for each tenfold"))
    for number, some in enumerate(lines.values()):
        out += drawn(some, across, up, COLOURS[number % len(COLOURS)])
    return "\n".join(out + legend(lines, WIDTH - RIGHT + 12) + ["</svg>", ""])


def ranges(title, unit, aim, rows):
    """`rows`: [(name, {kind: figure}), ...]; kinds have a colour each. `aim`: (figure, what it is), a dashed line."""
    kinds = list(dict.fromkeys(kind for _, some in rows for kind in some))
    figures = [figure for _, some in rows for figure in some.values()]
    columns = steps(min(aim[0], *map(low_of, figures)), max(aim[0], *map(high_of, figures)))
    right = WIDE - RIGHT
    across = scale(columns[0], columns[-1], NAMES, right)
    row_height = 16 + 4 * len(kinds)
    bottom = TOP + row_height * len(rows)
    out = opened(title, WIDE, max(bottom + 44, TOP + 18 * (len(kinds) + 2))) + [text(10, 18, title)]
    for column in columns:
        x = across(column)
        out += [line(x, TOP, x, bottom, GRID), text(x, bottom + 16, label(column), "middle")]
    out.append(text((NAMES + right) / 2, bottom + 34, unit, "middle"))
    out.append(line(across(aim[0]), TOP, across(aim[0]), bottom, 'stroke="#808080" stroke-dasharray="5 4"'))
    out.append(text(right + 12, TOP + 14 + 18 * len(kinds), f"- - {aim[1]}"))
    for number, (name, some) in enumerate(rows):
        y = TOP + row_height * (number + 0.5)
        out.append(text(NAMES - 8, y + 4, name, "end"))
        for kind, figure in some.items():
            place = kinds.index(kind)
            out += drawn_across(figure, across, y + (place - (len(kinds) - 1) / 2) * 4, COLOURS[place % len(COLOURS)])
    return "\n".join(out + legend(kinds, right + 12) + ["</svg>", ""])


def drawn_across(figure, across, y, colour):
    return [line(across(low_of(figure)), y, across(high_of(figure)), y, f'stroke="{colour}" stroke-width="2"'),
            f'<circle cx="{across(figure["median"]):.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>']  # fmt: skip
