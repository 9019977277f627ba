"""What modules of `torch.nn` offer, and the program's own that derive from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import MethodType
from typing import Any

from autodiff.program.kinds.calls import CONSTRUCTORS, resolve
from autodiff.program.kinds.guards import bounded
from autodiff.program.kinds.items import CHANGED, INDEXED
from autodiff.program.kinds.objects import BASES, CLASS_TABLES, HIDDEN
from autodiff.program.kinds.table import (
    MISSING,
    TITLES,
    Kind,
    Table,
    host,
    method,
    methods,
    no_attribute,
    register,
    type_name,
)
from autodiff.program.kinds.texts import REPRS
from autodiff.tensor import layers
from autodiff.tensor.module import HOOKS, Module

GROUPS = {"_parameters": "register_parameter", "_buffers": "register_buffer", "_modules": "add_module"}
INNER = frozenset((*GROUPS, *HOOKS, "_temporary"))
OFFERED = """forward register_parameter register_buffer add_module register_module named_modules modules named_children
    children named_parameters parameters named_buffers buffers state_dict load_state_dict zero_grad train eval
    requires_grad_ to type double float half cpu share_memory compile extra_repr get_submodule get_parameter get_buffer
    _get_name"""
OWN_METHODS = "__init__ __call__ __repr__ forward extra_repr reset_parameters"


def _hooking(name: str) -> Any:
    """A method that is handed a hook of the program."""
    return lambda self, hook, **options: getattr(Module, name)(self, resolve(hook), **options)


_HOOKING = {
    name: _hooking(name)
    for name in (
        "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
        "register_full_backward_pre_hook",
    )
}  # fmt: skip
_TABLE: Table = host(OFFERED) | methods({"apply": lambda self, fn: Module.apply(self, resolve(fn)), **_HOOKING})


class Members:
    """The parameters, buffers or modules of a module, as the dict that they look like."""

    __slots__ = ("group", "module")

    def __init__(self, module: Module, group: str) -> None:
        self.module = module
        self.group = group

    def _dict(self) -> dict[str, Any]:
        found: dict[str, Any] = self.module.__dict__.get(self.group, {})
        return found

    def __getitem__(self, name: str) -> Any:
        return self._dict()[name]

    def __setitem__(self, name: str, value: Any) -> None:
        getattr(Module, GROUPS[self.group])(self.module, name, value)

    def __delitem__(self, name: str) -> None:
        del self._dict()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._dict()))

    def __len__(self) -> int:
        return len(self._dict())

    def __contains__(self, name: object) -> bool:
        return name in self._dict()

    def __repr__(self) -> str:
        return repr(self._dict())


def _of_dict(name: str) -> Any:
    return method(lambda self, *args: getattr(self._dict(), name)(*args))


register(Members, Kind("dict", {name: _of_dict(name) for name in ("keys", "values", "items", "get", "pop")}))
INDEXED.add(Members)
CHANGED.add(Members)
REPRS[Members] = repr


def _find(module: Module, name: str) -> Any:
    stored = module.__dict__
    if name in stored and name not in INNER:
        return stored[name]
    if name in GROUPS:
        return Members(module, name) if name in stored else MISSING
    for group in GROUPS:
        found = stored.get(group, {})
        if name in found:
            return found[name]
    if name in _FAMILIES and isinstance(module, _FAMILIES[name]()):
        return MethodType(getattr(type(module), name), module)
    return True if name == "training" else MISSING


def _home(file: str, name: str) -> Callable[[], Any]:
    def found() -> Any:
        from importlib import import_module

        return getattr(import_module(f"autodiff.tensor.{file}"), name)

    return found


_FAMILIES = {"flatten_parameters": _home("recurrent", "RNNBase"), "reset_running_stats": _home("normalise", "_Norm")}


def _set(module: Module, change: tuple[str, Any]) -> None:
    name, new = change
    if name in INNER or name in _TABLE:
        raise no_attribute(f"'{type_name(module)}' object attribute '{name}' is read-only", name, ())
    setattr(module, name, new)


def _family(cls: Any, more: str) -> None:
    """A family of modules, with the methods that it has besides those of all."""
    kind = Kind(cls.__name__, _TABLE | host(more), finder=_find, changes={"*": _set}, callable=True)
    kind.frees["*"] = lambda which: Module.__delattr__(*which)
    register(cls, kind, family=True)


_family(Module, "")
HIDDEN[Module] = INNER
REPRS[Module] = repr
_COLLECTIONS = {
    "Sequential": "append extend insert pop",
    "ModuleList": "append extend insert pop",
    "ModuleDict": "keys values items update pop clear",
    "ParameterList": "append extend",
    "ParameterDict": "keys values items update pop",
}


def _bound(function: Any) -> Callable[[Any], Any]:
    return lambda value: MethodType(function, value)


def _listed(cls: Any) -> Callable[..., Any]:
    return lambda values=(): cls(list(bounded(() if values is None else values)))


def offer(cls: Any) -> Any:
    """Make a class of `torch.nn`, and those that it derives from, known to programs."""
    for base in reversed(cls.__mro__[:-1]):
        if base in BASES or not issubclass(base, Module):
            continue
        own = {name: _bound(base.__dict__[name]) for name in OWN_METHODS.split() if name in base.__dict__}
        BASES[base] = _TABLE | own if base is Module else own
        CONSTRUCTORS[base] = _listed(base) if base.__name__ in ("ModuleList", "ParameterList") else base
        TITLES[base] = f"{base.__module__}.{base.__name__}"
        if base.__name__ in _COLLECTIONS:
            _family(base, _COLLECTIONS[base.__name__])
            INDEXED.add(base)
            CHANGED.add(base)
        elif "reset_parameters" in base.__dict__:
            _family(base, "reset_parameters")
        if "from_pretrained" in base.__dict__:
            CLASS_TABLES[base] = {"from_pretrained": lambda cls: cls.from_pretrained}
    return cls


offer(Module)
CONSTRUCTORS[layers.Parameter] = layers.Parameter
TITLES[layers.Parameter] = "torch.nn.parameter.Parameter"


def member(name: str) -> Any:
    """A class of `torch.nn`, None where there is none."""
    if name not in layers.NAMES:
        return None
    cls = getattr(layers, name)
    return cls if cls is layers.Parameter else offer(cls)


def init_members() -> dict[str, Any]:
    """The names of `torch.nn.init`."""
    from autodiff.tensor.initialise import INITIALISATIONS

    return dict(INITIALISATIONS)
