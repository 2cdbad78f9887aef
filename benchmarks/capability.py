"""How well it is recognised what a request is after: precision and recall of each class on labelled prompts.

`labelled_prompts.jsonl` holds prompts written for this, none of them taken from a data set, each with the
classes its author meant, its language and its split. The split is the parity of the text's SHA-256, so nobody
chose it: the patterns are adjusted on `tuning` only, and the wrong answers of `held_out` are never printed.
One author wrote prompts and patterns, so `held_out` flatters them too, most of all outside English: real
requests say things in more ways than one author thinks of. Vision is not in it: that is told by the count of
images, not by words.

    python benchmarks/capability.py [--split SPLIT] [--wrong] [--json FILE]
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple, TypedDict, get_args

import pyarrow as pa

from iolaus.settings import CAPABILITIES
from iolaus.text.fingerprints import normalise
from iolaus.text.intents import BIT, text_capabilities

LABELLED = Path(__file__).with_name("labelled_prompts.jsonl")
CLASSES = tuple(name for name in CAPABILITIES if name != "vision")
Split = Literal["tuning", "held_out"]
SPLITS: tuple[Split, ...] = get_args(Split)


class Prompt(TypedDict):
    """One line of `labelled_prompts.jsonl`; no labels: after none of the classes."""

    text: str
    labels: list[str]
    language: str
    split: Split


class Figures(NamedTuple):
    """How well one class is found. `support`: prompts labelled with it; `found`: those of them that show it."""

    precision: float
    recall: float
    support: int
    found: int


def main() -> int:
    """Print the tables of the splits that are asked for; 2 if a prompt is not in the split its text belongs to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--split", choices=SPLITS, help="this split alone; default: both")
    parser.add_argument(
        "--wrong",
        action="store_true",
        help="also print the prompts of the tuning split that are not answered as labelled",
    )
    parser.add_argument("--json", type=Path, help="also write the figures here, one flat object")
    given = parser.parse_args()
    prompts = labelled()
    astray = [prompt["text"] for prompt in prompts if prompt["split"] != split_of(prompt["text"])]
    if astray:
        print(f"{len(astray)} prompts are in the wrong split, the first: {astray[0]!r}", file=sys.stderr)
        return 2
    flat: dict[str, float] = {}
    for split in SPLITS if given.split is None else (given.split,):
        chosen = [prompt for prompt in prompts if prompt["split"] == split]
        shown = shows(prompt["text"] for prompt in chosen)
        flat |= {
            f"{split}_{name}_{what}": x
            for name, row in _print(split, chosen, shown).items()
            for what, x in row._asdict().items()
        }
        if given.wrong and split == "tuning":
            _print_wrong(chosen, shown)
    if given.json:
        given.json.write_text(json.dumps(flat), encoding="utf-8")
    return 0


def labelled() -> list[Prompt]:
    """All prompts, in the file's order."""
    with LABELLED.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def split_of(text: str) -> Split:
    """The split a text belongs to: held out if its SHA-256 is odd in the first byte."""
    return "held_out" if hashlib.sha256(text.encode()).digest()[0] % 2 else "tuning"


def shows(texts: Iterable[str]) -> list[set[str]]:
    """The classes that each text shows."""
    masks = text_capabilities(normalise(pa.array(list(texts), pa.string())))
    return [{name for name in CLASSES if mask & BIT[name]} for mask in masks]


def figures(prompts: Sequence[Prompt], shown: Sequence[set[str]]) -> dict[str, Figures]:
    """Precision, recall and support of each class; precision is 1 where nothing shows the class."""
    answers: dict[str, Figures] = {}
    for name in CLASSES:
        wanted = [name in prompt["labels"] for prompt in prompts]
        given = [name in found for found in shown]
        found, support, all_shown = sum(w and g for w, g in zip(wanted, given, strict=True)), sum(wanted), sum(given)
        answers[name] = Figures(
            found / all_shown if all_shown else 1.0, found / support if support else 1.0, support, found
        )
    return answers


def _print(split: Split, prompts: Sequence[Prompt], shown: Sequence[set[str]]) -> dict[str, Figures]:
    """Print one split's tables: each class, then what was found of each class in each language."""
    of_class = figures(prompts, shown)
    quiet = [not found for prompt, found in zip(prompts, shown, strict=True) if not prompt["labels"]]
    print(f"{split}: {len(prompts)} prompts; {sum(quiet)} of the {len(quiet)} that are after nothing show nothing")
    print(f"  {'class':10} {'precision':>9} {'recall':>6} {'support':>7}")
    for name, row in of_class.items():
        print(f"  {name:10} {row.precision:9.3f} {row.recall:6.3f} {row.support:7}")
    print(f"\n  {'found of':10}" + "".join(f"{name:>11}" for name in CLASSES))
    for language in sorted({prompt["language"] for prompt in prompts}):
        spoken = [i for i, prompt in enumerate(prompts) if prompt["language"] == language]
        of_language = figures([prompts[i] for i in spoken], [shown[i] for i in spoken])
        cells = (f"{row.found}/{row.support}" if row.support else "" for row in of_language.values())
        print(f"  {language:10}" + "".join(f"{cell:>11}" for cell in cells))
    print()
    return of_class


def _print_wrong(prompts: Sequence[Prompt], shown: Sequence[set[str]]) -> None:
    for prompt, found in zip(prompts, shown, strict=True):
        missed, wrong = sorted(set(prompt["labels"]) - found), sorted(found - set(prompt["labels"]))
        if missed or wrong:
            print(
                *(f"-{name}" for name in missed),
                *(f"+{name}" for name in wrong),
                prompt["language"],
                repr(prompt["text"]),
            )


if __name__ == "__main__":
    sys.exit(main())
