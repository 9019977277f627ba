"""What a program may call, and how host classes are called for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.program.kinds.objects import FUNCTIONS, own_classes
from autodiff.program.kinds.table import class_name, kind_of, type_name

# Host classes that programs may call, with what stands for the host's own constructor.
CONSTRUCTORS: dict[type, Callable[..., Any]] = {}
FUNCTION_TYPES = frozenset(FUNCTIONS)


def resolve(function: Any) -> Callable[..., Any]:
    """The host callable that a call of a program's value means; raises TypeError for what cannot be called."""
    cls = type(function)
    if cls in FUNCTION_TYPES:
        return function  # type: ignore[no-any-return]
    if isinstance(function, type):
        made = CONSTRUCTORS.get(function)
        if made is not None:
            return made
        if function in own_classes:
            return function
        raise TypeError(f"cannot create '{class_name(function)}' instances")
    if cls in own_classes:
        if not hasattr(cls, "__call__"):  # noqa: B004  (of the class, as Python looks)
            raise TypeError(f"'{type_name(function)}' object is not callable")
        return function  # type: ignore[no-any-return]
    if kind_of(function).callable:
        return function  # type: ignore[no-any-return]
    raise TypeError(f"'{type_name(function)}' object is not callable")


def call(function: Any, args: Any, kwargs: Any) -> Any:
    """`function(*args, **kwargs)`; raises TypeError for what a program may not call."""
    if type(function) in FUNCTION_TYPES:
        return function(*args, **kwargs)
    return resolve(function)(*args, **kwargs)


def is_callable(value: Any) -> bool:
    """`callable(value)`."""
    if isinstance(value, type):
        return True
    cls = type(value)
    return cls in FUNCTION_TYPES or (hasattr(cls, "__call__") if cls in own_classes else kind_of(value).callable)  # noqa: B004
