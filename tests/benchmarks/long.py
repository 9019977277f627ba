"""Long expressions: seconds from the text to value and gradient, and how they grow with the length.

    python tests/benchmarks/long.py [--runs 3] [--size 100000] [--json]

The peers do not parse: theirs is a loop that builds the same graph, and a backward pass over it.  Growth is that from
one length to the next, twice as long: 2 is linear.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from peers import EAGER, HIPS, Contest, arguments

HALVINGS = 3


def added(n: int) -> str:
    return "x" + "+x" * n


def called(n: int) -> str:
    return "sin(" * n + "x" + ")" * n


def bracketed(n: int) -> str:
    return "(" * n + "x" + "+x)" * n


def chained(step: Callable[[Any, Any, Any], Any]) -> Callable[[int], Callable[..., Any]]:
    """The same graph as a loop, `step(functions, result, x)` after step."""

    def of_length(n: int) -> Callable[..., Any]:
        def work(f: Any, x: Any) -> Any:
            result = x
            for _ in range(n):
                result = step(f, result, x)
            return result

        return work

    return of_length


FORMS: dict[str, tuple[Callable[[int], str], Callable[[int], Callable[..., Any]]]] = {
    "x+x+...": (added, chained(lambda f, result, x: result + x)),
    "sin(sin(...))": (called, chained(lambda f, result, x: f.sin(result))),
    "((x+x)+x)...": (bracketed, chained(lambda f, result, x: result + x)),
}


def main() -> None:
    options = arguments(__doc__, 3, 100_000, "operations in the longest").parse_args()
    lengths = [options.size >> halvings for halvings in range(HALVINGS, -1, -1)]
    contest = Contest("text to gradient", options.runs, (EAGER, HIPS))
    growth: dict[str, list[float]] = {}
    for form, (text, chain) in FORMS.items():
        for length in lengths:
            name = f"{form} {length:,}"
            variables = {"x": np.array(0.7)}
            contest.differentiate(name, text(length), chain(length), variables, 1e-9, warmups=1, parse=True)
        seconds = [contest.times[f"{form} {length:,}"]["autodiff"] for length in lengths]
        growth[form] = [round(b / a, 2) for a, b in pairwise(seconds)]
    contest.report(options.json, growth=growth)


if __name__ == "__main__":
    main()
