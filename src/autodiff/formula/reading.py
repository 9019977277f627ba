"""A formula's text read again: its syntax tree, and the shape of every piece.

What is printed in another form (LaTeX, Unicode, code) is printed from here, so that it says what the text says, which
is what has been verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.graph.build import COMBINE, Builder
from autodiff.graph.conversions import PLAIN
from autodiff.graph.dtypes import float64, using_default_dtype
from autodiff.graph.lookup import CONSTANTS, PREFIXES, find, find_method
from autodiff.graph.node import Node, placed
from autodiff.graph.op import Operation
from autodiff.graph.primitive import variable
from autodiff.graph.signature import SPELLINGS
from autodiff.graph.sizes import Shape, Size
from autodiff.ops.create import SIZE
from autodiff.syntax import tree as T  # noqa: N812
from autodiff.syntax.parse import parse


def scope_of(shapes: Mapping[str, Shape], wrt: tuple[str, ...] = ()) -> tuple[dict[str, Node], dict[str, Any]]:
    """Variables of these shapes, and all names that an expression over them may use: names of sizes are integers."""
    variables = {name: variable(name, shape, float64, name in wrt) for name, shape in shapes.items()}
    scope: dict[str, Any] = dict(variables)
    for name, shape in shapes.items():
        for dim, size in enumerate(shape):
            if isinstance(size, Size) and len(size.terms) == 1 and str(size) not in scope:
                scope[str(size)] = SIZE(variables[name], dim)
    return variables, scope


class Called:
    """A call: the operation's name, and its arguments by position (the receiver first) and by name."""

    __slots__ = ("args", "keywords", "name", "operation")

    def __init__(self, name: str, operation: Operation | None, args: list[T.Tree], keywords: dict[str, T.Tree]) -> None:
        self.name = name
        self.operation = operation
        self.args = args
        self.keywords = keywords

    def get(self, place: int, name: str) -> T.Tree | None:
        """The argument at a place or of a name."""
        if place < len(self.args):
            return self.args[place]
        for spelling in (name, SPELLINGS.get(name, name), *[s for s, n in SPELLINGS.items() if n == name]):
            if spelling in self.keywords:
                return self.keywords[spelling]
        return None


class Reading:
    """The syntax tree of a text, its pieces operands first, and what each of them is over variables of given shapes."""

    def __init__(self, text: str, shapes: Mapping[str, Shape]) -> None:
        self.text = text
        self.shapes = shapes
        self.root = parse(text)
        _, scope = scope_of(shapes)
        self.builder = Builder(scope)
        self.order: list[T.Tree] = list(reversed(self.builder._order(self.root)))
        self.values: dict[T.Tree, Any] = {}
        self._evaluate()

    def _evaluate(self) -> None:
        """What every piece is; where that depends on values, the pieces before are known."""
        values: list[Any] = []
        with using_default_dtype(float64):
            for item in self.order:
                try:
                    with placed(item.span):
                        COMBINE[item.__class__](self.builder, item, values)
                except AutodiffError:
                    return
                self.values[item] = values[-1]

    def shape(self, item: T.Tree) -> Shape | None:
        """The shape of a piece, None where it has none or that is not known."""
        value = self.values.get(item)
        if isinstance(value, Node):
            return value.shape
        return () if isinstance(value, PLAIN) else None

    def rank(self, item: T.Tree) -> int:
        """The number of dims of a piece; what is not known counts as a number."""
        return len(self.shape(item) or ())

    def is_constant(self, item: T.Tree) -> bool:
        """Whether a piece is made of numbers alone."""
        value = self.values.get(item)
        if isinstance(value, PLAIN):
            return True
        stack = [item]
        while stack:
            piece = stack.pop()
            if isinstance(piece, T.Name) and piece.id not in CONSTANTS:
                return False
            stack.extend(self.builder._operands(piece))
        return True

    def number(self, item: T.Tree | None) -> int | None:
        """The integer that a piece is, None where it is none."""
        value = self.values.get(item) if item is not None else None
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def called(self, item: T.Call) -> Called:
        """A call with its operation, however it was written."""
        keywords = {keyword.name: keyword.value for keyword in item.keywords}
        function = item.function
        if isinstance(function, T.Name):
            found = find("", function.id)
            return Called(found.name if found else function.id, found, item.args, keywords)
        if isinstance(function, T.Attribute):
            module = self.builder.module(function.value)
            if module is None:
                found = find_method(function.name)
                return Called(found.name if found else function.name, found, [function.value, *item.args], keywords)
            found = find(module, function.name) if module in PREFIXES else None
            return Called(found.name if found else function.name, found, item.args, keywords)
        return Called("", None, item.args, keywords)
