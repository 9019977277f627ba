"""`copy.copy` and `copy.deepcopy` of the values of programs."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.program import limits
from autodiff.program.kinds.guards import WORD
from autodiff.program.kinds.objects import is_own
from autodiff.tensor.module import Module
from autodiff.tensor.tensor import Tensor

COLLECTIONS = (list, dict, set)


def copy(value: Any) -> Any:
    """A copy that shares what is in it."""
    if isinstance(value, COLLECTIONS):
        limits.allocate(WORD * len(value))
        return value.copy()
    if isinstance(value, np.ndarray):
        limits.allocate(value.nbytes)
        return value.copy()
    if isinstance(value, Tensor):
        return value.detach().requires_grad_(value.requires_grad) if value.is_leaf else value
    if is_own(value) and not isinstance(value, BaseException):
        made = value.__class__.__new__(value.__class__)
        made.__dict__.update(value.__dict__)
        return made
    return value


def deepcopy(value: Any, memo: Any = None) -> Any:
    """A copy of a value and of all that is in it; what is shared inside stays shared."""
    return _deep(value, {}, 0)


def _deep(value: Any, memo: dict[int, Any], depth: int) -> Any:
    if id(value) in memo:
        return memo[id(value)][0]
    if depth > 300:
        raise RecursionError("maximum recursion depth exceeded")
    limits.tick()
    made = value
    if isinstance(value, Tensor):
        limits.allocate(value.nbytes)
        made = value.__deepcopy__({})
    elif type(value) is tuple:
        made = tuple(_deep(item, memo, depth + 1) for item in value)
    elif isinstance(value, Module):
        made = memo.setdefault(id(value), (_blank(value), value))[0]
        for name, item in value.__dict__.items():
            made.__dict__[name] = _deep(item, memo, depth + 1)
    elif isinstance(value, (*COLLECTIONS, np.ndarray)) or (is_own(value) and hasattr(value, "__dict__")):
        made = copy(value)
        memo[id(value)] = (made, value)
        _fill(value, made, memo, depth)
    memo[id(value)] = (made, value)
    return made


def _blank(value: Any) -> Any:
    """An object of the same class without attributes."""
    return object.__new__(type(value))


def _fill(value: Any, made: Any, memo: dict[int, Any], depth: int) -> None:
    """Put deep copies into a shallow one."""
    if isinstance(made, list):
        made[:] = [_deep(item, memo, depth + 1) for item in value]
    elif isinstance(made, dict):
        made.clear()
        for key, item in value.items():
            made[_deep(key, memo, depth + 1)] = _deep(item, memo, depth + 1)
    elif isinstance(made, set):
        made.clear()
        made.update([_deep(item, memo, depth + 1) for item in value])
    elif is_own(value) and made is not value:
        made.__dict__.update({name: _deep(item, memo, depth + 1) for name, item in value.__dict__.items()})
