"""Elementwise primitives: operands promoted and broadcast to one form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autodiff.graph import dtypes
from autodiff.graph.dtypes import DIMENSIONED, NUMBER, ZERO_DIM, DType
from autodiff.graph.node import Node
from autodiff.graph.op import register
from autodiff.graph.primitive import CONSTANT, Primitive, as_operand, broadcast_to, convert, number, strengthen
from autodiff.graph.sizes import Shape, broadcast


class Elementwise(Primitive):
    """A primitive whose tensor operands are promoted and broadcast to one dtype and shape.

    Operands come first in the signature.  `computes` says in which dtype: "promote", "float" (integers become the
    default floating type) or "bool" (promote, and the result is bool).  The first `untyped` operands (a condition) are
    broadcast but not promoted.  Plain numbers stay as they are; where all operands are plain numbers, so is the result
    if the operation `keeps_numbers`.  One that `wraps` takes a plain integer that its element type cannot hold modulo
    its range, the others raise `limit-number`.
    """

    __slots__ = ("computes", "keeps_numbers", "operand_count", "untyped", "wraps")

    def __init__(
        self,
        signature: str,
        kernel: Callable[..., Any],
        *,
        computes: str = "float",
        keeps_numbers: bool = False,
        untyped: int = 0,
        wraps: bool = True,
        **about: Any,
    ) -> None:
        about.setdefault("layout", "like")
        super().__init__(signature, kernel, **about)
        self.computes = computes
        self.keeps_numbers = keeps_numbers
        self.untyped = untyped
        self.wraps = wraps
        self.operand_count = -1

    def apply(self, values: list[Any]) -> Node:
        count = self.operand_count
        if count < 0:
            count = self.operand_count = len(self.signature.tensors)
        operands = [value if value.__class__ is Node else as_operand(value) for value in values[:count]]
        if self.check is not None:
            checked = self.check(*operands, *values[count:])
            if checked is not None:
                operands, values = list(checked[:count]), list(checked)
        untyped = self.untyped
        shape, dtype = common_form(operands[untyped:])
        weak = False
        if dtype.kind < dtypes.FLOATING and self.computes == "float":
            dtype = dtypes.default_dtype()
        if all(operand.weak for operand in operands[untyped:]):
            if self.keeps_numbers:
                weak = True
            else:
                operands[untyped:] = [strengthen(operand, dtype) for operand in operands[untyped:]]
        if untyped:
            for i in range(untyped):
                shape = broadcast(operands[i].shape, shape, (i, untyped))
            operands = [
                fit(operand, shape, operand.dtype if i < untyped else dtype) for i, operand in enumerate(operands)
            ]
        elif not weak:
            operands = [fit(operand, shape, dtype) for operand in operands]
            if self.wraps and dtype.kind == dtypes.INTEGER:
                operands = [_wrapped(operand, dtype) for operand in operands]
        requires_grad = False
        if self.computes == "bool":
            dtype = dtypes.bool_
        elif dtype.kind >= dtypes.FLOATING:
            requires_grad = self.tracks(operands)
        return Node(self, tuple(operands), tuple(values[count:]), shape, dtype, requires_grad, weak)

    def separate(self, values: Sequence[Any]) -> tuple[tuple[Node, ...], tuple[Any, ...]]:
        return tuple(values[: self.operand_count]), tuple(values[self.operand_count :])

    def arrange(self, inputs: Sequence[Any], params: Sequence[Any]) -> tuple[Any, ...]:
        return (*inputs, *params)


def common_form(operands: Sequence[Node]) -> tuple[Shape, DType]:
    """Broadcast shape and promoted dtype; raises `shape-mismatch`."""
    first = operands[0]
    if len(operands) == 1:
        return first.shape, first.dtype
    shape, dtype = first.shape, first.dtype
    same = not first.weak
    for position in range(1, len(operands)):
        node = operands[position]
        if node.shape != shape:
            shape = broadcast(shape, node.shape, (0, position))
            same = False
        if node.dtype is not dtype or node.weak:
            same = False
    if not same:
        dtype = dtypes.result_type(
            (node.dtype, NUMBER if node.weak else DIMENSIONED if node.shape else ZERO_DIM) for node in operands
        )
    return shape, dtype


def fit(node: Node, shape: Shape, dtype: DType) -> Node:
    """`node` converted and broadcast, by hidden nodes; plain numbers fit as they are."""
    if node.weak:
        return node
    if node.dtype is not dtype:
        node = convert(node, dtype)
    return node if node.shape == shape else broadcast_to(node, shape)


def _wrapped(node: Node, dtype: DType) -> Node:
    """A plain integer as a narrower type holds it, in two's complement: next to uint8, -1 is 255."""
    if not node.weak or node.op is not CONSTANT or not isinstance(node.params[0], int):
        return node
    value = node.params[0]
    limits = np.iinfo(dtype.numpy)
    if limits.min <= value <= limits.max:
        return node
    return number((value - int(limits.min)) % 2 ** (8 * dtype.size) + int(limits.min))


def elementwise(signature: str, kernel: Callable[..., Any], **about: Any) -> Elementwise:
    """Declare and register an elementwise primitive; see `Elementwise`."""
    operation = Elementwise(signature, kernel, **about)
    register(operation)
    return operation
