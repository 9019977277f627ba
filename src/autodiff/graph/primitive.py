"""Primitives: the operations that make nodes, with their derivative rules, and the hidden ones that every graph needs.

A derivative rule is called `rule(g, out, *arguments)` with the cotangent, the result and the arguments in the order of
the signature, and returns the cotangent of its operand, built from the same operations.  There is one rule for each
tensor operand: `zero` says that the derivative is zero, `none` that there is none (no edge in the graph).  An operation
whose operands share work has one rule for all, `vjp_all`, returning a list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np

from autodiff.errors import AutodiffError
from autodiff.graph import dtypes
from autodiff.graph.dtypes import DType
from autodiff.graph.node import Node, Results
from autodiff.graph.op import Operation, ops, register
from autodiff.graph.sizes import Shape, contiguous_strides

MAX_RANK = 64  # NumPy's limit

Rule = Callable[..., Any]
Scalar = int | float | Fraction


def zero(g: Node, out: Node, *args: Any) -> None:
    """The rule of an operand whose derivative is zero wherever it exists (`floor`)."""


def none(g: Node, out: Node, *args: Any) -> None:
    """The rule of an operand that gradients never flow to (a condition, an index)."""


PRIMITIVES: list[Primitive] = []


def camel_case(name: str) -> str:
    return "".join(part.capitalize() for part in name.rpartition(".")[2].split("_"))


class Fold:
    """How a reduction of everything is done piece by piece: `partial` reduces a tile, `combine` a list of partial
    results, `finish(total, count, *params)` makes the result.  `gives` has, for other folds of the same operand, their
    partial result from this one's."""

    __slots__ = ("combine", "finish", "gives", "partial")

    def __init__(
        self,
        partial: Callable[[Any], Any],
        combine: Callable[[list[Any]], Any],
        finish: Callable[..., Any] = lambda total, count, *params: total,
        gives: Mapping[Fold, Callable[[Any], Any]] | None = None,
    ) -> None:
        self.partial = partial
        self.combine = combine
        self.finish = finish
        self.gives = gives or {}


# Kernels, other than ufuncs, that take `out=`: an array of the result's shape and dtype, which may be an operand.
WRITERS: set[Callable[..., Any]] = set()
Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def writes_out(kernel: Kernel) -> Kernel:
    """Mark a kernel as one that takes `out=`, for tile loops."""
    WRITERS.add(kernel)
    return kernel


class Primitive(Operation):
    """An operation that makes a node.

    `shape(*args)` and `dtype(*args)` give the result's; `kernel(*args)` computes it from arrays, dims counted from the
    back; `check(*args)` may raise, or return arguments in normal form.  For operations with several results,
    `results(*args)` gives [(shape, dtype), …] instead, named by `fields`.

    What people see: `grad_fn` is PyTorch's name, or a function of the arguments; `edges(*args)` lists what
    `next_functions` shows where that is not the operands; `hidden` nodes (broadcasts, conversions, selections) are not
    shown at all.

    In memory: `layout` is "contiguous", "like" (follows the first operand, as elementwise operations do), or a function
    of the node giving strides, for views; `view` marks those that share their operand's memory.

    For the scheduler: the kernel of an operation that `reads_shape` gets its operand's shape instead of its values; an
    `impure` one is never shared between equal nodes; one that `batches` works on trailing axes and carries leading ones
    along; `fold` says how a reduction is done piece by piece; `specialize(*params)` may name a faster kernel with
    the same values and its arguments, operands by position and numbers as (value,): `x^2` is (np.square, (0,));
    `decompose(*args)` is an equal graph of finer operations (or None), for tensors worth running tile by tile.
    """

    __slots__ = (
        "_lowering", "batches", "check", "decompose", "differentiable", "dtype", "edges", "fields", "fold", "grad_fn",
        "hidden", "impure", "kernel", "latex", "layout", "reads_shape", "results", "shape", "specialize", "text",
        "view", "vjp", "vjp_all",
    )  # fmt: skip

    def __init__(
        self,
        signature: str,
        kernel: Callable[..., Any],
        *,
        shape: Callable[..., Shape] | None = None,
        dtype: Callable[..., DType] | None = None,
        vjp: Sequence[Rule] | None = None,
        vjp_all: Rule | None = None,
        grad_fn: str | Callable[..., str] = "",
        edges: Callable[..., Sequence[Node | None]] | None = None,
        check: Callable[..., Sequence[Any] | None] | None = None,
        results: Callable[..., Sequence[tuple[Shape, DType]]] | None = None,
        fields: tuple[str, ...] = (),
        layout: str | Callable[[Node], Shape] = "contiguous",
        hidden: bool = False,
        view: bool = False,
        reads_shape: bool = False,
        impure: bool = False,
        fold: Fold | None = None,
        specialize: Callable[..., tuple[Callable[..., Any], tuple[Any, ...]] | None] | None = None,
        decompose: Callable[..., Node | None] | None = None,
        batches: bool = False,
        latex: str = "",
        text: str = "",
        doc: str,
        **about: Any,
    ) -> None:
        super().__init__(signature, doc=doc, **about)
        self.kernel = kernel
        self.shape = shape
        self.dtype = dtype
        self.vjp = vjp
        self.vjp_all = vjp_all
        self.grad_fn = grad_fn or camel_case(self.name) + "Backward0"
        self.edges = edges
        self.check = check
        self.results = results
        self.fields = fields
        self.layout = layout
        self.hidden = hidden
        self.view = view
        self.reads_shape = reads_shape
        self.impure = impure
        self.fold = fold
        self.specialize = specialize
        self.decompose = decompose
        self.batches = batches
        self._lowering: tuple[bool, int, list[tuple[int, str]]] | None = None
        self.latex = latex
        self.text = text
        PRIMITIVES.append(self)
        self.differentiable = vjp_all is not None or (vjp is not None and any(rule is not none for rule in vjp))

    def apply(self, values: list[Any]) -> Any:
        signature = self.signature
        for i in signature.tensors:
            values[i] = _strong_operand(values[i])
        signature.normalize(values)
        if self.check is not None:
            checked = self.check(*values)
            if checked is not None:
                values = list(checked)
        return self.make(values)

    def make(self, values: Sequence[Any]) -> Any:
        """The node for arguments in normal form."""
        inputs, params = self.separate(values)
        if self.results is not None:
            results = tuple(self.results(*values))
            node = Node(self, inputs, params, (), dtypes.int64, self.tracks(inputs), results=results)
            return Results.of(self.name, self.fields, [pick(node, i) for i in range(len(results))])
        assert self.shape is not None
        shape = self.shape(*values)
        if len(shape) > MAX_RANK:
            raise AutodiffError("limit-nesting", f"a tensor has at most {MAX_RANK} dims, and this has {len(shape)}")
        dtype = self.dtype(*values) if self.dtype else inputs[0].dtype
        return Node(self, inputs, params, shape, dtype, dtype.kind >= dtypes.FLOATING and self.tracks(inputs))

    @property
    def operands_first(self) -> bool:
        """Whether (*inputs, *params) is already the order of the signature."""
        return self._lower()[0]

    @property
    def param_count(self) -> int:
        return self._lower()[1]

    @property
    def param_kinds(self) -> list[tuple[int, str]]:
        """Positions in `params` of what kernels want in another form, with their kinds."""
        return self._lower()[2]

    def _lower(self) -> tuple[bool, int, list[tuple[int, str]]]:
        if self._lowering is None:
            first, count, kinds = True, 0, []
            for param in self.signature.params:
                if param.kind == "Tensor" and not param.optional:
                    first = first and not count
                    continue
                if param.kind in ("Tensor", "Tensors"):
                    first = False
                elif param.kind in ("Number", "dim", "dims", "newdim", "sizes"):
                    kinds.append((count, param.kind))
                count += 1
            self._lowering = first, count, kinds
        return self._lowering

    def tracks(self, inputs: Sequence[Node]) -> bool:
        """Whether a gradient can flow from the result to an operand that wants one."""
        if not self.differentiable:
            return False
        if self.vjp is None or none not in self.vjp:
            return any(node.requires_grad for node in inputs)
        return any(node.requires_grad for node, rule in zip(inputs, self.vjp, strict=False) if rule is not none)

    def separate(self, values: Sequence[Any]) -> tuple[tuple[Node, ...], tuple[Any, ...]]:
        """Arguments as (inputs, params); where an optional tensor is absent, params holds None in its stead."""
        inputs: list[Node] = []
        params: list[Any] = []
        for param, value in zip(self.signature.params, values, strict=True):
            if param.kind == "Tensors":
                inputs.extend(value)
                params.append(len(value))
            elif param.kind == "Tensor":
                if value is None:
                    params.append(None)
                else:
                    inputs.append(value)
                    if param.optional:
                        params.append(True)
            else:
                params.append(value)
        return tuple(inputs), tuple(params)

    def arrange(self, inputs: Sequence[Any], params: Sequence[Any]) -> tuple[Any, ...]:
        """The inverse of `separate`; `inputs` may be anything that stands for them, such as arrays."""
        values: list[Any] = []
        operands, rest = iter(inputs), iter(params)
        for param in self.signature.params:
            if param.kind == "Tensors":
                values.append([next(operands) for _ in range(next(rest))])
            elif param.kind == "Tensor":
                values.append(next(operands) if not param.optional or next(rest) else None)
            else:
                values.append(next(rest))
        return tuple(values)


def strengthen(node: Node, dtype: DType) -> Node:
    """A plain number as a zero-dimensional tensor."""
    if not node.weak:
        return node
    return convert(node, dtype)


def as_operand(value: Any) -> Any:
    """What a rule or user gave for a tensor, as a node (a list of them for a list, None for None)."""
    if value.__class__ is Node or value is None:
        return value
    if isinstance(value, (int, float, Fraction)):
        return number(value)
    if isinstance(value, (list, tuple)):
        return [as_operand(v) for v in value]
    raise AssertionError(f"not an operand: {value!r}")


def _strong_operand(value: Any) -> Any:
    """An operand whose plain numbers have become tensors."""
    operand = as_operand(value)
    if isinstance(operand, list):
        return [strengthen(node, node.dtype) for node in operand]
    return operand if operand is None else strengthen(operand, operand.dtype)


def number(value: Scalar) -> Node:
    """A plain number as a weak node; raises `limit-number` for integers that 64 bits cannot hold."""
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        if not 0 < value < 2**64:
            help = "with a point it is a floating-point number: 1e30 for 10^30"
            raise AutodiffError("limit-number", "int too big to convert", type="OverflowError", help=help)
        value = float(value)
    return Node(CONSTANT, (), (value,), (), dtypes.of_number(value), False, weak=True)


def constant(array: np.ndarray) -> Node:
    """A tensor of known values."""
    return Node(CONSTANT, (), (array,), array.shape, dtypes.dtype_of(array), False)


def variable(name: str, shape: Shape, dtype: DType, requires_grad: bool) -> Node:
    """A leaf whose value is fed when the graph runs."""
    return Node(VARIABLE, (), (name,), shape, dtype, requires_grad)


def pick(node: Node, i: int) -> Node:
    """Result number `i` of a node with several."""
    assert node.results is not None
    shape, dtype = node.results[i]
    return Node(PICK, (node,), (i,), shape, dtype, node.requires_grad and dtype.kind >= dtypes.FLOATING)


def convert(node: Node, dtype: DType) -> Node:
    """A hidden conversion, as type promotion makes."""
    return Node(CONVERT, (node,), (dtype,), node.shape, dtype, node.requires_grad and dtype.is_floating)


def broadcast_to(node: Node, shape: Shape) -> Node:
    """A hidden broadcast."""
    return Node(BROADCAST, (node,), (shape,), shape, node.dtype, node.requires_grad)


def _never(*_: Any) -> Any:
    raise AssertionError("leaves are not computed")


def _sum_to(g: Node, out: Node, x: Node, shape: Shape) -> Node:
    return ops.sum_to_size(g, x.shape)  # type: ignore[no-any-return]


CONSTANT = Primitive("constant(value: any)", _never, doc="A known value.", hidden=True)
VARIABLE = Primitive("variable(name: any)", _never, doc="A leaf.", hidden=True)


def _layout_of_result(node: Node) -> Shape:
    """Views with several results (`split`) give one layout for each."""
    parent = node.inputs[0]
    if callable(parent.op.layout):
        return parent.op.layout(parent)[node.params[0]]  # type: ignore[no-any-return]
    return contiguous_strides(node.shape)


PICK = Primitive(
    "pick(x, i: int)",
    lambda x, i: x[i],
    vjp=[none],
    layout=_layout_of_result,
    doc="One of several results.",
    hidden=True,
)
CONVERT = Primitive(
    "convert(x, dtype: dtype)",
    lambda x, dtype: np.asarray(x).astype(dtype.numpy, copy=False),
    vjp=[lambda g, out, x, dtype: g if x.dtype is g.dtype else convert(g, x.dtype)],
    layout="like",
    doc="Conversion to another element type.",
    hidden=True,
)
BROADCAST = Primitive(
    "broadcast(x, shape: sizes)",
    np.broadcast_to,
    vjp=[_sum_to],
    layout="like",
    doc="A tensor seen with a larger shape.",
    hidden=True,
)


def primitive(signature: str, kernel: Callable[..., Any], **about: Any) -> Primitive:
    """Declare and register a primitive; see `Primitive` for what can be said of it."""
    operation = Primitive(signature, kernel, **about)
    register(operation)
    return operation
