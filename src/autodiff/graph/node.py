"""The one data structure: an immutable node of the graph.

A node is an operation applied to input nodes with parameters; its shape and dtype follow from these and are known
before any number is computed.  Equality and hash are identity.  Nodes are numbered as they are made, so ordering a
set of nodes by `index` is a topological order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from autodiff.errors import Span
from autodiff.graph.dtypes import DType
from autodiff.graph.sizes import Shape

if TYPE_CHECKING:
    from autodiff.graph.primitive import Primitive

_next_index = count().__next__

# What Python's operators on nodes mean; `autodiff.ops` fills it, so that rules can be written as formulas.
OPERATORS: dict[str, Callable[..., Any]] = {}

_place: list[Span | None] = [None]


@contextmanager
def placed(span: Span | None) -> Iterator[None]:
    """Nodes made inside come from this place in the source text."""
    _place.append(span)
    try:
        yield
    finally:
        _place.pop()


class Node:
    """An operation applied to inputs.

    `params` are the arguments that are not nodes, in the order of the signature.  `weak` marks plain numbers:
    they have no dimensions and promote like a Python number.  A node with several results has them in `results`
    as (shape, dtype) and is only ever read through `pick`.
    """

    __slots__ = (
        "__weakref__",
        "_strides",
        "dtype",
        "eager",
        "index",
        "inputs",
        "op",
        "params",
        "requires_grad",
        "results",
        "shape",
        "span",
        "weak",
    )

    def __init__(
        self,
        op: Primitive,
        inputs: tuple[Node, ...],
        params: tuple[Any, ...],
        shape: Shape,
        dtype: DType,
        requires_grad: bool,
        weak: bool = False,
        results: tuple[tuple[Shape, DType], ...] | None = None,
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.params = params
        self.shape = shape
        self.dtype = dtype
        self.requires_grad = requires_grad
        self.weak = weak
        self.results = results
        self.span = _place[-1]
        self.index = _next_index()
        self._strides: Shape | None = None
        self.eager: Any = None  # what `autodiff.tensor` knows of it: the value, who accumulates, hooks

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def args(self) -> tuple[Any, ...]:
        """Inputs and parameters in the order of the operation's signature."""
        return self.op.arrange(self.inputs, self.params)

    def __repr__(self) -> str:
        return f"<{self.op.name} #{self.index} {list(self.shape)} {self.dtype.name}>"

    def __add__(self, other: Any) -> Node:
        return OPERATORS["+"](self, other)  # type: ignore[no-any-return]

    def __radd__(self, other: Any) -> Node:
        return OPERATORS["+"](other, self)  # type: ignore[no-any-return]

    def __sub__(self, other: Any) -> Node:
        return OPERATORS["-"](self, other)  # type: ignore[no-any-return]

    def __rsub__(self, other: Any) -> Node:
        return OPERATORS["-"](other, self)  # type: ignore[no-any-return]

    def __mul__(self, other: Any) -> Node:
        return OPERATORS["*"](self, other)  # type: ignore[no-any-return]

    def __rmul__(self, other: Any) -> Node:
        return OPERATORS["*"](other, self)  # type: ignore[no-any-return]

    def __truediv__(self, other: Any) -> Node:
        return OPERATORS["/"](self, other)  # type: ignore[no-any-return]

    def __rtruediv__(self, other: Any) -> Node:
        return OPERATORS["/"](other, self)  # type: ignore[no-any-return]

    def __pow__(self, other: Any) -> Node:
        return OPERATORS["**"](self, other)  # type: ignore[no-any-return]

    def __rpow__(self, other: Any) -> Node:
        return OPERATORS["**"](other, self)  # type: ignore[no-any-return]

    def __matmul__(self, other: Any) -> Node:
        return OPERATORS["@"](self, other)  # type: ignore[no-any-return]

    def __neg__(self) -> Node:
        return OPERATORS["neg"](self)  # type: ignore[no-any-return]

    def __lt__(self, other: Any) -> Node:
        return OPERATORS["<"](self, other)  # type: ignore[no-any-return]

    def __le__(self, other: Any) -> Node:
        return OPERATORS["<="](self, other)  # type: ignore[no-any-return]

    def __gt__(self, other: Any) -> Node:
        return OPERATORS[">"](self, other)  # type: ignore[no-any-return]

    def __ge__(self, other: Any) -> Node:
        return OPERATORS[">="](self, other)  # type: ignore[no-any-return]

    def __and__(self, other: Any) -> Node:
        return OPERATORS["&"](self, other)  # type: ignore[no-any-return]

    def __or__(self, other: Any) -> Node:
        return OPERATORS["|"](self, other)  # type: ignore[no-any-return]

    def __invert__(self) -> Node:
        return OPERATORS["~"](self)  # type: ignore[no-any-return]


class Results(tuple[Node, ...]):
    """What an operation with several results gives a user: a tuple whose fields have names (`values`, `indices`)."""

    fields: tuple[str, ...]
    function: str

    @classmethod
    def of(cls, function: str, fields: tuple[str, ...], nodes: Iterable[Node]) -> Results:
        self = cls(nodes)
        self.fields = fields
        self.function = function
        return self


def ancestors(outputs: Iterable[Node], follow: Callable[[Node], bool] | None = None) -> list[Node]:
    """All nodes that `outputs` depend on, themselves included, in topological order; `follow` prunes."""
    seen = {node for node in outputs if follow is None or follow(node)}
    stack = list(seen)
    while stack:
        for node in stack.pop().inputs:
            if node not in seen and (follow is None or follow(node)):
                seen.add(node)
                stack.append(node)
    return sorted(seen, key=_index_of)


def _index_of(node: Node) -> int:
    return node.index
