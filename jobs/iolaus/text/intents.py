"""What a request is after: the capabilities that distillation campaigns were seen to extract.

A request shows a class by its intent:

- reasoning: it asks to be shown how an answer is reached: thoughts, derivation, worked steps, or the
  reasoning behind an answer that is already there.
- grading: it asks for given answers or work to be judged (score, preference, verdict, check against a
  reference), or for the rubric by which to do so.
- coding: it asks for program code, queries or configuration to be written, explained, fixed or reviewed.
- tools: it puts a model to work with tools or other agents, or asks how to plan or orchestrate such work.
- analysis: it asks what data say, or how to find out: statistics, tables, trends, charts.
- vision: it brings images, which are counted and not read.
- rewriting: it asks for something politically sensitive to be reworded or answered so that a censor, or a
  government, takes no offence.

Each class but vision is recognised by structure and by words in several languages, in the request's text
(system prompt, then prompt). One request may show several; most show none. The result is a bit mask, so
that counts by capability are additive. `benchmarks/capability.py` measures how well it does.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from iolaus.settings import CAPABILITIES, DEFAULT
from iolaus.text.intent_patterns import PATTERNS, any_of

READ_CHARACTERS = 1_500  # the instruction stands at the head or the tail; the middle is payload
TAIL_CHARACTERS = 400  # read of the end of a longer text


# A text may be in another language than English if it has letters beyond ASCII, or words that such texts are full of.
_LATIN = ("es", "de", "fr", "pt", "tr", "vi", "id")
_LATIN_WORDS = (
    r"\b(?:que|para|los|las|del|una?|con|por|el|la|tu|de|en|und|der|das|ist|mit|wie|nicht|eine?|zu|les?|des|du|est|une|pour|dans|au"
    r"|uma?|com|como|os|yang|dan|untuk|dari|ini|atau|di|ke|bahwa|adalah|dengan|pada|bir|ile|daha)\b"
)
# Cyrillic to Khmer, kana to Hangul; not Greek, punctuation, emoji
_OTHER_SCRIPTS = r"[\x{400}-\x{1dff}\x{3040}-\x{d7ff}]"
_WORD_STARTS = r"(?:^|[\s\"'«¿¡:>(,.-])"  # \b, of words that may begin with a letter beyond ASCII

BIT: dict[str, int] = {name: 1 << i for i, name in enumerate(CAPABILITIES)}


def text_capabilities(
    normalised: pa.Array, added: Mapping[str, tuple[str, ...]] = DEFAULT.capability_patterns
) -> np.ndarray[Any, np.dtype[np.int16]]:
    """Bit masks of the capabilities that normalised texts ask for (see `fingerprints.normalise`).

    `added` are a deployment's own patterns: a text that matches any of a capability asks for it, whatever else it says.
    """
    read = _read(normalised)
    every = np.ones(len(read), bool)
    beyond = _flags(pc.invert(pc.string_is_ascii(read)))
    other = _found(read, beyond, _OTHER_SCRIPTS)
    latin = _found(read, every, _LATIN_WORDS) | (beyond & ~other)
    spoken = (
        (every, read, _everywhere),
        (latin, read.filter(latin), _in_latin),
        (other, read.filter(other), _in_other_scripts),
    )
    mask = np.zeros(len(read), np.int16)
    for name, conditions in PATTERNS.items():
        left = every
        for words in conditions:
            found = np.zeros(len(read), bool)
            for rows, texts, pattern in spoken:
                found[rows] |= _found(texts, left[rows], pattern(words))
            left = found
        mask[left] |= BIT[name]
    for name, patterns in added.items():
        for own in patterns:
            mask[_found(read, every, own)] |= BIT[name]
    return mask


def _read(normalised: pa.Array) -> pa.Array:
    """The part of each text in which an instruction is looked for."""
    longer = _flags(pc.greater(pc.binary_length(normalised), READ_CHARACTERS))  # in bytes, which is quickly told
    longer[longer] = _flags(pc.greater(pc.utf8_length(normalised.filter(longer)), READ_CHARACTERS))
    if not longer.any():
        return normalised
    long = normalised.filter(longer)
    head, tail = (
        pc.utf8_slice_codeunits(long, 0, READ_CHARACTERS),
        pc.utf8_slice_codeunits(long, -TAIL_CHARACTERS, None),
    )
    return pc.replace_with_mask(normalised, longer, pc.binary_join_element_wise(head, tail, "\n"))


def _everywhere(words: dict[str, str]) -> str:
    return rf"\b(?:{words['en']})|{words['form']}"


def _in_latin(words: dict[str, str]) -> str:
    return _WORD_STARTS + "(?:" + any_of(*(words[language] for language in _LATIN)) + ")"


def _in_other_scripts(words: dict[str, str]) -> str:
    return any_of(*(pattern for language, pattern in words.items() if language not in (*_LATIN, "en", "form")))


def _found(texts: pa.Array, among: npt.NDArray[np.bool_], pattern: str) -> npt.NDArray[np.bool_]:
    """Which of the texts that are among these show the pattern."""
    found = among.copy()
    found[among] = _flags(pc.match_substring_regex(texts if among.all() else texts.filter(among), pattern))
    return found


def _flags(flags: pa.BooleanArray) -> npt.NDArray[np.bool_]:
    return np.array(flags.to_numpy(zero_copy_only=False), bool)
