"""Options that several commands share, and what they amount to: a `Given`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from autodiff.cli.allowance import DEFAULT_SECONDS, allow
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.syntax.literals import PYTHON_WORDS

F = TypeVar("F", bound=Callable[..., Any])

SIZE_UNITS = {
    "": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
    "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40,
}  # fmt: skip


def _set_color(context: click.Context, _: click.Parameter, value: str) -> str:
    screen: Screen = context.find_root().obj
    screen.color = value
    return value


color = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    is_eager=True,
    expose_value=False,
    callback=_set_color,
    help="Colour in messages (auto: on a terminal).",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Answer in JSON, on one line.")
rows = click.option("--rows", metavar="FILE|-", help="Answer a file of JSON requests, one a line.")

limit_seconds = click.option(
    "--limit-seconds",
    type=click.FloatRange(0, min_open=True),
    default=DEFAULT_SECONDS,
    expose_value=False,
    metavar="S",
    callback=lambda context, _, value: allow(value),
    help=f"Time an answer may take.  [default: {DEFAULT_SECONDS:g}]",
)

_EXPRESSION = (
    click.argument("arguments", nargs=-1, metavar="EXPR [NAME=VALUE]..."),
    click.option("-f", "--file", metavar="FILE", help="Read EXPR from a file."),
    click.option("--let", multiple=True, metavar="NAME=EXPR", help="Name a sub-expression."),
    click.option("--wrt", multiple=True, metavar="NAMES", help="Differentiate for these variables only: x,y."),
    click.option("--dtype", default="float64", show_default=True, metavar="DTYPE", help="What numbers become."),
    click.option("--limit-size", default="8GiB", show_default=True, metavar="SIZE", help="The largest tensor allowed."),
    limit_seconds,
    as_json,
    rows,
    color,
)


def expression_options(function: F) -> F:
    """EXPR, NAME=VALUE and the options of every command that evaluates."""
    for decorate in reversed(_EXPRESSION):
        function = decorate(function)
    return function


def usage(message: str, *help: str) -> AutodiffError:
    return AutodiffError("usage", message, type="ValueError", help=help)


def check_order(argument: str) -> None:
    """Raise `usage` for an option among the arguments: it stands behind --."""
    if argument.startswith("--"):
        raise usage(f"{argument!r:.60} comes after --, where only arguments are", "options come before --")


def names(values: tuple[str, ...]) -> list[str]:
    """`--wrt x,y --wrt z` as a list."""
    found = [name.strip() for value in values for name in value.split(",") if name.strip()]
    for name in found:
        if len(words := name.split()) > 1:
            raise usage(f"{name!r:.60} is not a name", f"names are separated by commas: {','.join(words)}")
    return found


def size_limit(text: str, option: str = "--limit-size") -> int:
    """`2GiB` in bytes; raises `usage`."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", text)
    if match is None or match[2].lower() not in SIZE_UNITS:
        raise usage(f"{option} is a size such as 500MB or 2GiB, not {text!r:.40}")
    return int(float(match[1]) * SIZE_UNITS[match[2].lower()])


def check_name(name: str, argument: str, form: str) -> None:
    """Raise `usage` unless `name` can stand for a variable."""
    if not name.isidentifier() or name in PYTHON_WORDS or name in ("True", "False", "None", "and", "or", "not"):
        what = f"{name!r:.60} is not a name" if name else f"a name is missing before = in {argument!r:.60}"
        raise usage(f"{what}; arguments after the expression are {form}", "a name is made of letters, digits and _")
