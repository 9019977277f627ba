"""Operations that take any number of tensors, one after another."""

from __future__ import annotations

from typing import Any

from autodiff.errors import AutodiffError
from autodiff.graph.composite import Composite
from autodiff.graph.kinds import type_name
from autodiff.graph.values import tensor as as_tensor


class Operands(Composite):
    """A composite whose last parameter takes the tensors that follow, one after another or as a list."""

    __slots__ = ()

    def bind(self, args: list[Any], kwargs: dict[str, Any], method: bool = False) -> Any:
        first = len(self.signature.params) - 1
        rest = args[first:]
        if len(rest) == 1 and isinstance(rest[0], (list, tuple)):
            rest = list(rest[0])
        operands = []
        for position, value in enumerate(rest, first + 1):
            if isinstance(value, (str, tuple)) or value is None:
                name = self.signature.params[first].name
                raise AutodiffError(
                    "argument-type",
                    f"{self.name}(): argument '{name}' (position {position}) must be Tensor, not {type_name(value)}",
                    type="TypeError",
                    operands=(position - 1,),
                )
            operands.append(as_tensor(value))
        return super().bind([*args[:first], operands], kwargs, method)
