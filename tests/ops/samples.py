"""The samples that operations declare, as problems: `EXPR; x:2,3, y:3 in 0.5..2`."""

from __future__ import annotations

import zlib

import numpy as np

from autodiff.graph.elementwise import Elementwise
from autodiff.graph.kinds import REQUIRED
from autodiff.graph.op import REGISTRY, Operation
from autodiff.solve import Leaf


class Sample:
    """An expression and its variables, drawn from the declared intervals by a generator seeded with the text."""

    def __init__(self, operation: Operation, text: str) -> None:
        self.operation = operation
        self.text = text
        expr, _, declarations = text.rpartition(";")
        self.expr = expr.strip()
        self.random = np.random.default_rng(zlib.crc32(text.encode()))
        self.variables = self._draw(declarations)

    def _draw(self, declarations: str) -> dict[str, Leaf]:
        low, high = self.operation.domain
        variables = {}
        for name, shape, interval in parse_declarations(declarations):
            a, b = interval or (low, high)
            variables[name] = Leaf(self.random.uniform(a, b, shape))
        return variables


def parse_declarations(text: str) -> list[tuple[str, tuple[int, ...], tuple[float, float] | None]]:
    """`x:2,3, y:3 in 0.5..2` as (name, shape, interval)."""
    found: list[tuple[str, tuple[int, ...], tuple[float, float] | None]] = []
    for piece in text.replace(" in ", "@").split(","):
        head, _, interval = piece.partition("@")
        name, colon, size = head.strip().rpartition(":")
        sizes = () if size.strip() == "scalar" else (int(size),)
        ends = interval.split("..") if interval else None
        bounds = (float(ends[0]), float(ends[1])) if ends else None
        if colon:
            found.append((name.strip(), sizes, bounds))
        else:
            last, shape, _ = found[-1]
            found[-1] = (last, shape + sizes, bounds)
    return found


def samples() -> list[Sample]:
    """Every declared sample; elementwise operations without any get one with broadcasting operands."""
    result = []
    for operation in dict.fromkeys(REGISTRY.values()):
        texts = operation.samples
        if not texts and isinstance(operation, Elementwise) and operation.differentiable:
            texts = default_samples(operation)
        result += [Sample(operation, text) for text in texts]
    return result


def default_samples(operation: Elementwise) -> tuple[str, ...]:
    """`name(x, y); x:2,3, y:3` for operations whose other parameters have defaults."""
    params = operation.signature.params
    tensors = [params[i].name for i in operation.signature.tensors]
    if any(p.default is REQUIRED for p in params if p.name not in tensors):
        return ()
    declared = ", ".join(f"{name}:{shape}" for name, shape in zip(tensors, ("2,3", "3", "2,1"), strict=False))
    return (f"{operation.name}({', '.join(tensors)}); {declared}",)
