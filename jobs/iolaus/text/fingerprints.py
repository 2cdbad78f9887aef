"""Fingerprints of texts: what is left of a prompt when its words may not be kept.

All functions take a batch of texts and return arrays of the same length, computed in Arrow and NumPy
without a Python loop over texts. A text becomes a sequence of *words*: NFKC, lower case, punctuation
dropped, every word with a digit in it (numbers, dates, identifiers) and every URL and mail address folded
to the one word "0". In scripts that write no spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) one
character is one word, so that nothing below knows a language.

Cost: linear in the text's length; a text is read up to `HEAD_CHARACTERS` from its start and
`TAIL_CHARACTERS` from its end, so an adversary cannot make one prompt expensive.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from iolaus.engine.hashing import Hashes, mix, salted
from iolaus.engine.records import Offsets, packed
from iolaus.engine.runs import run_starts
from iolaus.schemas.codes import AFFIX_COLUMNS, AFFIX_WORDS

HEAD_CHARACTERS = 12_000  # a novel pasted into a prompt says no more after this
TAIL_CHARACTERS = 2_000  # enough for the last 16 words in any script
TERM_BUCKETS = 8_192  # hashed vocabulary: term ids are 0 … 8191
MAX_TERMS = 256  # distinct terms kept of one text, the first in order
SIGNATURE = 32  # MinHash functions of a signature
SHINGLE = 3  # words in a shingle
TEMPLATE_WORDS = 64  # words of the folded text that make the template's hash

# Normalising sorts the marks on a letter, in quadratic time. No script puts 30 on one (Unicode Standard Annex 15,
# section 13), so of more the rest is dropped. The two half-width ones are letters that become marks.
_MARKS = r"([\p{M}\x{FF9E}\x{FF9F}]{30})[\p{M}\x{FF9E}\x{FF9F}]+"
_SPACELESS = r"([\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}])"
_DIGIT_WORD = r"[\p{L}\p{M}]*\p{N}[\p{L}\p{M}\p{N}]*"
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # in one UUID of twenty some group has no digit
_IDENTIFIER = (
    rf"(?:https?://|www\.)[^\s\"'<>)]+|[^\s@\"'<>]+@[^\s@\"'<>]+\.\p{{L}}+|{_UUID}"
    rf"|{_DIGIT_WORD}(?:[.,:/⁄_-]+{_DIGIT_WORD})*"
)
_NOT_WORD = r"[^\p{L}\p{M}\p{N}]+"
# What is pasted into a template: fenced or quoted text, text between tags, all after a line that ends in a colon.
_PAYLOADS = (
    (
        r"(?s)```.*?(?:```|$)|\"\"\".*?(?:\"\"\"|$)|<[a-z][a-z0-9_-]*(?:\s[^<>]*)?>.*?</[a-z][a-z0-9_-]*>"
        r"|\[begin [a-z ]+\].*"
    ),
    r"\"[^\"]+\"|„[^“”]+[“”]|“[^”]+”|«[^»]+»|‹[^›]+›|「[^」]+」|『[^』]+』|《[^》]+》|`[^`]+`|‘[^’\n]+’|(?:^|[\s(])'[^'\n]+'",
    r"(?s)[:：]\s*\n.+|\n(?:#{2,}|-{3,}|={3,}|\*{3,})\s*\n.+",
)
_FOLDED = " \u00a7\u00a7 "  # not a word, so a payload leaves no trace but the words around it


@dataclass(frozen=True)
class Words:
    """Texts as hashed words: text i is `hashes[offsets[i]:offsets[i + 1]]`."""

    hashes: Hashes
    offsets: Offsets

    @property
    def counts(self) -> Offsets:
        """Words of each text."""
        return np.diff(self.offsets)


def normalise(texts: pa.Array) -> pa.Array:
    """Texts in NFKC and lower case, cut in the middle to what fingerprints read; null becomes empty."""
    texts = pc.fill_null(texts.cast(pa.string()), "")
    longest = HEAD_CHARACTERS + TAIL_CHARACTERS
    if (pc.max(pc.binary_length(texts)).as_py() or 0) > longest:
        cut = pc.binary_join_element_wise(
            pc.utf8_slice_codeunits(texts, 0, HEAD_CHARACTERS),
            pc.utf8_slice_codeunits(texts, -TAIL_CHARACTERS, None),
            " ",
        )
        texts = pc.if_else(pc.greater(pc.utf8_length(texts), longest), cut, texts)
    return pc.utf8_lower(pc.utf8_normalize(calm(texts), form="NFKC"))


def calm(texts: pa.Array) -> pa.Array:
    """Texts of which no letter has more marks than a script could give it."""
    if pc.all(pc.string_is_ascii(texts)).as_py() in (True, None):
        return texts
    return pc.replace_substring_regex(texts, _MARKS, r"\1")


def fold(normalised: pa.Array) -> pa.Array:
    """Texts without their payloads, so that one template with a thousand different contents is one text."""
    for pattern in _PAYLOADS:
        normalised = pc.replace_substring_regex(normalised, pattern, _FOLDED)
    return normalised


# Bytes of words, once all else beyond ASCII is gone: digits, letters, and the bytes of letters beyond ASCII.
_WORD_BYTE = np.array([chr(b).isalnum() if b < 128 else True for b in range(256)])


def words(normalised: pa.Array) -> Words:
    """The hashed words of normalised texts."""
    plain = pc.string_is_ascii(normalised)
    beyond = normalised.filter(pc.invert(plain))
    # first, or a number would take its whole clause with it
    beyond = pc.replace_substring_regex(beyond, _SPACELESS, r" \1 ")
    beyond = pc.replace_substring_regex(beyond, _IDENTIFIER, " 0 ")
    beyond = pc.replace_substring_regex(beyond, _NOT_WORD, " ")
    text = pc.replace_substring_regex(normalised.filter(plain), _IDENTIFIER, " 0 ")
    if len(beyond):
        place = np.argsort(np.argsort(~_flags(plain), kind="stable"), kind="stable")
        text = pa.concat_arrays([text, beyond]).take(pa.array(place))
    flat, offsets = _cut(text)
    coded = flat.dictionary_encode()
    vocabulary = np.asarray(coded.dictionary.to_pylist(), dtype=object)
    hashed = pd.util.hash_array(vocabulary, categorize=False) if len(vocabulary) else np.empty(0, np.uint64)
    return Words(hashed[coded.indices.to_numpy()] if len(vocabulary) else hashed, offsets)


def _cut(texts: pa.StringArray) -> tuple[pa.StringArray, Offsets]:
    """All runs of word bytes of the texts (none of them null), and the place where each text's runs start."""
    _, bounds, data = texts.buffers()
    at = np.frombuffer(bounds, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    content = np.frombuffer(data or b"", np.uint8)[at[0] : at[-1]]
    at -= at[0]
    inside = _WORD_BYTE[content]
    run_starts = inside.copy()
    run_starts[1:] &= ~inside[:-1]
    # a text ends the word before it
    run_starts[at[:-1][at[:-1] < len(content)]] |= inside[at[:-1][at[:-1] < len(content)]]
    starts = np.flatnonzero(run_starts)
    kept = np.concatenate([[0], np.cumsum(inside)])  # bytes of words before each byte
    lengths = np.append(kept[starts], kept[-1]).astype(np.int32)
    flat = pa.StringArray.from_buffers(len(starts), pa.py_buffer(lengths), pa.py_buffer(content[inside]))
    return flat, np.searchsorted(starts, at).astype(np.int64)


def _flags(flags: pa.BooleanArray) -> npt.NDArray[np.bool_]:
    return np.asarray(flags.to_numpy(zero_copy_only=False), bool)


def _positional_sums(w: Words, positions: Offsets) -> Hashes:
    """Running sums of words mixed with their positions: a range's difference is an order-aware hash of it."""
    with np.errstate(over="ignore"):
        placed = mix(w.hashes + (positions.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15))
        return np.concatenate([np.zeros(1, np.uint64), np.cumsum(placed, dtype=np.uint64)])


def sequence_hash(w: Words, salt: int, longest: int | None = None) -> tuple[Hashes, npt.NDArray[np.bool_]]:
    """Hash of each text's words in order (of its first `longest`), and whether it has any words."""
    start, counts = w.offsets[:-1], w.counts
    position = np.arange(len(w.hashes)) - np.repeat(start, counts)
    sums = _positional_sums(w, position)
    end = start + (counts if longest is None else np.minimum(counts, longest))
    return salted(sums[end] - sums[start], salt), counts > 0


def affix_hashes(w: Words) -> list[tuple[Hashes, npt.NDArray[np.bool_]]]:
    """Hashes of the first and last 4, 8 and 16 words, each with whether the text is longer than that.

    A text no longer than the affix has no other text beside it, so it says nothing of a template.
    """
    start, counts, end = w.offsets[:-1], w.counts, w.offsets[1:]
    place = np.arange(len(w.hashes))
    forward = _positional_sums(w, place - np.repeat(start, counts))
    backward = _positional_sums(w, np.repeat(end, counts) - 1 - place)
    out = []
    for sums, side in ((forward, 0), (backward, 1)):
        for k in AFFIX_WORDS:
            longer = counts > k
            first = start if side == 0 else np.where(longer, end - k, start)
            last = np.where(longer, start + k, start) if side == 0 else np.where(longer, end, start)
            out.append((salted(sums[last] - sums[first], 100 + 10 * side + k), longer))
    return out


def shingles(w: Words) -> Words:
    """Hashed runs of three words; a text of one or two words is one shingle."""
    counts = w.counts
    kept = np.where(counts == 0, 0, np.maximum(counts - SHINGLE + 1, 1))
    offsets = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
    at = np.arange(offsets[-1]) - np.repeat(offsets[:-1], kept) + np.repeat(w.offsets[:-1], kept)
    last = np.repeat(w.offsets[1:], kept) - 1
    value = np.zeros(len(at), np.uint64)
    with np.errstate(over="ignore"):
        for k in range(SHINGLE):
            here = at + k
            word = np.where(here <= last, w.hashes[np.minimum(here, last)], np.uint64(0)) if len(at) else value
            value = mix(value * np.uint64(31) + word)
    return Words(value, offsets)


_MINHASH_BLOCK = 1 << 14  # shingles
_MULTIPLIERS = [mix(np.asarray([2 * k + 1], np.uint64))[0] | np.uint64(1) for k in range(SIGNATURE)]


def minhash(sets: Words) -> npt.NDArray[np.int32]:
    """MinHash signatures, shape (texts, SIGNATURE): minima of 31-bit hashes; all -1 for an empty text.

    Broder, On the resemblance and containment of documents (1997). The share of equal places in two
    signatures estimates the Jaccard similarity of the two sets with standard error sqrt(J(1 - J) / 32).
    """
    filled = sets.counts > 0
    out = np.full((len(filled), SIGNATURE), -1, np.int32)
    if not filled.any():
        return out
    rows = np.flatnonzero(filled)
    first = sets.offsets[:-1][filled]
    # A block of texts at a time, so that what is between stays in a core's cache.
    cuts = np.append(np.flatnonzero(np.diff(first // _MINHASH_BLOCK, prepend=-1)), len(first))
    ends = np.append(first, len(sets.hashes))
    for begin, end in pairwise(cuts):
        hashes = sets.hashes[ends[begin] : ends[end]]
        high, low = hashes >> np.uint64(32), hashes & np.uint64(0xFFFFFFFF)
        within = first[begin:end] - first[begin]
        minima = np.empty((end - begin, SIGNATURE), np.int32)
        for k in range(SIGNATURE):  # multiply-add-shift over 64 bits, one odd multiplier a function
            with np.errstate(over="ignore"):
                hashed = (high * _MULTIPLIERS[k] + low * (_MULTIPLIERS[k] >> np.uint64(7) | np.uint64(1))) >> np.uint64(
                    33
                )
            minima[:, k] = np.minimum.reduceat(hashed.astype(np.int32), within)
        out[rows[begin:end]] = minima
    return out


def terms(w: Words) -> pa.BinaryArray:
    """Distinct hashed terms of each text, ascending: int16 in 0 … 8191, `packed`."""
    bucket = (w.hashes % np.uint64(TERM_BUCKETS)).astype(np.int64)
    row = np.repeat(np.arange(len(w.counts)), w.counts)
    within = np.arange(len(bucket)) - np.repeat(w.offsets[:-1], w.counts)
    early = within < MAX_TERMS
    # Rows ascend, so the keys are nearly sorted, which a stable sort makes use of; NumPy's `unique` hashes, 50 times
    # slower.
    cells = np.sort(row[early] * TERM_BUCKETS + bucket[early], kind="stable")
    cells = cells[run_starts(cells)]
    counts = np.bincount(cells // TERM_BUCKETS, minlength=len(w.counts))
    return packed(counts, (cells % TERM_BUCKETS).astype(np.int16))


def as_long(hashes: Hashes, present: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """Hashes as signed 64-bit, null where not present."""
    return pa.array(hashes.view(np.int64), mask=None if present is None else ~present)


def fingerprint(texts: pa.Array) -> dict[str, Any]:
    """All fingerprints of a batch of prompts, one entry a text in each array.

    prompt_hash, template_hash and the six affix hashes: int64, null where the text has no (or too few)
    words. signature: 32 int32, null for a text without words, and terms: int16, both `packed`. n_words: int32.
    Repeated texts are computed once.
    """
    coded = pc.fill_null(texts.cast(pa.string()), "").dictionary_encode()
    distinct = normalise(coded.dictionary)
    w = words(distinct)
    template, whole_any = sequence_hash(w, 2, TEMPLATE_WORDS)
    folded = fold(distinct)
    changed = pc.not_equal(folded, distinct).to_numpy(zero_copy_only=False)
    if changed.any():
        hashes, filled = sequence_hash(words(folded.filter(pa.array(changed))), 2, TEMPLATE_WORDS)
        template[changed] = np.where(filled, hashes, template[changed])
    whole, _ = sequence_hash(w, 1)
    signature = packed(np.full(len(w.counts), SIGNATURE), minhash(shingles(w)).ravel())
    columns: dict[str, Any] = {
        "prompt_hash": as_long(whole, whole_any),
        "template_hash": as_long(template, whole_any),
        "signature": pc.if_else(pa.array(whole_any), signature, None),
        "terms": terms(w),
        "n_words": pa.array(w.counts.astype(np.int32)),
    }
    for name, (hashes, longer) in zip(AFFIX_COLUMNS, affix_hashes(w), strict=True):
        columns[name] = as_long(hashes, longer)
    return {name: column.take(coded.indices) for name, column in columns.items()}
