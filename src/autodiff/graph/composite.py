"""Composites: short functions over other operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.graph.op import Operation, register
from autodiff.graph.primitive import as_operand


class Composite(Operation):
    """A short function over other operations."""

    __slots__ = ("function",)

    def __init__(self, signature: str, function: Callable[..., Any], **about: Any) -> None:
        super().__init__(signature, **about)
        self.function = function

    def apply(self, values: list[Any]) -> Any:
        signature = self.signature
        for i in signature.tensors:
            values[i] = as_operand(values[i])
        signature.normalize(values)
        return self.function(*values)


def composite(signature: str, function: Callable[..., Any], **about: Any) -> Composite:
    """Declare and register a function over other operations."""
    operation = Composite(signature, function, **about)
    register(operation)
    return operation
