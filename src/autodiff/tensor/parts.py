"""What the families of layers share: operations by name, fresh parameters, sizes for every dim, layers from a line."""

from __future__ import annotations

from typing import Any

import numpy as np

from autodiff.tensor import modes
from autodiff.tensor.module import Module, Parameter
from autodiff.tensor.namespace import lookup
from autodiff.tensor.tensor import of_array

MODULES = "torch.nn.modules."


_operations: dict[str, Any] = {}


def operation(name: str) -> Any:
    """An operation of `torch.nn.functional`, always the same function: calls of it are remembered."""
    found = _operations.get(name)
    if found is None:
        found = _operations[name] = lookup("F", name)
        assert found is not None, name
    return found


def blank(*shape: int, dtype: Any = None) -> Parameter:
    """A parameter that an initialisation will fill."""
    return Parameter(of_array(np.zeros(shape, (modes.as_dtype(dtype) or modes.get_default_dtype()).numpy)))


def several(value: Any, count: int) -> tuple[Any, ...]:
    """A size for each of so many dims."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * count


def chosen(name: str, names: list[str], defaults: dict[str, Any], args: Any, kwargs: Any) -> dict[str, Any]:
    """The options of a layer as given; raises TypeError as Python does for those that it does not have."""
    if len(args) > len(names):
        raise TypeError(
            f"{name}.__init__() takes from 1 to {len(names) + 1} positional arguments but {len(args) + 1} were given"
        )
    for key in kwargs:
        if key not in names:
            raise TypeError(f"{name}.__init__() got an unexpected keyword argument '{key}'")
    missing = [key for key in names[len(args) :] if key not in kwargs and defaults[key] is ...]
    if missing:
        listed = " and ".join(f"'{key}'" for key in missing)
        plural = "s" if len(missing) > 1 else ""
        raise TypeError(f"{name}.__init__() missing {len(missing)} required positional argument{plural}: {listed}")
    return {**defaults, **dict(zip(names, args, strict=False)), **kwargs}


def plain_layer(
    name: str, function: str, home: str, shown: str = "", *, inputs: int = 1, inplace: bool = False, **options: Any
) -> Any:
    """A layer without parameters: a function, its options with their defaults (... for none), and those in its text.

    With `inplace` the layer can be told to change its input.
    """
    names = [*options, *(["inplace"] if inplace else [])]
    defaults = {**options, "inplace": False}
    visible = shown.split()

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        Module.__init__(self)
        given = chosen(name, names, defaults, args, kwargs)
        for key in names:
            setattr(self, key, given[key])

    def forward(self: Any, *args: Any) -> Any:
        if len(args) != inputs:
            raise TypeError(f"{name}.forward() takes {inputs + 1} positional arguments but {len(args) + 1} were given")
        given = {key: getattr(self, key) for key in options}
        if inplace and self.inplace:
            given["inplace"] = True
        return operation(function)(*args, **given)

    def extra_repr(self: Any) -> str:
        told = [*visible, *(["inplace"] if inplace and self.inplace else [])]
        return ", ".join(f"{key}={getattr(self, key)!r}" for key in told)

    members = {
        "__init__": init, "forward": forward, "extra_repr": extra_repr, "__doc__": f"`F.{function}`.",
        "__module__": MODULES + home,
    }  # fmt: skip
    return type(name, (Module,), members)
