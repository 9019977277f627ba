"""`import`: the modules that programs have, and no others."""

from __future__ import annotations

from typing import Any

from autodiff.program import kinds, names
from autodiff.program.places import at, hint
from autodiff.program.unit import Frame, Step, Unit
from autodiff.syntax import statements as s

OFFERED = "torch, torch.nn, torch.nn.functional, torch.autograd, torch.optim, numpy and math"


def import_statement(unit: Unit, tree: s.Import) -> Step:
    """`import a.b` binds a, `import a.b as c` binds c to a.b."""
    parts = []
    for dotted, alias, span in tree.names:
        first = dotted.partition(".")[0]
        parts.append((dotted, dotted if alias else first, names.store(unit, alias or first), span))

    def bring(frame: Frame) -> None:
        for dotted, bound, put, span in parts:
            try:
                module(dotted)
                put(frame, module(bound))
            except BaseException as error:
                at(error, span)
                raise

    return bring


def import_from_statement(unit: Unit, tree: s.ImportFrom) -> Step:
    """`from a import b`, a module or a name of one."""
    wanted = [
        (name, None if name == "*" else names.store(unit, alias or name), span) for name, alias, span in tree.names
    ]

    def bring(frame: Frame) -> None:
        if tree.module == "__future__":
            return
        try:
            if tree.level:
                raise ImportError("attempted relative import with no known parent package")
            source = module(tree.module)
        except BaseException as error:
            at(error, tree.module_span)
            raise
        for name, put, span in wanted:
            try:
                if put is None:
                    _everything(unit, source)
                else:
                    put(frame, _member(tree.module, source, name))
            except BaseException as error:
                at(error, span)
                raise

    return bring


def module(dotted: str) -> Any:
    """A module by its name; raises ModuleNotFoundError."""
    found = kinds.find_module(dotted)
    if found is not None:
        return found
    parent = dotted.rpartition(".")[0]
    inside = f"; '{parent}' is not a package" if parent and kinds.find_module(parent) is not None else ""
    raise hint(
        ModuleNotFoundError(f"No module named '{dotted}'{inside}", name=dotted),
        f"programs run by themselves, with {OFFERED}",
    )


def _member(dotted: str, source: Any, name: str) -> Any:
    below = kinds.find_module(f"{dotted}.{name}")
    if below is not None:
        return below
    try:
        return kinds.get(source, name)
    except Exception as error:
        raise ImportError(f"cannot import name '{name}' from '{dotted}'", name=name) from error


def _everything(unit: Unit, source: Any) -> None:
    for name in list(source.members):
        if not name.startswith("_"):
            unit.globals[name] = kinds.get(source, name)
