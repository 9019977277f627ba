"""What modules of `torch.nn` offer, and the program's own that derive from them."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

from autodiff.program.kinds.calls import CONSTRUCTORS, resolve
from autodiff.program.kinds.guards import bounded
from autodiff.program.kinds.items import CHANGED, INDEXED
from autodiff.program.kinds.objects import BASES, HIDDEN
from autodiff.program.kinds.table import MISSING, TITLES, Kind, Table, host, method, no_attribute, register, type_name
from autodiff.program.kinds.texts import REPRS
from autodiff.tensor import layers

INNER = frozenset(("_parameters", "_buffers", "_modules"))
_TABLE: Table = host(
    """forward register_parameter register_buffer add_module register_module named_modules modules named_children
    children named_parameters parameters named_buffers buffers state_dict load_state_dict zero_grad train eval
    requires_grad_ to double float cpu extra_repr"""
) | {"apply": method(lambda self, fn: layers.Module.apply(self, resolve(fn)))}


def _find(module: layers.Module, name: str) -> Any:
    stored = module.__dict__
    if name in stored and name not in INNER:
        return stored[name]
    for group in INNER:
        found = stored.get(group, {})
        if name in found:
            return found[name]
    return True if name == "training" else MISSING


def _set(module: layers.Module, change: tuple[str, Any]) -> None:
    name, new = change
    if name in INNER or name in _TABLE:
        raise no_attribute(f"'{type_name(module)}' object attribute '{name}' is read-only", name, ())
    setattr(module, name, new)


register(layers.Module, Kind("Module", _TABLE, finder=_find, changes={"*": _set}, callable=True), family=True)
register(
    layers.Sequential,
    Kind("Sequential", _TABLE | host("append"), finder=_find, changes={"*": _set}, callable=True),
    family=True,
)
HIDDEN[layers.Module] = INNER
INDEXED.update((layers.Sequential, layers.ModuleList))
CHANGED.update((layers.Sequential, layers.ModuleList))
REPRS[layers.Module] = repr


def _bound(function: Any) -> Callable[[Any], Any]:
    return lambda value: MethodType(function, value)


def _module_list(modules: Any = ()) -> layers.ModuleList:
    return layers.ModuleList(list(bounded(modules)))


for _cls in layers.LAYERS.values():
    BASES[_cls] = {
        name: _bound(_cls.__dict__[name])
        for name in ("__init__", "__call__", "__repr__", "forward", "extra_repr")
        if name in _cls.__dict__
    }
    CONSTRUCTORS[_cls] = _module_list if _cls is layers.ModuleList else _cls
    TITLES[_cls] = f"torch.nn.modules.{_cls.__name__}"
BASES[layers.Module] = {**_TABLE, **BASES[layers.Module]}
CONSTRUCTORS[layers.Parameter] = layers.Parameter
TITLES[layers.Parameter] = "torch.nn.parameter.Parameter"
TITLES[layers.Module] = "torch.nn.modules.module.Module"
TITLES[layers.Linear] = "torch.nn.modules.linear.Linear"


def members() -> dict[str, Any]:
    """The names of `torch.nn`."""
    return {**layers.LAYERS, "Parameter": layers.Parameter}


def init_members() -> dict[str, Any]:
    """The names of `torch.nn.init`."""
    return dict(layers.INITIALISATIONS)
