"""The identities of matrices, as data: left = right, for letters of given shapes.

They are applied when a term is made, by the constructor of what stands outermost on the left (`inv`, `trace`, `@`, …),
so that a term in which one could be applied does not exist.  The first of several that match is taken; a law matches
where its letters can have the shapes that it gives them, which is its condition.  Each is tested on its own: that both
sides have the same values, and that it is what turns the one into the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from autodiff.formula.term.algebra import dim_term, mul, power, scalars_of
from autodiff.formula.term.core import Term, eye, num, ones
from autodiff.graph.sizes import Dim, Shape
from autodiff.syntax import tree as T  # noqa: N812
from autodiff.syntax.parse import parse


class Law(NamedTuple):
    """left = right; `shapes` as in `A:n,n u:m c`, a letter without sizes being a number."""

    left: str
    right: str
    shapes: str


LAWS = [
    Law("inv(c*A)", "inv(A)/c", "A:n,n c"),
    Law("inv(eye(n))", "eye(n)", "n"),
    Law("inv(inv(A))", "A", "A:n,n"),
    Law("inv(A.T)", "inv(A).T", "A:n,n"),
    Law("inv(A @ B)", "inv(B) @ inv(A)", "A:n,n B:n,n"),
    Law("det(A.T)", "det(A)", "A:n,n"),
    Law("det(eye(n))", "1", "n"),
    Law("det(inv(A))", "1/det(A)", "A:n,n"),
    Law("det(A @ A)", "det(A)*det(A)", "A:n,n"),
    Law("det(A @ A.T)", "det(A)*det(A)", "A:n,n"),
    Law("det(A.T @ A)", "det(A)*det(A)", "A:n,n"),
    Law("trace(c*A)", "c*trace(A)", "A:n,n c"),
    Law("trace(A.T)", "trace(A)", "A:n,n"),
    Law("trace(eye(n))", "n", "n"),
    Law("trace(outer(u, v))", "u @ v", "u:n v:n"),
    Law("diag(A.T)", "diag(A)", "A:n,n"),
    Law("diag(outer(u, v))", "u*v", "u:n v:n"),
    Law("diag(c*A)", "c*diag(A)", "A:n,n c"),
    Law("diag(c*u)", "c*diag(u)", "u:n c"),
    Law("diag(eye(n))", "ones(n)", "n"),
    Law("diag(ones(n))", "eye(n)", "n"),
    Law("A.T.T", "A", "A:m,n"),
    Law("eye(n).T", "eye(n)", "n"),
    Law("ones(m, n).T", "ones(n, m)", "m n"),
    Law("outer(u, v).T", "outer(v, u)", "u:m v:n"),
    Law("diag(u).T", "diag(u)", "u:n"),
    Law("A @ inv(A)", "eye(n)", "A:n,n"),
    Law("inv(A) @ A", "eye(n)", "A:n,n"),
    Law("A.T @ inv(A).T", "eye(n)", "A:n,n"),
    Law("inv(A).T @ A.T", "eye(n)", "A:n,n"),
    Law("eye(m) @ A", "A", "A:m,n"),
    Law("A @ eye(n)", "A", "A:m,n"),
    Law("eye(n) @ u", "u", "u:n"),
    Law("diag(u) @ v", "u*v", "u:n v:n"),
    Law("A @ ones(n)", "sum(A, 1)", "A:m,n"),
    Law("u @ ones(n)", "sum(u)", "u:n"),
    Law("sum(c*A)", "c*sum(A)", "A:m,n c"),
    Law("sum(ones(m, n))", "m*n", "m n"),
    Law("sum(eye(n))", "n", "n"),
    Law("sum(diag(u))", "sum(u)", "u:n"),
    Law("sum(outer(u, v))", "sum(u)*sum(v)", "u:m v:n"),
    Law("sum(A.T)", "sum(A)", "A:m,n"),
]

Found = dict[str, Any]  # terms by letter, sizes by name
Match = Callable[[Term, Found], bool]
Build = Callable[[Found], Any]

# What the right sides are made with: each module adds what it makes.
MAKERS: dict[str, Callable[..., Term]] = {"eye": eye, "ones": lambda *sizes: ones(sizes)}


class _Compiled(NamedTuple):
    operands: list[Match]
    right: Build


def rewritten(head: str, *operands: Term) -> Term | None:
    """What the first law that matches makes of `head` of these operands; None where there is none."""
    for law in table().get(head, ()):
        found: Found = {}
        if all(match(x, found) for match, x in zip(law.operands, operands, strict=True)):
            right = law.right(found)
            return right if isinstance(right, Term) else dim_term(right)
    return None


_table: dict[str, list[_Compiled]] = {}


def table() -> Mapping[str, list[_Compiled]]:
    """The laws by what stands outermost on their left."""
    if not _table:
        for law in LAWS:
            head, compiled = _compiled(law)
            _table.setdefault(head, []).append(compiled)
    return _table


def forget_laws() -> None:
    """Compile the laws anew when they are needed next."""
    _table.clear()


def _compiled(law: Law) -> tuple[str, _Compiled]:
    shapes = {name: tuple(filter(None, sizes.split(","))) for name, _, sizes in map(_declared, law.shapes.split())}
    head, operands = _head(parse(law.left))
    return head, _Compiled([_matcher(x, shapes) for x in operands], _builder(parse(law.right)))


def _declared(text: str) -> tuple[str, str, str]:
    return text.partition(":")


def _head(tree: T.Tree) -> tuple[str, Sequence[T.Tree]]:
    """What stands outermost, and its operands."""
    if isinstance(tree, T.Call) and isinstance(tree.function, T.Name):
        return tree.function.id, tree.args
    if isinstance(tree, T.Attribute):
        return "T", [tree.value]
    assert isinstance(tree, T.Binary)
    return tree.op, [tree.left, tree.right]


# Left sides


def _matcher(tree: T.Tree, shapes: Mapping[str, tuple[str, ...]]) -> Match:
    if isinstance(tree, T.Name):
        return _letter(tree.id, shapes[tree.id])
    head, operands = _head(tree)
    if head in ("eye", "ones"):
        names = [operand.id for operand in operands if isinstance(operand, T.Name)]
        if head == "eye":
            names = names * 2
        return lambda x, found: x.kind == head and len(names) == len(x.shape) and _fits(x.shape, names, found)
    inner = [_matcher(operand, shapes) for operand in operands]
    if head == "*":
        return lambda x, found: _scaled(x, inner, found)
    if head == "@":
        return lambda x, found: (
            x.kind == "chain"
            and all(match(part, found) for match, part in zip(inner, (x.args[0], _rest(x)), strict=True))
        )
    kind, data = {"T": ("t", None), "outer": ("outer", None)}.get(head, ("fn", (head,)))
    return lambda x, found: (
        x.kind == kind and x.data == data and all(match(a, found) for match, a in zip(inner, x.args, strict=True))
    )


def _letter(name: str, sizes: tuple[str, ...]) -> Match:
    def match(x: Term, found: Found) -> bool:
        if name in found:
            return found[name] is x
        found[name] = x
        return len(x.shape) == len(sizes) and _fits(x.shape, sizes, found)

    return match


def _fits(shape: Shape, names: Sequence[str], found: Found) -> bool:
    """Whether sizes can have these names: what has one name has one size."""
    return all(found.setdefault(name, size) == size for name, size in zip(names, shape, strict=True))


def _scaled(x: Term, inner: list[Match], found: Found) -> bool:
    scalars, rest = scalars_of(x)
    return bool(scalars) and rest.shape == x.shape and inner[0](mul(scalars), found) and inner[1](rest, found)


def _rest(x: Term) -> Term:
    return MAKERS["@"](x.args[1:]) if len(x.args) > 2 else x.args[1]


# Right sides


def _builder(tree: T.Tree) -> Build:
    if isinstance(tree, T.Name):
        return lambda found: found[tree.id]
    if isinstance(tree, T.Number):
        return lambda found: tree.value
    head, operands = _head(tree)
    inner = [_builder(operand) for operand in operands]
    if head == "sum":
        dims = (1,) if len(inner) > 1 else None
        return lambda found: MAKERS["sum"](inner[0](found), dims, False)
    if head == "@":
        return lambda found: MAKERS["@"]([part(found) for part in inner])
    if head == "*":
        return lambda found: mul([_term(part(found)) for part in inner])
    if head == "/":
        return lambda found: mul([_term(inner[0](found)), power(_term(inner[1](found)), -1)])
    return lambda found: MAKERS[head](*[part(found) for part in inner])


def _term(value: Term | Dim) -> Term:
    return value if isinstance(value, Term) else num(value) if isinstance(value, int) else dim_term(value)


__all__ = ["LAWS", "MAKERS", "Law", "forget_laws", "rewritten"]
