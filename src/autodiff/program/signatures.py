"""The names of a function's parameters, for who is writing a call of it.

Functions of the library are closures around an operation, or around a function of the host: both are looked for in
what they close over.
"""

from __future__ import annotations

from types import FunctionType, MethodType
from typing import Any

from autodiff.graph.op import Operation
from autodiff.program.kinds.objects import is_own_function, own_classes
from autodiff.program.parameters import Signature
from autodiff.tensor.optim import Known

DEEPEST = 6  # closures inside closures
FOLLOWED = ("function", "bind", "operation", "framed", "maker", "made")


def parameters(function: Any) -> list[str]:
    """Names that may be given as `name=value`; none where they are not known."""
    if isinstance(function, MethodType):
        return parameters(function.__func__)[1:]
    if isinstance(function, type):
        return _of_class(function)
    found = source_of(function)
    if isinstance(found, Operation):
        names = [param.public_name for param in found.signature.params]
        return [*names, "requires_grad"] if "dtype" in names and not found.takes_tensor else names
    if isinstance(found, Signature):
        return [name for name in found.names if name not in (found.rest, found.extra)]
    if isinstance(found, FunctionType):
        return _of_host(found)
    return []


def _of_class(cls: type) -> list[str]:
    from autodiff.program.kinds.calls import CONSTRUCTORS

    for base in cls.__mro__:
        if base in own_classes and "__init__" in base.__dict__:
            return parameters(base.__dict__["__init__"])[1:]
    if issubclass(cls, Known):
        return ["params", *cls.options]
    if cls in CONSTRUCTORS and cls.__module__.startswith(("autodiff.", "torch.")):
        return _of_host(cls.__init__)[1:]
    return []


def source_of(function: Any) -> Any:
    """The operation, signature or plain function that a function of the library is made around."""
    for _ in range(DEEPEST):
        if not isinstance(function, FunctionType):
            break
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        inner = next((cells[name].cell_contents for name in FOLLOWED if name in cells), None)
        if inner is None or (is_own_function(function) and "framed" not in cells):
            break
        function = inner
    if isinstance(function, MethodType) and isinstance(function.__self__, (Signature, Operation)):
        return function.__self__
    return function


def _of_host(function: Any) -> list[str]:
    import inspect

    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return []
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [p.name for p in signature.parameters.values() if p.kind in kinds and not p.name.startswith("_")]


__all__ = ["parameters", "source_of"]
