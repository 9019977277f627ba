"""The syntax tree: plain classes with slots, every node with its span.

The tree says what was written and nothing about what it means; `autodiff.graph.build` gives it meaning.
Trees may be as deep as memory allows, so nothing here (and nothing that walks a tree) recurses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autodiff.errors import Span

if TYPE_CHECKING:  # importing it costs a start 2 ms, and only decimals need it
    from fractions import Fraction


class Tree:
    """Base of all syntax nodes."""

    __slots__ = ("span",)

    span: Span


class Number(Tree):
    """A literal, exact: `3` is an int, `0.1` is Fraction(1, 10) with `decimal` set (it has a point or an exponent)."""

    __slots__ = ("decimal", "value")

    def __init__(self, span: Span, value: int | Fraction, decimal: bool) -> None:
        self.span = span
        self.value = value
        self.decimal = decimal


class String(Tree):
    __slots__ = ("value",)

    def __init__(self, span: Span, value: str) -> None:
        self.span = span
        self.value = value


class Constant(Tree):
    """`True`, `False`, `None` or `...` (as Python's Ellipsis)."""

    __slots__ = ("value",)

    def __init__(self, span: Span, value: object) -> None:
        self.span = span
        self.value = value


class Name(Tree):
    __slots__ = ("id",)

    def __init__(self, span: Span, id: str) -> None:
        self.span = span
        self.id = id


class Unary(Tree):
    """`op` is one of `-  +  ~  not`."""

    __slots__ = ("op", "operand")

    def __init__(self, span: Span, op: str, operand: Tree) -> None:
        self.span = span
        self.op = op
        self.operand = operand


class Binary(Tree):
    """`op` is one of `+ - * / // % @ ** | & and or`, normalised (`^` is `**`, `×` is `*`); `op_span` is the sign."""

    __slots__ = ("left", "op", "op_span", "right")

    def __init__(self, span: Span, op: str, op_span: Span, left: Tree, right: Tree) -> None:
        self.span = span
        self.op = op
        self.op_span = op_span
        self.left = left
        self.right = right


class Compare(Tree):
    """A chain `a < b <= c`: one more operand than ops; ops are `< <= > >= == !=` (`≤ ≥ ≠` normalised)."""

    __slots__ = ("operands", "ops")

    def __init__(self, span: Span, ops: list[str], operands: list[Tree]) -> None:
        self.span = span
        self.ops = ops
        self.operands = operands


class Call(Tree):
    __slots__ = ("args", "function", "keywords")

    def __init__(self, span: Span, function: Tree, args: list[Tree], keywords: list[Keyword]) -> None:
        self.span = span
        self.function = function
        self.args = args
        self.keywords = keywords


class Keyword(Tree):
    """`name=value` in a call; `span` covers both, `name_span` the name."""

    __slots__ = ("name", "name_span", "value")

    def __init__(self, span: Span, name: str, name_span: Span, value: Tree) -> None:
        self.span = span
        self.name = name
        self.name_span = name_span
        self.value = value


class Attribute(Tree):
    __slots__ = ("name", "name_span", "value")

    def __init__(self, span: Span, value: Tree, name: str, name_span: Span) -> None:
        self.span = span
        self.value = value
        self.name = name
        self.name_span = name_span


class Index(Tree):
    """`value[items]`; `x[0, 1]` has two items and `tuple` set, `x[0]` one, `x[0,]` one and `tuple` set."""

    __slots__ = ("items", "tuple", "value")

    def __init__(self, span: Span, value: Tree, items: list[Tree], tuple: bool) -> None:
        self.span = span
        self.value = value
        self.items = items
        self.tuple = tuple


class Slice(Tree):
    """`start:stop:step` inside an index; absent parts are None."""

    __slots__ = ("start", "step", "stop")

    def __init__(self, span: Span, start: Tree | None, stop: Tree | None, step: Tree | None) -> None:
        self.span = span
        self.start = start
        self.stop = stop
        self.step = step


class ListOf(Tree):
    __slots__ = ("items",)

    def __init__(self, span: Span, items: list[Tree]) -> None:
        self.span = span
        self.items = items


class TupleOf(Tree):
    __slots__ = ("items",)

    def __init__(self, span: Span, items: list[Tree]) -> None:
        self.span = span
        self.items = items
