"""What a term is: interned, so that equal terms are the same object; and the leaves."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.graph.sizes import Dim, Shape, broadcast

Scalar = Fraction | float

# Functions of one operand that work element by element: a transpose passes through them.
ELEMENTWISE: set[str] = set()


class Term:
    """`kind` says what it is, `args` its operands, `data` all else; equality is identity."""

    __slots__ = ("args", "data", "id", "kind", "shape")

    def __init__(self, kind: str, args: tuple[Term, ...], data: Any, shape: Shape, id: int) -> None:
        self.kind = kind
        self.args = args
        self.data = data
        self.shape = shape
        self.id = id

    def __repr__(self) -> str:
        return f"<{self.kind} #{self.id} {self.data} {[a.id for a in self.args]}>"


_known: dict[Any, Term] = {}
TRANSPOSES: dict[Term, Term] = {}
CORES: dict[Term, Term] = {}  # of products with a coefficient, what they are without it


class ExhaustedError(AutodiffError):
    """The work that a search may do is done."""


WORK = 4_000_000  # operands that the terms of one expression may have together: about two seconds
_left = WORK


def spend(work: int) -> None:
    """Count the work, in operands looked at: it is the same every time, as seconds are not."""
    global _left
    _left -= work
    if _left < 0:
        raise ExhaustedError("no-formula", "the formula takes too much work", type="NotImplementedError")


def allow(work: int) -> None:
    """Begin a search that may do so much work."""
    global _left
    _left = work


def forget() -> None:
    """Start numbering anew, so that the order of terms depends on one expression alone."""
    _known.clear()
    TRANSPOSES.clear()
    CORES.clear()
    allow(WORK)


def make(kind: str, args: Iterable[Term], data: Any, shape: Shape) -> Term:
    args = tuple(args)
    key = (kind, args, data, type(data), shape)
    found = _known.get(key)
    if found is None:
        found = _known[key] = Term(kind, args, data, shape, len(_known))
    return found


# Leaves


def num(value: Scalar | int) -> Term:
    return make("num", (), Fraction(value) if isinstance(value, int) else value, ())


def one() -> Term:
    """The number 1, which is the exponent of most factors."""
    found = _known.get("one")
    if found is None:
        found = _known["one"] = num(1)
    return found


def var(name: str, shape: Shape) -> Term:
    return make("var", (), name, shape)


def ones(shape: Shape) -> Term:
    return make("ones", (), None, shape) if shape else num(1)


def zeros(shape: Shape) -> Term:
    return make("mul", (ones(shape),), Fraction(0), shape) if shape else num(0)


def eye(size: Dim) -> Term:
    return make("eye", (), None, (size, size)) if size != 1 else ones((1, 1))


def is_zero(term: Term) -> bool:
    return (term.kind in ("num", "mul")) and term.data == 0


def number_of(term: Term) -> Scalar | None:
    """The number that a term is, else None."""
    return term.data if term.kind == "num" else None


def common_shape(terms: Iterable[Term]) -> Shape:
    shape: Shape = ()
    for term in terms:
        other = term.shape
        if other and other is not shape:
            shape = broadcast(shape, other) if shape else other
    return shape
