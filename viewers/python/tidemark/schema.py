# SPDX-License-Identifier: Apache-2.0
"""Decodes payloads by the schema that the segment carries, so that this package holds no second description of the
tables. Fields of a type that is not known here are left out."""
import json
import struct

from .errors import StatsError

CODES = {"u64": "Q", "u32": "I", "i32": "i", "text": "s"}
SIZES = {"u64": 8, "u32": 4, "i32": 4, "text": 1}


class Decoder:
    """Turns the payload bytes of one table into a dict."""

    def __init__(self, fields, payload_size):
        self._fields = [_checked(field) for field in fields if field["type"] in CODES]
        self._fields.sort(key=lambda field: field["offset"])
        if "in_use" not in {field["name"] for field in self._fields}:
            raise ValueError("a table without in_use")
        pattern, at = "=", 0
        for field in self._fields:
            if field["offset"] < at:
                raise ValueError(f"field {field['name']} overlaps another")
            pattern += f"{field['offset'] - at}x{field['count']}{CODES[field['type']]}"
            at = field["offset"] + field["count"] * SIZES[field["type"]]
            if at > payload_size:
                raise ValueError("fields reach beyond their payload")
        self._pattern = struct.Struct(pattern)

    def __call__(self, payload):
        values = iter(self._pattern.unpack_from(payload))
        return {field["name"]: self._value(field, values) for field in self._fields}

    @staticmethod
    def _value(field, values):
        if field["type"] == "text":
            return next(values).split(b"\0", 1)[0].decode("utf-8", "replace")
        if field["array"]:
            return tuple(next(values) for _ in range(field["count"]))
        return next(values)


def _checked(field):
    """The field, if its words are of the kinds that are relied on. What of it is not known here is left out."""
    kinds = {"name": str, "type": str, "offset": int, "count": int, "array": bool}
    for word, kind in kinds.items():
        if type(field[word]) is not kind:
            raise ValueError(f"the {word} of a field is {field[word]!r:.40}")
    if field["offset"] < 0 or field["count"] < 0 or (field["type"] != "text" and not field["array"] and field["count"] != 1):
        raise ValueError(f"field {field['name']} lies nowhere")
    return {word: field[word] for word in kinds}


def decoders(segment):
    """{table name: (table, decoder)} for every table that both the schema and the directory have."""
    try:
        schema = json.loads(segment.schema_json)
        known = [entry for entry in schema["tables"] if entry["table"] in segment.tables]
        tables = [(entry["name"], segment.tables[entry["table"]], entry["fields"]) for entry in known]
        return {name: (table, Decoder(fields, table.payload_size)) for name, table, fields in tables}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StatsError("MALFORMED", segment.path, f"schema: {error}") from error
