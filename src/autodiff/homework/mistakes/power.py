"""The power rule: (x^n)' = n x^(n-1), and what it is confused with.

The factor n forgotten, the exponent kept, lowered twice or raised; a^x differentiated as if it were x^a, or without the
factor log(a) (Stewart, Calculus, sections 3.1 and 3.4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.homework.mistakes.walk import Slip, Walk, only, text

Variant = tuple[str, Callable[[Node, Any], Node], str]

HINT = "look at the power rule again: the factor and the exponent"
ROOTS = {"sqrt": Fraction(1, 2), "rsqrt": Fraction(-1, 2), "reciprocal": Fraction(-1)}  # 1/u is a quotient first

OF_NUMBER: list[Variant] = [
    ("kept", lambda x, n: n * x**n, "the exponent of {here} is not lowered by one"),
    ("no factor", lambda x, n: x ** (n - 1), "the factor {n} from the exponent of {here} is missing"),
    ("factor n-1", lambda x, n: (n - 1) * x ** (n - 1), "the factor is the new exponent of {here}, not the old one"),
    ("to n", lambda x, n: n * x, "the exponent of {here} became a factor, and its power is gone"),
    ("raised", lambda x, n: n * x ** (n + 1), "the exponent of {here} is raised by one, and it should be lowered"),
]
UNLIKELY: list[Variant] = [
    (
        "n-1 kept",
        lambda x, n: (n - 1) * x**n,
        "the factor from the exponent of {here} is one too small, and the exponent is kept",
    ),
    ("twice", lambda x, n: n * x ** (n - 2), "the exponent of {here} is lowered by two"),
    ("n to 1", lambda x, n: n * ops.ones_like(x), "of the derivative of {here} only the factor {n} is left"),
    ("divided", lambda x, n: x ** (n - 1) / n, "{here} is divided by its exponent, and it should be multiplied"),
    ("kept divided", lambda x, n: x**n / n, "{here} is divided by its exponent, which stays as it is"),
    ("halved", lambda x, n: n * x ** (n / 2), "the exponent of {here} is halved, and it should be lowered by one"),
    (
        "as exponential",
        lambda x, n: x**n * ops.log(x),
        "{here} is differentiated as if the variable stood in its exponent",
    ),
    ("as n+1", lambda x, n: (n + 1) * x**n, "{here} is differentiated as if its exponent were one more"),
    ("root", lambda x, n: abs(n) * x ** abs(n), "the sign of the exponent of {here} is lost"),
]
OF_ROOT: list[Variant] = [("no root", lambda x, n: n / x, "the root is missing in the derivative of {here}")]
OF_BASE: list[Variant] = [
    (
        "as power",
        lambda x, a: x * a ** (x - 1),
        "{here} is differentiated by the power rule, and the variable is in its exponent",
    ),
    ("no log", lambda x, a: a**x, "the factor log({n}) of the derivative of {here} is missing"),
    (
        "divided",
        lambda x, a: a**x / ops.log(ops.ones_like(x) * a),
        "the factor log({n}) of the derivative of {here} divides",
    ),
    ("lowered", lambda x, a: a ** (x - 1), "the exponent of {here} is lowered as by the power rule"),
    ("lowered log", lambda x, a: a ** (x - 1) * ops.log(ops.ones_like(x) * a), "the exponent of {here} is lowered"),
    ("base log", lambda x, a: ops.log(x) * a**x, "the logarithm in the derivative of {here} is that of the base, {n}"),
]
OF_E: list[Variant] = [
    (
        "as power",
        lambda x, _: x * ops.exp(x - 1),
        "{here} is differentiated by the power rule, and the variable is in its exponent",
    ),
    ("lowered", lambda x, _: ops.exp(x - 1), "the exponent of {here} is lowered as by the power rule"),
]
OF_E_UNLIKELY: list[Variant] = [
    ("times", lambda x, _: x * ops.exp(x), "the exponent of {here} became a factor"),
]


def powers(walk: Walk) -> Iterator[Slip]:
    """At each power, root and exponential, the wrong rules above."""
    for node in walk.pieces:
        name = node.op.name
        if name == "pow":
            yield from _slips(walk, node, node.params[0], OF_NUMBER)
        elif name in ROOTS and name != "reciprocal":
            yield from _slips(walk, node, ROOTS[name], OF_NUMBER)
        elif name == "pow_of_number":
            yield from _slips(walk, node, node.params[0], OF_BASE)
        elif name == "exp":
            yield from _slips(walk, node, "e", OF_E)
        elif name == "pow_tensor":
            yield from _of_tensors(walk, node)


def unlikely_powers(walk: Walk) -> Iterator[Slip]:
    """What else may become of a power."""
    for node in walk.pieces:
        if node.op.name == "sqrt":
            yield from _slips(walk, node, Fraction(1, 2), OF_ROOT)
        if node.op.name == "exp":
            yield from _slips(walk, node, "e", OF_E_UNLIKELY)
        n = node.params[0] if node.op.name == "pow" else ROOTS.get(node.op.name)
        if node.op.name == "reciprocal":
            yield from _slips(walk, node, n, OF_NUMBER)
        if n is not None:
            yield from _slips(walk, node, n, UNLIKELY)


def _slips(walk: Walk, node: Node, n: Any, variants: list[Variant]) -> Iterator[Slip]:
    x = node.inputs[0]
    if not walk.depends(x):
        return
    for label, wrong, says in variants:
        if (label, n) in (("factor n-1", Fraction(1, 2)), ("no factor", -1)):  # that is the sign
            continue
        if label == "n to 1" and not (n > 1 and n == int(n)):  # of a root that would be half of what is inside
            continue
        says = says.format(here=text(node), n=n)
        yield walk.slip("power", label, node, _wrongly, says, HINT, given=(node, 0, wrong, x, n))


def _wrongly(g: Node, node: Node, place: int, wrong: Callable[[Node, Any], Node], x: Node, n: Any) -> list[Node | None]:
    return only(node, place, g * wrong(x, n))


def _of_tensors(walk: Walk, node: Node) -> Iterator[Slip]:
    """x^y: as if the exponent, or the base, were constant."""
    x, n = node.inputs
    here = text(node)
    if walk.depends(x) and walk.depends(n):
        for i, part in ((0, "exponent"), (1, "base")):
            says = f"{here} is differentiated as if its {part} were constant"
            yield walk.slip("power", f"only {i}", node, walk.alone, says, HINT, given=(node, i))
    elif walk.depends(x):
        for label, wrong, says in OF_NUMBER[:6]:
            says = says.format(here=here, n=text(n))
            yield walk.slip("power", label, node, _wrongly, says, HINT, given=(node, 0, wrong, x, n))
    else:
        for label, wrong, says in OF_BASE[:2]:
            says = says.format(here=here, n=text(x))
            yield walk.slip("power", label, node, _wrongly, says, HINT, given=(node, 1, wrong, n, x))
