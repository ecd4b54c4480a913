# SPDX-License-Identifier: Apache-2.0
"""One plot as SVG: lines over sizes that grow tenfold, both axes logarithmic. Text in a colour that both light and dark
pages show."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 300, 60, 190, 30, 40
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b")
TEXT = 'font-family="sans-serif" font-size="12" fill="#808080"'


def scale(low, high, begin, end):
    """A function from figures to places; logarithmic."""
    low, high = math.log10(low), math.log10(high)
    return lambda value: begin + (math.log10(value) - low) / ((high - low) or 1) * (end - begin)


def decades(low, high):
    return [10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def label(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def svg(title, unit, lines):
    """`lines`: {name: [(size, figure), ...]}; figures above 0."""
    points = [point for line in lines.values() for point in line]
    rows = decades(min(y for _, y in points), max(y for _, y in points))
    columns = sorted({x for x, _ in points})
    across = scale(columns[0], columns[-1], LEFT, WIDTH - RIGHT)
    up = scale(rows[0], rows[-1], HEIGHT - BOTTOM, TOP)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
           f"<title>{escape(title)}</title>",
           f'<text x="{LEFT}" y="18" {TEXT}>{escape(title)} ({escape(unit)})</text>']  # fmt: skip
    for row in rows:
        out += [f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{up(row):.1f}" y2="{up(row):.1f}" stroke="#80808060"/>',
                f'<text x="{LEFT - 6}" y="{up(row) + 4:.1f}" text-anchor="end" {TEXT}>{label(row)}</text>']  # fmt: skip
    for column in columns:
        out.append(f'<text x="{across(column):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle" {TEXT}>{label(column)}</text>')
    for number, (name, line) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in sorted(line))
        out.append(f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2"/>')
        y = TOP + 14 + 18 * number
        out += [f'<rect x="{WIDTH - RIGHT + 12}" y="{y - 9}" width="10" height="10" fill="{colour}"/>',
                f'<text x="{WIDTH - RIGHT + 28}" y="{y}" {TEXT}>{escape(name)}</text>']  # fmt: skip
    return "\n".join(out + ["</svg>", ""])
