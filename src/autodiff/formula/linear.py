"""The matrix of a linear map: from the formula of H @ v, linear in v, that of H.

A Hessian times a vector is a gradient's gradient, which the graph gives; what it is of the vector is read off here.
"""

from __future__ import annotations

from collections.abc import Sequence

from autodiff.formula import term as t
from autodiff.formula.simplify import postorder
from autodiff.formula.term import Term


class Linear:
    """Terms that are linear in one vector variable."""

    def __init__(self, root: Term, vector: str) -> None:
        self.vector = vector
        self.has: set[Term] = set()
        for term in postorder(root):
            if (term.kind == "var" and term.data == vector) or any(arg in self.has for arg in term.args):
                self.has.add(term)

    def matrix(self, term: Term) -> Term | None:
        """M with term = M @ v, for a vector that is linear in v; None where that is not seen."""
        if len(term.shape) != 1 or term not in self.has:
            return None
        if term.kind == "var":
            return t.eye(term.shape[0])
        if term.kind == "add":
            return self._sum([self._spread(arg, term) for arg in term.args])
        if term.kind == "mul":
            return self._scaled(term)
        if term.kind == "chain":
            return self._chained(list(term.args))
        if term.kind == "fn" and _goes_along(term):
            inner = self.matrix(term.args[0])  # what becomes of the elements becomes of the rows
            return None if inner is None else t.make("fn", (inner,), term.data, (*term.shape, *inner.shape[1:]))
        if term.kind == "fn" and term.data == ("where",):
            condition, a, b = term.args
            if condition in self.has:
                return None
            parts = [(t.indicator(condition), a), (t.indicator(t.negation(condition)), b)]
            return self._sum([self._weighed([weight], x, term) for weight, x in parts if not t.is_zero(x)])
        return None

    def row(self, term: Term) -> Term | None:
        """r with term = r @ v, for a number that is linear in v."""
        if term.shape or term not in self.has:
            return None
        if term.kind == "add":
            return self._sum([self.row(arg) for arg in term.args])
        if term.kind == "mul":
            inner, others = self._factors(term)
            row = self.row(inner) if inner is not None else None
            return None if row is None or any(o.shape for o in others) else t.mul([t.num(term.data), *others, row])
        if term.kind == "chain":
            return self._dotted(list(term.args))
        if term.kind == "sum" and term.data == (None, False):
            return self._summed(term.args[0])
        if term.kind == "fn" and term.data[0] == "item" and len(term.args[0].shape) == 1:
            matrix = self.matrix(term.args[0])
            return None if matrix is None else t.item(matrix, term.data[1])
        return None

    # Parts

    def _sum(self, parts: Sequence[Term | None]) -> Term | None:
        known = [part for part in parts if part is not None]
        return _with_one_diagonal(known) if known and len(known) == len(parts) else None

    def _spread(self, arg: Term, like: Term) -> Term | None:
        """The matrix of a part of a sum; a number stands for a vector of it."""
        if arg.shape:
            return self.matrix(arg)
        row = self.row(arg)
        return None if row is None else t.outer(t.ones(like.shape), row)

    def _factors(self, term: Term) -> tuple[Term | None, list[Term]]:
        inner = [arg for arg in term.args if arg in self.has]
        return (inner[0] if len(inner) == 1 else None), [arg for arg in term.args if arg not in self.has]

    def _scaled(self, term: Term) -> Term | None:
        inner, others = self._factors(term)
        return None if inner is None else self._weighed([t.num(term.data), *others], inner, term)

    def _weighed(self, weights: list[Term], inner: Term, like: Term) -> Term | None:
        """The matrix of weights*inner, element by element."""
        if not inner.shape:
            row = self.row(inner)
            return None if row is None else t.outer(t.mul([*weights, t.ones(like.shape)]), row)
        if inner.kind == "add":
            return self._sum([self._weighed(weights, arg, like) for arg in inner.args])
        matrix = self.matrix(inner)
        if matrix is None:
            return None
        numbers = [weight for weight in weights if not weight.shape]
        vectors = [weight for weight in weights if weight.shape and weight.kind != "ones"]
        if vectors:
            matrix = t.chain([t.diagonal(t.mul(vectors)), matrix])
        return t.mul([*numbers, matrix])

    def _chained(self, args: list[Term]) -> Term | None:
        """A product of matrices and a vector on the right, v somewhere in it."""
        places = [i for i, arg in enumerate(args) if arg in self.has]
        if len(places) != 1:
            return None
        place = places[0]
        before, arg, after = args[:place], args[place], args[place + 1 :]
        if not after:
            inner = self.matrix(arg)
        elif arg.kind == "fn" and arg.data[0] == "diag" and len(arg.shape) == 2:
            inner = self._weighed([_product(after)], arg.args[0], arg.args[0])
        else:
            return None
        return None if inner is None else t.chain([*before, inner])

    def _dotted(self, args: list[Term]) -> Term | None:
        """u @ A @ … @ w, v somewhere in it."""
        places = [i for i, arg in enumerate(args) if arg in self.has]
        if len(places) != 1:
            return None
        place = places[0]
        before, arg, after = args[:place], args[place], args[place + 1 :]
        if len(arg.shape) == 1:
            matrix = self.matrix(arg)
            if matrix is None:
                return None
            rest = [t.transpose(a) for a in reversed(before)] if before else after
            return t.chain([t.transpose(matrix), *rest])
        if arg.kind == "fn" and arg.data[0] == "diag":
            matrix = self.matrix(arg.args[0])
            left = _product([t.transpose(a) for a in reversed(before)])
            return None if matrix is None else t.chain([t.transpose(matrix), t.mul([left, _product(after)])])
        return None

    def _summed(self, x: Term) -> Term | None:
        """Of the sum of all elements of x."""
        if len(x.shape) == 1:
            matrix = self.matrix(x)
            return None if matrix is None else t.chain([t.transpose(matrix), t.ones(x.shape)])
        if x.kind == "add":
            return self._sum([self._summed(arg) for arg in x.args])
        if x.kind != "mul" or len(x.shape) != 2:
            return None
        inner, others = self._factors(x)
        if inner is None:
            return None
        rest = t.mul([t.num(x.data), *others, t.ones(x.shape)])
        # Along the other dim, inner is the same: its coefficients are sums.
        along, vector = (1, inner.args[0]) if inner.kind == "col" else (0, inner)
        matrix = self.matrix(vector)
        return None if matrix is None else t.chain([t.transpose(matrix), t.total(rest, (along,), False)])


def _goes_along(term: Term) -> bool:
    """Whether this moves, cuts or adds up the elements of a vector, which it would do with the rows of a matrix."""
    if len(term.args) != 1 or len(term.args[0].shape) != 1:
        return False
    return term.data[0] in ("pad", "cut") or (term.data[0] == "call" and term.data[1].name in ("flip", "cumsum"))


def _with_one_diagonal(parts: list[Term]) -> Term:
    """The sum, its diagonal matrices as one."""
    diagonals, others = [], []
    for part in parts:
        coefficient, core = t.split(part)
        if core.kind == "fn" and core.data == ("diag",) and len(core.shape) == 2:
            diagonals.append(t.times(coefficient, core.args[0]))
        else:
            others.append(part)
    return t.add([*others, t.diagonal(t.add(diagonals))]) if diagonals else t.add(others)


def _product(args: list[Term]) -> Term:
    return t.chain(args) if len(args) > 1 else args[0]
