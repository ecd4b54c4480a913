# SPDX-License-Identifier: Apache-2.0
"""The numbers behind Tidemark's words, as include/tidemark/words.h has them (a test compares), and sizes for people."""
import re

HOST = 0xFFFF  # the host as a device; accelerators are 0, 1, 2 ...
MEMORIES = {"DRAM": 0, "L1": 1, "HOST": 2}
POOLS = {"DRAM": 0, "L1": 1, "SYSTEM_MEMORY": 2, "L1_SMALL": 3, "TRACE": 4, "CB": 5, "KERNEL": 6}
ANY_POOL = 15  # in frees only: whichever pool holds the buffer
LOSS_CAUSES = ("full", "no_collector", "no_lane", "handler", "no_space", "budget", "sandbox", "corrupt")
UNITS = ("B", "KB", "MB", "GB", "TB", "PB", "EB")


def device_number(device):
    """0, 1, 2 … or "host" as the number that events and rows have. Raises ValueError."""
    if device == "host":
        return HOST
    if isinstance(device, bool) or not isinstance(device, int) or not 0 <= device <= HOST:
        raise ValueError(f'no device {device!r}: give 0 to {HOST - 1}, or "host"')
    return device


def device_word(number):
    return "host" if number == HOST else str(number)


def format_bytes(size):
    """1024-based: 471859200 is `450.00 MB`, 512 is `512 B`. A difference keeps its sign."""
    value, unit = abs(size), 0
    # 1023.995 and above would print as 1024.00.
    while value >= (1024 if unit == 0 else 1023.995) and unit + 1 < len(UNITS):
        value, unit = value / 1024, unit + 1
    sign = "-" if size < 0 else ""
    return f"{sign}{value} B" if unit == 0 else f"{sign}{value:.2f} {UNITS[unit]}"


def parse_size(text):
    """Bytes of `64 MB`, `64M`, `1.5 KiB` or a number, all 1024-based. Raises ValueError."""
    if isinstance(text, int) and not isinstance(text, bool) and text >= 0:
        return text
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?) ?(?:([KMGT])?i?B?)\s*", str(text), re.IGNORECASE)
    if not match:
        raise ValueError(f"not a size: {text!r}; give bytes, or a number with K, M, G, KB, MB or GB (1024-based)")
    factor = 1024 ** (" KMGT".index(match[2].upper()) if match[2] else 0)
    return int(match[1]) * factor if match[1].isdigit() else round(float(match[1]) * factor)
