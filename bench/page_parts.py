# SPDX-License-Identifier: Apache-2.0
"""What every section of the page is made of: tables, and how a figure is written."""

BIN = "build/release/bin/"  # of the commands that repeat a figure


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "|".join("---" if i == 1 else "--:" for i in range(len(head))) + "|"]
    lines[1] = lines[1].replace("--:|---", "--:|:--", 1)
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def number(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def ratio(value):
    return f"**{value:.3f}**" if value < 0.1 else f"**{value:.2f}**"


def million(nanoseconds):
    return number(1e3 / nanoseconds)


def spread(figure, show):
    low, high = sorted((show(figure["low"]), show(figure["high"])), key=lambda text: float(text.replace(",", "")))
    return f"{low} to {high}"
