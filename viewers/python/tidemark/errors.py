# SPDX-License-Identifier: Apache-2.0
"""Why a stats segment could not be read: the same words as tidemark/stats_reader_open.h, which a test compares."""


class StatsError(Exception):
    """The message says which segment, what failed and what to do; `code` is one of the names below."""

    def __init__(self, code, path="", cause=""):
        message = f"cannot read {path or 'the stats segment'}: {TEXTS[code]}"
        super().__init__(f"{message}: {cause}" if cause else message)
        self.code = code
        self.path = path


class NoCollectorError(StatsError):
    """No collector runs that would keep the figures current: never started, ended, or silent."""


TEXTS = {
    "NO_SEGMENT": "no such segment: start the collector (tidemarkd), or name its instance",
    "PERMISSION": "permission denied: ask the collector's owner for --mode or --group",
    "NOT_TRUSTED": "not a regular file of root, of yourself or of a trusted user: refused; "
    "trust its owner explicitly if you do",
    "BAD_MAGIC": "not a Tidemark stats segment (wrong magic): another program uses this name",
    "BYTE_ORDER": "written in the other byte order: read it on the machine that wrote it",
    "VERSION": "another major version of the layout: use the reader of the collector's release",
    "INCOMPATIBLE": "uses features that this reader does not know: update the reader",
    "TRUNCATED": "shorter than its header and tables say: restart the collector",
    "MALFORMED": "a table's sizes contradict each other: restart the collector",
    "BAD_NAME": "not an instance name: 1 to 63 characters without a slash",
    "SYSTEM": "the system refused to open or map it",
    "STOPPED": "its collector has ended, so the figures are old: start it again (tidemarkd)",
    "STALLED": "its collector gives no sign of life: look whether it runs (tidemarkd --status), or start it again",
    "BUSY": "a row changed faster than it could be read: try again",
}
