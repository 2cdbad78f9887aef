"""Fingerprints: one template's prompts fold, templates stay apart, MinHash estimates Jaccard.

A text's fingerprint is its own.
"""

import random
import string
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from iolaus.engine.records import packed, unpacked
from iolaus.text.fingerprints import (
    AFFIX_COLUMNS,
    HEAD_CHARACTERS,
    MAX_TERMS,
    SIGNATURE,
    TAIL_CHARACTERS,
    TERM_BUCKETS,
    Words,
    fingerprint,
    minhash,
    normalise,
    shingles,
    words,
)

EMPTY = ("", "   \n\t", "!!! … ?", "§§", "🙂🙂")
DIGITS = (
    "12",
    "1,200.50",
    "0x7f3a",
    "A17-22",
    "٣٤",
    "１２",
    "½",
    "1e-9",
    "v2.1.3",
    "2026-02-13",
    "13/02/2026",
    "12:30:05",
    "$12",
    "12%",
    "#7",
    "(12)",
)
IDENTIFIERS = (
    "550e8400-e29b-41d4-a716-446655440000",
    "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
    "user.name@example.com",
    "https://example.com/a?b=c#d",
    "http://10.0.0.1:8080/x",
    "www.example.org/x",
)
QUOTED = (
    '"the cat"',
    "“a dog sat”",
    "„ein Hund“",
    "«пёс сидит»",
    "‹un chien›",
    "「猫」",
    "『猫』",
    "《红楼梦》",
    "`x = 1`",
    "'the cat sat'",
    "‘it’",
)
PASTED = (
    "```py\nx\n```",
    "```\n",
    '"""a\nb"""',
    "<doc>text here</doc>",
    '<doc id="7">text\nhere</doc>',
    "<INPUT_TEXT>a</INPUT_TEXT>",
)

TEMPLATES: dict[str, list[str]] = {
    "numbers and identifiers": [f"Translate order {x} for me" for x in (*DIGITS, *IDENTIFIERS)],
    "quotes and fences": [f"Fix this sentence {x} and reply" for x in (*QUOTED, *PASTED[:1], *PASTED[2:])],
    "after a colon": [
        f"Summarise the text below:\n{x}"
        for x in ("one two", "three", "猫在这里\nmore lines\n\nparagraphs", '"x": y:\n z', "```\nx\n```", "")
    ],
    "after a rule": [f"Summarise this document\n---\n{x}" for x in ("one two", "three", "a\n---\nb")],
    "Chinese, after a colon": [f"请把下面的句子翻译成英文：\n{x}" for x in ("我爱你", "今天天气很好。", "12")],
    "Chinese, quoted": [f"请解释{x}的意思" for x in ("“画蛇添足”", "「守株待兔」", "《红楼梦》")],
    "Chinese, a number": [f"请写{x}个例子，每个例子一行" for x in ("3", "15", "１０", " 20 ")],
    "Chinese, an address": [f"访问{x}并总结内容" for x in ("https://a.com/x", "https://b.org/yy?z=1 ")],
    "Russian, quoted": [f"Переведи предложение «{x}» на английский" for x in ("Мама мыла раму", "Ёлка, 12")],
    "Russian, a number": [f"Напиши {x} примеров употребления слова" for x in ("5", "12", "1.000")],
    "code in a fence": [
        f"Find the bug in this function:\n```python\n{x}\n```\nand explain it."
        for x in ("def f(): pass", "print('a')\n\nx = 1")
    ],
    "code in tags": [f"<code>{x}</code> What does this return?" for x in ("f(1)", "for x in y:\n  z")],
}


def of(texts: list[str | None]) -> list[dict[str, Any]]:
    """The fingerprints of texts, one dictionary a text."""
    found = fingerprint(pa.array(texts, pa.string()))
    return [{name: column[i].as_py() for name, column in found.items()} for i in range(len(texts))]


def hashes(texts: list[str], name: str) -> list[int | None]:
    return [f[name] for f in of(list(texts))]


@pytest.mark.parametrize("name", TEMPLATES)
def test_prompts_of_one_template_have_one_hash(name: str) -> None:
    found = dict(zip(TEMPLATES[name], hashes(TEMPLATES[name], "template_hash"), strict=True))
    assert len(set(found.values())) == 1, found
    assert None not in found.values()


def test_different_templates_differ() -> None:
    each = [texts[0] for texts in TEMPLATES.values()]
    near = [
        "Translate order 12 for us",
        "Translate orders 12 for me",
        "Translate for me order 12",
        "Fix that sentence 'x y' and reply",
    ]
    chinese = ["请写3个关于猫的故事", "请写3首关于大海的诗", "请写3个关于狗的故事"]
    every = each + near + chinese
    assert len(set(hashes(every, "template_hash"))) == len(every)


def test_a_number_beside_chinese_does_not_take_its_clause_with_it() -> None:
    one, other = of(["请写3个关于猫的故事", "请写5首关于大海的诗"])
    assert one["prompt_hash"] != other["prompt_hash"]
    assert one["n_words"] == 10


def test_prompt_hash_folds_case_width_numbers_and_punctuation_and_keeps_order() -> None:
    same = [
        "Compare 3 cats, please.",
        "compare 17 CATS please",
        "ＣＯＭＰＡＲＥ ４ cats — please!",
        "  compare\n2026-01-01\tcats... please  ",
    ]
    assert len(set(hashes(same, "prompt_hash"))) == 1
    other = [
        "compare cats 3 please",
        "cats compare 3 please",
        "compare 3 cats",
        "compare 3 cats please please",
        "compare cats please",
    ]
    assert len(set(hashes([same[0], *other], "prompt_hash"))) == 1 + len(other)


def test_prompt_hash_keeps_the_payload_that_the_template_drops() -> None:
    texts = ['Translate "the cat" now', 'Translate "a dog" now']
    assert len(set(hashes(texts, "prompt_hash"))) == 2
    assert len(set(hashes(texts, "template_hash"))) == 1


def test_a_text_that_is_all_payload_keeps_a_template_of_its_own() -> None:
    assert len(set(hashes(['"the cat"', '"a dog"', "```\nx\n```"], "template_hash"))) == 3


@pytest.mark.parametrize("k", [4, 8, 16])
def test_affixes_find_templates_around_any_text(k: int) -> None:
    head = " ".join(f"head{chr(97 + i)}" for i in range(k))
    tail = " ".join(f"tail{chr(97 + i)}" for i in range(k))
    texts_between = ["one", "two words", "猫在这里", "много слов тут", "x = f(y) # 12"]
    heads, tails = (
        hashes([f"{head}: {x}" for x in texts_between], f"head{k}_hash"),
        hashes([f"{x}. {tail}" for x in texts_between], f"tail{k}_hash"),
    )
    assert len(set(heads)) == len(set(tails)) == 1
    assert None not in (heads[0], tails[0])
    assert heads[0] != tails[0]
    assert hashes([f"{head}a x"], f"head{k}_hash") != heads[:1]
    assert hashes([f"x {tail}a"], f"tail{k}_hash") != tails[:1]


@pytest.mark.parametrize("k", [4, 8, 16])
def test_affixes_are_null_where_the_text_is_no_longer(k: int) -> None:
    exactly, longer = of([" ".join(["word"] * k), " ".join(["word"] * (k + 1))])
    for side in ("head", "tail"):
        assert exactly[f"{side}{k}_hash"] is None
        assert longer[f"{side}{k}_hash"] is not None


def test_texts_without_words_have_no_hashes() -> None:
    for found in of([*EMPTY, None]):
        assert found["n_words"] == 0
        assert found["terms"] == b""
        assert {found[name] for name in ("prompt_hash", "template_hash", *AFFIX_COLUMNS)} == {None}
        assert found["signature"] is None


def test_an_empty_batch_has_empty_columns_of_the_same_types() -> None:
    empty, filled = (fingerprint(pa.array(texts, pa.string())) for texts in ([], ["a b"]))
    assert {name: (len(column), column.type) for name, column in empty.items()} == {
        name: (0, column.type) for name, column in filled.items()
    }


alphabets = st.one_of(
    st.text("ab 1,\"'`«»<>/:\n", max_size=40),
    st.text("猫狗写。3 a“”", max_size=20),
    st.text(max_size=20),
    st.sampled_from([*EMPTY, *TEMPLATES["quotes and fences"], *TEMPLATES["numbers and identifiers"]]),
)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(st.lists(alphabets, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_a_fingerprint_depends_on_the_text_alone(texts: list[str], chance: random.Random) -> None:
    alone = {text: of([text])[0] for text in texts}
    shuffled = [*texts, *texts[:2]]
    chance.shuffle(shuffled)
    assert of([*shuffled]) == [alone[text] for text in shuffled]


def test_a_slice_of_a_column_is_fingerprinted_like_a_copy() -> None:
    column = pa.array(["a", None, "b c d e f", "", "猫 12"], pa.string())
    sliced, copied = fingerprint(column.slice(1, 3)), fingerprint(pa.array(column.slice(1, 3).to_pylist(), pa.string()))
    assert {name: c.to_pylist() for name, c in sliced.items()} == {name: c.to_pylist() for name, c in copied.items()}


def test_signatures_estimate_the_jaccard_similarity_of_shingles() -> None:
    """Over 400 seeded pairs the error is without bias and has the standard error of Broder's estimate."""
    chance = random.Random(3)
    vocabulary = ["".join(chance.choices(string.ascii_lowercase, k=6)) for _ in range(3000)]
    texts, exact = [], []
    for _ in range(400):
        one = chance.sample(vocabulary, 60)
        other = list(one)
        for place in chance.sample(range(60), chance.randint(0, 30)):
            other[place] = chance.choice(vocabulary)
        a, b = ({tuple(text[i : i + 3]) for i in range(58)} for text in (one, other))
        exact.append(len(a & b) / len(a | b))
        texts += [" ".join(one), " ".join(other)]
    signatures = minhash(shingles(words(pa.array(texts))))
    truth = np.array(exact)
    error = (signatures[::2] == signatures[1::2]).mean(axis=1) - truth
    assert truth.min() < 0.15
    assert truth.max() == 1.0
    spread = np.sqrt(truth * (1 - truth) / SIGNATURE)
    assert abs(error.mean()) < 4 * spread.mean() / np.sqrt(len(error))
    assert np.abs(error).max() < 4.5 * spread.max()
    assert np.sqrt((error**2).mean()) < 1.25 * np.sqrt((spread**2).mean())
    assert (error[truth == 1.0] == 0).all()


def test_a_signature_is_the_element_wise_minimum_of_its_parts() -> None:
    a, b = np.arange(5, dtype=np.uint64) << np.uint64(40), np.arange(3, 9, dtype=np.uint64) << np.uint64(33)
    signatures = minhash(Words(np.concatenate([a, b, a, b]), np.array([0, 5, 11, 22])))
    np.testing.assert_array_equal(signatures[2], np.minimum(signatures[0], signatures[1]))
    assert signatures.min() >= 0


def test_terms_are_distinct_buckets_and_at_most_so_many() -> None:
    many = " ".join("".join(chr(97 + int(d)) for d in str(i)) for i in range(5000))
    short, long = (np.frombuffer(found["terms"], "<i2").tolist() for found in of(["b a b a", many]))
    assert len(short) == 2
    assert short == sorted(set(short))
    assert 0.9 * MAX_TERMS < len(long) <= MAX_TERMS
    assert all(0 <= term < TERM_BUCKETS for term in long)


@pytest.mark.parametrize("of_type", [np.int16, np.int32])
def test_lists_of_numbers_come_back_from_their_bytes(of_type: type[np.signedinteger]) -> None:
    lists = [[1, -2, 3], [], [32_767], [0, -32_768]]
    made = packed(
        np.array([len(numbers) for numbers in lists]), np.array([n for numbers in lists for n in numbers], of_type)
    )
    cut = pa.concat_arrays([made, pa.array([None], pa.binary())]).slice(1)
    lengths, numbers = unpacked(cut, np.dtype(of_type))
    assert (lengths.tolist(), numbers.tolist()) == ([0, 1, 2, 0], [32_767, 0, -32_768])
    assert [numbers.tolist() for numbers in unpacked(made.slice(0, 0), np.dtype(of_type))] == [[], []]
    assert np.frombuffer(made[0].as_py(), np.dtype(of_type).newbyteorder("<")).tolist() == lists[0]


def test_a_long_text_is_read_at_its_head_and_its_tail_only() -> None:
    text_between = "filler words here " * 400_000
    texts = [
        f"Alpha beta gamma delta epsilon {x} {text_between} {y} one two three four five"
        for x, y in (("x", "y"), ("x", "z"))
    ]
    middle = [texts[0], texts[0][: HEAD_CHARACTERS + 50] + "changed" + texts[0][HEAD_CHARACTERS + 50 :]]
    assert max(normalise(pa.array(texts)).to_pylist(), key=len)[:5] == "alpha"
    assert all(len(text) <= HEAD_CHARACTERS + TAIL_CHARACTERS + 1 for text in normalise(pa.array(texts)).to_pylist())
    assert len(set(hashes(middle, "prompt_hash"))) == 1
    first, second = of([*texts])
    assert first["head4_hash"] == second["head4_hash"]
    assert first["tail4_hash"] == second["tail4_hash"]
    assert first["prompt_hash"] != second["prompt_hash"]
    assert first["n_words"] < (HEAD_CHARACTERS + TAIL_CHARACTERS) / 4


def test_a_text_at_the_limit_is_read_whole() -> None:
    length = HEAD_CHARACTERS + TAIL_CHARACTERS
    whole = ("语" * length)[:length]
    assert of([whole])[0]["n_words"] == length
    assert (
        normalise(pa.array([whole + "言"])).to_pylist()[0]
        == "语" * HEAD_CHARACTERS + " " + "语" * (TAIL_CHARACTERS - 1) + "言"
    )


def test_text_that_is_hard_for_patterns_takes_linear_time_and_does_not_fail() -> None:
    texts = [
        "<a" * 7000,
        "`" * 14_001,
        '"' * 13_999,
        "a@" * 7000,
        "1-" * 7000,
        "\u0301" * 14_000,
        "ﷺ" * 14_000,
        "\x00\ufffd\u202e",
        "http://" * 2000,
    ]
    found = of([*texts])
    assert len(found) == len(texts)
    assert [f["n_words"] >= 0 for f in found] == [True] * len(texts)
    assert found == [of([text])[0] for text in texts]
