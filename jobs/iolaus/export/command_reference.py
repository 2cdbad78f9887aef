"""The reference of commands, `docs/reference/commands.md`, made from the command line's parser by `make dictionary`."""

import argparse
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "commands.md"

_HEAD = """# Commands

Made from the command line's own parser by `make dictionary`. `iolaus COMMAND --help` prints the same text.

| exit status | meaning |
|---|---|
| 0 | done |
| 1 | the run failed; what was written is whole, and the same command may be repeated |
| 2 | the arguments or the surroundings cannot be used; nothing was started |
| 3 | a critical expectation failed, and nothing of that date was published |

Every error is one line on standard error. It says what happened and what to do;
[Troubleshooting](../operators/troubleshooting.md) lists all of them.

## Options of every command

| option | meaning |
|---|---|
"""
MOST_NAMED = 20  # of an argument's choices
COMMON = ("settings_file", "set", "debug")  # given to every command


def page(parser: argparse.ArgumentParser) -> str:
    """The whole page, in Markdown: a section a command, in the parser's order."""
    commands = list(_commands(parser))
    common = [action for action in commands[0][1]._actions if action.dest in COMMON]  # noqa: SLF001 - argparse has no other way
    parts = [_HEAD + "\n".join(_row(action) for action in common) + "\n"]
    for name, of in commands:
        actions = [a for a in of._actions if a.dest not in (*COMMON, "help")]  # noqa: SLF001
        usage = " ".join([name, *(_usage(a) for a in actions)])
        table = ["| argument | meaning |", "|---|---|", *(_row(a) for a in actions)]
        text = [
            f"## {name}\n",
            f"{_escaped(of.description or '')}\n",
            f"```text\n{usage}\n```\n",
            "\n".join(table) + "\n",
        ]
        parts.append("\n".join(text + ([_example(of.epilog)] if of.epilog else [])))
    return "\n".join(parts)


def _commands(parser: argparse.ArgumentParser, name: str = "iolaus") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """The commands with their full names; of one that has commands of its own, those."""
    inner = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]  # noqa: SLF001
    if not inner:
        yield name, parser
    for action in inner:
        for word, of in action.choices.items():
            yield from _commands(of, f"{name} {word}")


def _name(action: argparse.Action) -> str:
    """An argument as it is typed: `--date D`, or `TABLE`."""
    value = action.metavar or (f"{{{','.join(map(str, action.choices))}}}" if action.choices else action.dest.upper())
    value = value if isinstance(value, str) else " ".join(value)
    if not action.option_strings:
        return value
    return action.option_strings[-1] if action.nargs == 0 else f"{action.option_strings[-1]} {value}"


def _usage(action: argparse.Action) -> str:
    is_optional = not action.required if action.option_strings else action.nargs == "?"
    more = " …" if action.nargs == "+" else ""
    return f"[{_name(action)}]" if is_optional else f"{_name(action)}{more}"


def _row(action: argparse.Action) -> str:
    text = action.help or ""
    named, *others = text.split("; ")
    if named.startswith("one of: ") and named.count(", ") > MOST_NAMED:
        count = f"one of {named.count(', ') + 1} tables; `--help` lists them, and [the lake](lake.md) explains them"
        text = "; ".join([count, *others])
    else:
        text = _escaped(text)
    return f"| `{_name(action).replace('|', chr(92) + '|')}` | {text} |"


def _example(epilog: str) -> str:
    return _escaped(epilog[0].upper() + epilog[1:]) + "\n"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it stands."""
    line = " ".join(text.replace("%%", "%").split())
    return line.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
