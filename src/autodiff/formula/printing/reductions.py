"""Reductions that are written in another way than they are built: with a kept dim, or as a norm."""

from __future__ import annotations

from autodiff.formula import term as t
from autodiff.formula.term import Term
from autodiff.graph.sizes import Shape

WITH_DIMS = ("logsumexp", "prod", "std", "var")  # their parameters begin with the dims and end with keepdim


def kept(line: Term) -> Term | None:
    """A column or row of a reduction along a dim as the reduction that keeps it."""
    return _kept(line.args[0], 1 if line.kind == "col" else 0, line.shape)


def _kept(x: Term, dim: int, shape: Shape) -> Term | None:
    if x.kind == "sum" and x.data == ((dim,), False):
        return t.make("sum", x.args, ((dim,), True), shape)
    if x.kind == "fn" and x.data[0] in WITH_DIMS and x.data[1:2] == ((dim,),) and x.data[-1] is False:
        return t.make("fn", x.args, (*x.data[:-1], True), shape)
    if x.kind == "pow" and t.number_of(x.args[1]) is not None:
        base = _kept(x.args[0], dim, shape)
        return None if base is None else t.make("pow", (base, x.args[1]), None, shape)
    if x.kind == "mul" and all(arg.shape for arg in x.args):
        parts = [_kept(arg, dim, shape) for arg in x.args]
        found = [part for part in parts if part is not None]
        return t.make("mul", found, x.data, shape) if len(found) == len(parts) else None
    return None


def normed(squares: Term) -> tuple[Term, tuple[int, ...] | None, bool] | None:
    """Whose norm the root of this is, and along which dims: of sum(X^2, 1) and x @ x."""
    if squares.kind in ("col", "row"):
        squares = kept(squares) or squares
    if squares.kind == "chain" and len(squares.args) == 2 and squares.args[0] is squares.args[1]:
        return squares.args[0], None, False
    if squares.kind == "sum" and squares.args[0].kind == "pow" and t.number_of(squares.args[0].args[1]) == 2:
        return squares.args[0].args[0], *squares.data
    return None


def norm_dims(dims: tuple[int, ...] | None, keepdim: bool) -> str:
    """The dims of a norm, which come after its order."""
    return "" if dims is None else f", dim={dims[0] if len(dims) == 1 else dims}{', keepdim=True' * keepdim}"
