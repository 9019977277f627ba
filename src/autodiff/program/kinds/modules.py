"""Modules that programs import: tables of names, made when they are first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.program.kinds.table import MISSING, Kind, is_dunder, no_attribute, register, unreachable
from autodiff.program.kinds.texts import REPRS


class Module:
    """A module: its members, and how more of them are found."""

    __slots__ = ("finder", "members", "more", "name")

    def __init__(
        self,
        name: str,
        members: dict[str, Any],
        finder: Callable[[str], Any] | None = None,
        more: Iterable[str] | None = None,
    ) -> None:
        self.name = name
        self.members = members
        self.finder = finder
        self.more = more  # the names that are found, where those are not the operations


def _member(module: Module, name: str) -> Any:
    found = module.members.get(name, MISSING)
    if found is MISSING:
        if name == "__name__":
            return module.name
        if is_dunder(name):
            raise unreachable(name, f"module '{module.name}'")
        found = None if module.finder is None else module.finder(name)
        if found is None:
            raise no_member(module, name)
        module.members[name] = found
    return found


def found_names(module: Module) -> set[str]:
    """The names that a module finds when they are asked for."""
    if module.finder is None or module.more is not None:
        return set(module.more or ())
    from autodiff.graph.op import REGISTRY

    return {key.rpartition(".")[2] for key in REGISTRY}


def no_member(module: Module, name: str) -> AutodiffError:
    """The error for a name that a module does not have."""
    known = {*module.members, *found_names(module)}
    return no_attribute(f"module '{module.name}' has no attribute '{name}'", name, known)


register(Module, Kind("module", finder=_member))
REPRS[Module] = lambda module: f"<module '{module.name}'>"

_known: dict[str, Module] = {}


def find_module(dotted: str) -> Module | None:
    """The module of a dotted name, None where programs have none of that name."""
    found = _known.get(dotted)
    if found is not None:
        return found
    make = _MAKERS.get(dotted)
    if make is None:
        return None
    made = _known[dotted] = make()
    return made


def module_names() -> list[str]:
    """The modules that programs may import."""
    return sorted(_MAKERS)


def _lazy(module: str, name: str) -> Callable[[], Module]:
    def made() -> Module:
        if module == "torch":
            from autodiff.program.kinds.torches import make

            return make(name)
        if module == "arrays":
            from autodiff.program.kinds.arrays import make as make_arrays

            return make_arrays(name)
        if module == "records":
            from autodiff.program.kinds.records import members

            return Module(name, members(name))
        from autodiff.program.kinds.library import make as make_library

        return make_library(name)

    return made


_TORCH = """torch torch.autograd torch.autograd.functional torch.linalg torch.special torch.optim torch.nn
    torch.nn.functional torch.nn.utils torch.nn.parameter torch.autograd.function torch.autograd.graph
    torch.optim.lr_scheduler torch.nn.init torch.func torch.utils torch.utils.data torch.utils.checkpoint
    torch.autograd.forward_ad"""
_MAKERS: dict[str, Callable[[], Module]] = {
    **{name: _lazy("torch", name) for name in _TORCH.split()},
    **{name: _lazy("records", name) for name in ("dataclasses", "contextlib", "abc")},
    **{name: _lazy("arrays", name) for name in ("numpy", "numpy.linalg")},
    **{
        name: _lazy("library", name)
        for name in (
            "math", "time", "random", "collections", "itertools", "functools", "copy", "warnings", "sys", "typing",
            "operator", "__future__",
        )
    },
}  # fmt: skip
