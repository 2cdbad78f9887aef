"""Prompts from word lists, for whole columns at once.

A template is cut into literals and slots, and all literals and all words stand in two long arrays, so
that a column of prompts is a fixed number of `take`s and one join, whatever the templates of its rows.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from iolaus.simulate import words
from iolaus.simulate.hashing import I64, U64, below, draw

LANGUAGE_NAMES = tuple(words.LANGUAGES)
PARTS = ("ask", "context", "limit", "system", "short")
_SLOT = re.compile(r"\{(\w+)\}")
_TOPIC = -1  # a slot to be filled from the row's topic


@dataclass(frozen=True)
class Grammar:
    """Templates and words as arrays.

    `literals[t, s]` is the literal before slot s of template t (an index into `texts`), `lists[t, s]` the
    list of slot s (-1: the topic's), `slots[t]` their number; a list l is `base[l] .. base[l] + size[l]` in
    `vocabulary`. `family[part, language]` is (first template, number) and `topics[language]` the ids of
    the language's topic lists, `topic_ids` those by `language/name`.
    """

    texts: pa.StringArray
    literals: I64
    lists: I64
    slots: I64
    vocabulary: pa.StringArray
    base: I64
    size: I64
    family: I64
    topics: tuple[tuple[int, ...], ...]
    topic_ids: dict[str, int]
    given: dict[str, int]


class _Maker:
    """Collects words and templates while a grammar is made."""

    def __init__(self) -> None:
        self.vocabulary, self.base, self.size = [""], [0], [1]
        self.texts: dict[str, int] = {"": 0}
        self.templates: list[tuple[list[int], list[int]]] = [([0], [])]

    def words(self, entries: str) -> int:
        self.base.append(len(self.vocabulary))
        self.vocabulary += entries.split("|")
        self.size.append(len(self.vocabulary) - self.base[-1])
        return len(self.base) - 1

    def template(self, text: str, lists: dict[str, int]) -> int:
        parts = _SLOT.split(text)
        slots = [_TOPIC if name == "term" else lists[name] for name in parts[1::2]]
        self.templates.append(([self.texts.setdefault(p, len(self.texts)) for p in parts[0::2]], slots))
        return len(self.templates) - 1


@lru_cache(maxsize=4)
def grammar(given: tuple[str, ...]) -> Grammar:
    """The grammar of all languages, with further English templates `given` (templates, system prompts).

    Raises KeyError for a slot that names no list.
    """
    make = _Maker()
    numbers = make.words(words.NUMBERS)
    english = {name: make.words(entries) for name, entries in (words.ENGLISH | words.CODE).items()} | {"n": numbers}
    family = np.zeros((len(PARTS), len(LANGUAGE_NAMES), 2), dtype=np.int64)
    topics: list[tuple[int, ...]] = []
    topic_ids: dict[str, int] = {}
    for j, (language, (subjects, lists, sentences, _share)) in enumerate(words.LANGUAGES.items()):
        own = english | {name: make.words(entries) for name, entries in lists.items()}
        ids = {name: make.words(entries) for name, entries in subjects.items()}
        topics.append(tuple(ids.values()))
        topic_ids |= {f"{language}/{name}": number for name, number in ids.items()}
        for i, part in enumerate(PARTS):
            texts = ("{short}",) if part == "short" else sentences.get(part) or words.ENGLISH_SENTENCES[part]
            family[i, j] = make.template(texts[0], own), len(texts)
            for text in texts[1:]:
                make.template(text, own)
    extra = {text: make.template(text, english) for text in given}
    most = max(len(slots) for _, slots in make.templates)
    literals = np.zeros((len(make.templates), most + 1), dtype=np.int64)
    slot_lists = np.zeros((len(make.templates), most), dtype=np.int64)
    for t, (texts_of, slots) in enumerate(make.templates):
        literals[t, : len(texts_of)] = texts_of
        slot_lists[t, : len(slots)] = slots
    return Grammar(
        texts=pa.array(list(make.texts)),
        literals=literals,
        lists=slot_lists,
        slots=np.array([len(slots) for _, slots in make.templates]),
        vocabulary=pa.array(make.vocabulary),
        base=np.array(make.base),
        size=np.array(make.size),
        family=family,
        topics=tuple(topics),
        topic_ids=topic_ids,
        given=extra,
    )


def sentence(g: Grammar, template: I64, topic: I64, keys: U64) -> pa.Array:
    """One text a row: its template, with each slot drawn by its key. `topic` is the id of a topic's list."""
    used = int(g.slots[template].max(initial=0))
    columns = [g.texts.take(pa.array(g.literals[template, 0]))]
    bits = keys
    last_list = last_word = last_term = np.full(len(keys), -9, dtype=np.int64)
    for s in range(used):
        if s % 2 == 0:
            bits = draw(keys, 900 + s)
        half = bits if s % 2 == 0 else bits << np.uint64(32)
        which = g.lists[template, s]
        is_term = which == _TOPIC
        which = np.where(is_term, topic, which)
        size = g.size[which]
        before = np.where(is_term, last_term, np.where(which == last_list, last_word, -9))
        # a term is not the template's last term again, nor a word the one just before it
        word = np.where(
            (before >= 0) & (size > 1), (before + 1 + below(half, np.maximum(size - 1, 1))) % size, below(half, size)
        )
        last_list, last_word, last_term = which, word, np.where(is_term, word, last_term)
        columns.append(g.vocabulary.take(pa.array(g.base[which] + word)))
        columns.append(g.texts.take(pa.array(g.literals[template, s + 1])))
    return pc.binary_join_element_wise(*columns, "") if len(columns) > 1 else columns[0]


def pick(g: Grammar, part: str, language: I64, keys: U64) -> I64:
    """A template of the part, in each row's language."""
    first, number = np.moveaxis(g.family[PARTS.index(part)][language], -1, 0)
    return np.asarray(first + below(draw(keys, 880 + PARTS.index(part)), number), dtype=np.int64)


def prompt(g: Grammar, language: I64, topic: I64, task: U64, detail: U64, short: I64) -> pa.Array:
    """The content of one prompt per row: the question by `task`, its circumstances by `detail`.

    Where `short` is 1 it is a few words, as in later turns of a conversation. The same task with another detail is the
    same question in other circumstances.
    """
    is_short = short == 1
    ask = np.where(is_short, pick(g, "short", language, task), pick(g, "ask", language, task))
    context = np.where(is_short, 0, pick(g, "context", language, detail))
    limit = np.where(is_short, 0, pick(g, "limit", language, detail))
    return pc.binary_join_element_wise(
        sentence(g, ask, topic, task),
        sentence(g, context, topic, draw(detail, 870)),
        sentence(g, limit, topic, draw(detail, 871)),
        "",
    )
