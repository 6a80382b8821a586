"""`docs/settings.md` and `.env.example`, from the settings' own fields and docstrings."""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

from pydantic.fields import FieldInfo

from bots.app.fields import Group, Products
from bots.app.settings import Settings

ROOT = Path(__file__).parents[2]
TO_FILL_IN = ("_token", "gateway_key")
"""The settings that most people need; the example comments out all others."""

SETTINGS = """\
# Settings

<!-- Written by `make docs` from bots/app/fields.py. -->

Settings come from the environment, or from `.env` in the working directory; the environment wins. Copy
`.env.example`, which lists them all. Empty means not set, and so does a row without a default. Amounts, periods and
times are written as [admins type them](admins.md). `troubadour check` reports what can't work. A name that is almost
that of a setting stops the start, as what it sets would be lost; any other unknown name in `.env` is a warning.

A secret may stand in a file instead: `NAME_FILE=/path` names one, and `SECRETS_DIR` a folder with a file for each.
"""
EXAMPLE = """\
# Every setting of Troubadour with its default, written by `make docs` from bots/app/fields.py. Copy this file to `.env`
# and fill in what you need; a line that begins with # shows the default. The environment wins over this file.
# Empty means not set.
"""


def written() -> Mapping[Path, str]:
    """Return the text of each file."""
    groups = [base for base in Settings.__bases__ if issubclass(base, Group)]
    return {
        ROOT / "docs/settings.md": "\n".join([SETTINGS, *map(_table, groups)]),
        ROOT / ".env.example": "\n".join([EXAMPLE, *map(_lines, groups)]),
    }


def _table(group: type[Group]) -> str:
    rows = [
        f"| `{name.upper()}` |{f' `{value}`' if (value := _default(field)) else ''} | {meaning} |"
        for name, field, meaning in _described(group)
    ]
    return "\n".join([f"## {_heading(group)}\n", "| setting | default | meaning |", "|---|---|---|", *rows, ""])


def _lines(group: type[Group]) -> str:
    return "\n".join([f"# --- {_heading(group)} ---\n", *map(_line, *zip(*_described(group), strict=True)), ""])


def _line(name: str, field: FieldInfo, meaning: str) -> str:
    told = textwrap.fill(meaning.replace("`", ""), 118, initial_indent="# ", subsequent_indent="# ")
    return f"{told}\n{'' if name.endswith(TO_FILL_IN) else '#'}{name.upper()}={_default(field)}"


def _heading(group: type[Group]) -> str:
    return (group.__doc__ or "").rstrip(".")


def _described(group: type[Group]) -> Iterator[tuple[str, FieldInfo, str]]:
    """Yield each field's name, the field, and its meaning with examples."""
    meanings = {} if group is Products else dict(_docstrings(group))
    for name, info in group.model_fields.items():
        examples = " or ".join(f"`{example}`" for example in info.examples or ())
        meaning = " ".join((meanings.get(name) or info.description or "").split())
        yield name, info, meaning + (f" For example {examples}" if examples else "")


def _docstrings(group: type[Group]) -> Iterator[tuple[str, str]]:
    """Yield the docstring of each field, which Python keeps only in the source."""
    body = next(node.body for node in ast.parse(inspect.getsource(group)).body if isinstance(node, ast.ClassDef))
    for field, docstring in pairwise(body):
        match field, docstring:
            case ast.AnnAssign(target=ast.Name(name)), ast.Expr(ast.Constant(str(text))):
                yield name, text


def _default(field: FieldInfo) -> str:
    """Return a default as one types it."""
    match field.default:
        case None | ():
            return ""
        case bool() as value:
            return json.dumps(value)
        case value:
            return str(value)
