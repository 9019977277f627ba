"""Values in a few words, without running anything that a program defined."""

from __future__ import annotations

from typing import Any

from autodiff.program import kinds
from autodiff.program.kinds.modules import Module
from autodiff.program.kinds.objects import is_own_function, own_classes
from autodiff.program.signatures import parameters
from autodiff.tensor import Tensor

ATOMS = (int, float, complex, bool, type(None))
SHOWN = 8  # elements of a tensor
LONGEST = 1 << 10


def described(value: Any) -> tuple[str, str]:
    """What kind of value it is, and the value itself or what matters about it, in one line."""
    if isinstance(value, Tensor):
        return "Tensor", _tensor(value)
    if isinstance(value, Module):
        return "module", value.name
    if isinstance(value, type):
        return "class", kinds.repr_(value) if value not in own_classes else value.__name__
    if is_own_function(value):
        return "function", f"{value.__name__}({', '.join(parameters(value))})"
    kind = kinds.type_name(value)
    if isinstance(value, int) and value.bit_length() > LONGEST:
        return kind, f"of {value.bit_length()} bits"
    if type(value) in ATOMS:
        return kind, repr(value)
    if type(value) is str:
        return kind, repr(value[:LONGEST])
    if isinstance(value, list | tuple | dict | set | frozenset):
        return kind, f"of {len(value)}"
    return kind, ""


def _tensor(value: Tensor) -> str:
    parts = [str(list(value.shape)), value.dtype.name]
    if value.grad_fn is not None:
        parts.append(f"grad_fn=<{value.grad_fn.name()}>")
    elif value.requires_grad:
        parts.append("requires_grad")
    if value.numel() == 1 and not value.shape:
        parts.append(f"= {value.item()!r:.24}")
    return ", ".join(parts)


__all__ = ["described"]
