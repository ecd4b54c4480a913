# SPDX-License-Identifier: Apache-2.0
"""The page's words are the terminal's: each piece of a sentence in words.js stands in viewers/model too, and each cause of
loss has the same words."""
import os
import re
import unittest
from pathlib import Path

SOURCE = Path(os.environ["TIDEMARK_SOURCE_DIR"])
WORDS = (SOURCE / "viewers/web/assets/page/words.js").read_text()


def without_figures(code):
    """JavaScript with what is put into its sentences replaced by a mark, innermost first."""
    before = None
    while before != code:
        before, code = code, re.sub(r"\$\{[^{}]*\}", "\x00", code)
    return code


def literals(path):
    """The strings of a C++ file; those that follow each other are one."""
    text = re.sub(r'"\s*\n\s*"', "", (SOURCE / path).read_text())
    return "\n".join(re.findall(r'"((?:[^"\\\n]|\\.)*)"', text))


def table(path, name):
    """The strings of an array."""
    body = re.search(rf"\b{name} = \{{(.*?)\}};", (SOURCE / path).read_text(), re.DOTALL).group(1)
    return re.findall(r'"([^"]*)"', body)


def pieces_of(code):
    """What stands between figures and punctuation in its sentences."""
    sentences = re.findall(r"`((?:[^`\\]|\\.)*)`", code) + re.findall(r"'([^'\n]* [^'\n]*)'", code)
    pieces = [piece.strip() for text in sentences for piece in re.split(r"[\x00;:(),`]|\\", text)]
    return [piece for piece in pieces if len(piece) > 4]


class Words(unittest.TestCase):
    def test_causes_of_loss_have_the_words_of_the_model(self):
        causes = (SOURCE / "include/tidemark/words.h").read_text().split("define TIDEMARK_LOSS_CAUSES", 1)[1]
        keys = re.findall(r'X\(\w+, "(\w+)"', causes.split("\n\n", 1)[0])
        expected = dict(zip(keys, table("viewers/model/names.cpp", "kLossWords"), strict=True))
        self.assertGreater(len(expected), 5)
        listed = re.search(r"const LOSS = \{(.*?)\};", WORDS, re.DOTALL).group(1)
        self.assertEqual(dict(re.findall(r"(\w+): '([^']*)'", listed)), expected)

    def test_every_piece_of_a_sentence_stands_in_the_model(self):
        model = literals("viewers/model/status_lines.cpp") + literals("viewers/model/figures.cpp")
        code = re.sub(r"//[^\n]*", "", WORDS[WORDS.index("export function lossSentence") : WORDS.index("export function stateOf")])
        pieces = pieces_of(without_figures(code))
        self.assertGreater(len(pieces), 15)
        self.assertEqual([piece for piece in pieces if piece not in model], [])


if __name__ == "__main__":
    unittest.main()
