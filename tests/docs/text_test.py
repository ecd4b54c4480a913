# SPDX-License-Identifier: Apache-2.0
"""Links of the documents lead somewhere, code that README.md quotes stands in the file it is from, and every verb and
flag that a document or a manual page names is one that `--help` names."""
import re
import subprocess
import unittest
from functools import lru_cache

from documents import BIN, ROOT, blocks, markdown, prose

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SPAN = re.compile(r"`([^`\n]+)`")
FLAG = re.compile(r"(?<![\w-])--?[A-Za-z1][\w-]*")
LONG = re.compile(r"(?<![\w-])--[a-z][\w-]*")
QUOTED = {"c": (".c", ".h"), "cpp": (".cpp",), "python": (".py",)}
# Flags of other programs, in lines that name them.
FOREIGN = re.compile(r"\b(cmake|systemctl|docker|pkg-config|ctest|cc|man|ls|du|ulimit|mount)\b")


@lru_cache(maxsize=None)
def help_of(program, verb=None):
    command = [BIN / program] + ([verb] if verb else []) + ["--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


@lru_cache(maxsize=None)
def verbs():
    named = re.findall(r"^  ([a-z]+)  +[a-z]", help_of("tidemark"), re.MULTILINE)
    return tuple(verb for verb in named if verb != "tidemark")  # that is an example


def flags(text):
    return set(FLAG.findall(text))


@lru_cache(maxsize=None)
def every_flag():
    texts = [help_of("tidemarkd"), help_of("tidemark"), *(help_of("tidemark", verb) for verb in verbs())]
    texts.append(subprocess.run([ROOT / "dev", "help"], capture_output=True, text=True, timeout=60).stdout)
    return flags("\n".join(texts)) | {"--version", "-V", "--help", "-h"}


def complaints(command):
    """What of one command line is not in `--help`. Nothing if it is not one of ours."""
    words = re.sub(r"^(\w+=\S* +)+", "", command.strip().removeprefix("$ ")).split("  #")[0].split("    ")[0]
    own = re.split(r" -- | \| |;|>", words)[0].split()
    if not own or own[0] not in ("tidemark", "tidemarkd"):
        return
    program, rest = own[0], own[1:]
    verb = rest[0] if program == "tidemark" and rest and re.fullmatch(r"[a-z]+", rest[0]) else None
    if verb and verb not in verbs():
        yield f"`{command}`: there is no verb {verb}"
        return
    known = flags(help_of(program, verb or ("smi" if program == "tidemark" else None)))
    for flag in flags(" ".join(rest)):
        if flag not in known and flag[:2] not in known:
            yield f"`{command}`: no flag {flag}"


class Text(unittest.TestCase):
    def test_relative_links_lead_to_files(self):
        for path, text in markdown().items():
            for target in LINK.findall(prose(text)):
                if re.match(r"[a-z]+:", target) or target.startswith("#"):
                    continue
                with self.subTest(document=str(path), link=target):
                    self.assertTrue((ROOT / path.parent / target.split("#")[0]).exists(), "leads nowhere")

    def test_quoted_code_stands_in_an_example(self):
        for language, code in blocks(markdown()[next(p for p in markdown() if str(p) == "README.md")]):
            if language in QUOTED:
                files = [f for f in (ROOT / "examples").iterdir() if f.suffix in QUOTED[language]]
                with self.subTest(code=code):
                    self.assertTrue(any(code in f.read_text(encoding="utf-8") for f in files), "in no example")

    def test_commands_name_verbs_and_flags_that_exist(self):
        for path, text in markdown().items():
            lines = SPAN.findall(prose(text))
            for language, code in blocks(text):
                if language in ("console", "sh", "text"):
                    lines += code.splitlines()
            for line in lines:
                with self.subTest(document=str(path)):
                    self.assertEqual(list(complaints(line)), [])

    def test_flags_named_alone_exist(self):
        for path, text in markdown().items():
            for span in SPAN.findall(prose(text)):
                if not span.startswith("-") or FOREIGN.search(span):
                    continue
                with self.subTest(document=str(path), span=span):
                    self.assertLessEqual(set(LONG.findall(span)), every_flag())

    def test_manual_pages_and_help_name_the_same_flags(self):
        helps = {
            "tidemarkd.8": help_of("tidemarkd"),
            "tidemark.1": help_of("tidemark") + "".join(help_of("tidemark", verb) for verb in verbs()),
        }
        for page, text in helps.items():
            roff = (ROOT / "docs/man" / page).read_text(encoding="utf-8")
            plain = re.sub(r"\\f[RBIP]", "", roff).replace("\\-", "-")
            own = "\n".join(line for line in plain.splitlines() if "tidemarkd --" not in line or page[8] == "d")
            usual = {"--help", "--version"}
            with self.subTest(page=page):
                text = "\n".join(line for line in text.splitlines() if page[8] == "d" or "tidemarkd --" not in line)
                self.assertEqual(set(LONG.findall(own)) | usual, set(LONG.findall(text)) | usual)

    def test_manual_pages_are_sound(self):
        for page in sorted((ROOT / "docs/man").iterdir()):
            with self.subTest(page=page.name):
                try:
                    done = subprocess.run(
                        ["groff", "-man", "-ww", "-z", page], capture_output=True, text=True, timeout=60
                    )
                except FileNotFoundError:
                    self.skipTest("groff is not installed")
                self.assertEqual((done.returncode, done.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
