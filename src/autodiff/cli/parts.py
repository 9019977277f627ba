"""Parts of answers: which there are, and how commands print them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from autodiff.cli.options import usage
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError

PARTS = ("value", "shape", "dtype", "grad_fn")


def check_parts(option: str, given: Iterable[str], known: list[str]) -> None:
    """Raise `usage` for a part that no answer has."""
    for part in given:
        if part not in known:
            from autodiff.graph.lookup import did_you_mean

            raise usage(
                f"{option} {part!r:.40} is no part of the answer",
                *did_you_mean(part, known),
                "its parts are " + ", ".join(known),
            )


def print_json(body: dict[str, Any], error: AutodiffError | None, screen: Screen) -> int:
    """Print an answer on one line; returns its exit status."""
    from autodiff.request.jsons import dumps

    screen.write(dumps(body) + "\n")
    return 0 if error is None else error.exit_code


def no_gradient(name: str, dtype: str, text: str) -> str:
    """Why a variable got no gradient, with its own text repaired where it is a plain arange."""
    if dtype == "bool":
        return f"{name} is bool and takes no gradient"
    ranged = re.fullmatch(r"(.*\barange\([^()]*\d)(\s*\).*)", text, re.S)
    written = f"{ranged[1]}.{ranged[2]}" if ranged and "." not in ranged[1] else "arange(3.) rather than arange(3)"
    return f"{name} is {dtype} and takes no gradient; for floating-point numbers write {written}"
