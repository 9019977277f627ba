"""What is asked of a student, and what comes back: plain records that commands, rows and a class share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from autodiff.errors import AutodiffError
from autodiff.graph.sizes import Shape


class Question(NamedTuple):
    """An expression and the variable to differentiate by.

    `vars` are values (numbers, nested lists, arrays), `shapes` the shapes of variables that have none; what has
    neither is a number.  `allowed` are the functions that an answer may call, None for all.
    """

    expr: str
    wrt: str | None = None
    shapes: Mapping[str, Shape] = {}
    vars: Mapping[str, Any] = {}
    let: Mapping[str, str] = {}
    seed: int = 0
    points: int = 12
    rtol: float | None = None
    atol: float | None = None
    domains: Mapping[str, tuple[float, float]] = {}
    allowed: frozenset[str] | None = None
    seconds: float = 5.0


class Cause(NamedTuple):
    """A mistake that explains an answer: its kind, the place in the original expression, and what happened.

    `hint` says the same without giving the answer away; `span` is half-open, in code points of `source`.
    """

    kind: str
    at: str
    span: tuple[int, int]
    says: str
    hint: str
    source: str = "expr"


class Verdict(NamedTuple):
    """`verdict` is right, wrong, undecided or invalid, and `says` why, in a sentence.

    `witness` is a point of a wrong answer: {"at": {name: value}, "answer": …, "expected": …}, to six digits.
    `error` is what makes an answer invalid, or one that cannot be computed wrong; its span is in "answer".
    """

    verdict: str
    says: str
    cause: Cause | None
    witness: dict[str, Any] | None
    seed: int
    points: int
    error: AutodiffError | None
    symbolic: bool | None
    expected: str | None
