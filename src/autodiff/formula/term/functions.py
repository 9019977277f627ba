"""Functions element by element, with what is known of their values and symmetries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from autodiff.formula.term.algebra import exp, mul, neg, power, power_of, split
from autodiff.formula.term.core import Term, common_shape, is_zero, make, num, ones
from autodiff.graph.sizes import Shape


def fn(name: str, args: Sequence[Term], params: tuple[Any, ...] = (), shape: Shape | None = None) -> Term:
    """A call; `params` are the arguments that are no terms."""
    special = SPECIAL.get(name)
    if special is not None and not params:
        found = special(*args)
        if found is not None:
            return found
    return make("fn", args, (name, *params), common_shape(args) if shape is None else shape)


def _odd(name: str) -> Callable[[Term], Term | None]:
    def special(x: Term) -> Term | None:
        if is_zero(x):
            return x
        coefficient, _ = split(x)
        if coefficient < 0 and x.kind != "num":
            return neg(fn(name, [neg(x)], (), x.shape))
        return None

    return special


def _even(name: str, at_zero: int) -> Callable[[Term], Term | None]:
    def special(x: Term) -> Term | None:
        if is_zero(x):
            return mul([num(at_zero), ones(x.shape)])
        coefficient, _ = split(x)
        return fn(name, [neg(x)], (), x.shape) if coefficient < 0 and x.kind != "num" else None

    return special


def _log(x: Term) -> Term | None:
    if x.kind == "fn" and x.data == ("exp",):
        return x.args[0]
    if x.kind == "num" and x.data == 1:
        return num(0)
    return None


def _abs(x: Term) -> Term | None:
    coefficient, core = split(x)
    if x.kind == "num":
        return num(abs(x.data))
    if coefficient < 0:
        return fn("abs", [neg(x)], (), x.shape)
    if core.kind == "fn" and core.data[0] in ("abs", "exp", "sigmoid"):
        return x
    if all(power_of(factor)[0].kind == "dim" for factor in (core.args if core.kind == "mul" else (core,))):
        return x
    return None


SPECIAL: dict[str, Callable[..., Term | None]] = {
    "exp": exp,
    "log": _log,
    "abs": _abs,
    "sqrt": lambda x: power(x, Fraction(1, 2)),
    "rsqrt": lambda x: power(x, Fraction(-1, 2)),
    "reciprocal": lambda x: power(x, -1),
    **{name: _odd(name) for name in ("sin", "tan", "sinh", "tanh", "asin", "atan", "asinh", "erf", "sign")},
    **{name: _even(name, 1) for name in ("cos", "cosh")},
}
