"""Reading, writing and deleting variables."""

from __future__ import annotations

from typing import Any

from autodiff.errors import Span
from autodiff.program.places import at
from autodiff.program.scopes import Access
from autodiff.program.unit import NAMESPACE, UNBOUND, Run, Step, Store, Unit

_MISSING = object()


def load(unit: Unit, name: str, span: Span) -> Run:
    """What gives the variable's value; raises NameError where it has none."""
    return _load(unit, name, span, unit.scope.find(name))


def _load(unit: Unit, name: str, span: Span, access: Access) -> Run:
    if access.kind == "global":
        return _load_global(unit, name, span)
    if access.kind == "class":
        assert access.otherwise is not None
        otherwise = _load(unit, name, span, access.otherwise)

        def from_class(frame: list[Any]) -> Any:
            value = frame[NAMESPACE].get(name, _MISSING)
            return otherwise(frame) if value is _MISSING else value

        return from_class
    slot, free = access.slot, access.kind == "free"
    if access.kind == "slot":

        def from_slot(frame: list[Any]) -> Any:
            value = frame[slot]
            if value is UNBOUND:
                raise at(_unbound(name, free), span)
            return value

        return from_slot

    def from_cell(frame: list[Any]) -> Any:
        value = frame[slot][0]
        if value is UNBOUND:
            raise at(_unbound(name, free), span)
        return value

    return from_cell


def _load_global(unit: Unit, name: str, span: Span) -> Run:
    values, known = unit.globals, unit.known

    def from_module(frame: list[Any]) -> Any:
        try:
            return values[name]
        except KeyError:
            pass
        value = known.get(name, _MISSING)
        if value is _MISSING:
            raise at(undefined(name), span)
        return value

    return from_module


def undefined(name: str) -> Exception:
    """Python's error for a name that means nothing, `not-reachable` for a builtin that programs are kept from."""
    from autodiff.program.kinds.builtins import refused

    kept = refused(name)
    if kept is not None:
        return kept
    return NameError(f"name '{name}' is not defined", name=name)


def _unbound(name: str, free: bool) -> NameError:
    if free:
        text = f"cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
        return NameError(text)
    return UnboundLocalError(f"cannot access local variable '{name}' where it is not associated with a value")


def store(unit: Unit, name: str) -> Store:
    """What gives the variable a value."""
    access = unit.scope.find(name)
    slot = access.slot
    if access.kind == "global":
        values = unit.globals

        def to_module(frame: list[Any], value: Any) -> None:
            values[name] = value

        return to_module
    if access.kind == "class":

        def to_class(frame: list[Any], value: Any) -> None:
            frame[NAMESPACE][name] = value

        return to_class
    if access.kind == "slot":

        def to_slot(frame: list[Any], value: Any) -> None:
            frame[slot] = value

        return to_slot

    def to_cell(frame: list[Any], value: Any) -> None:
        frame[slot][0] = value

    return to_cell


def assign(unit: Unit, name: str, value: Run) -> Step:
    """A statement `name = value`, without a detour for the most frequent places."""
    access = unit.scope.find(name)
    slot = access.slot
    if access.kind == "slot":

        def assign_slot(frame: list[Any]) -> None:
            frame[slot] = value(frame)

        return assign_slot
    if access.kind == "global":
        values = unit.globals

        def assign_global(frame: list[Any]) -> None:
            values[name] = value(frame)

        return assign_global
    put = store(unit, name)

    def assign_other(frame: list[Any]) -> None:
        put(frame, value(frame))

    return assign_other


def delete(unit: Unit, name: str, span: Span) -> Step:
    """What takes the variable's value away; raises NameError where it has none."""
    access = unit.scope.find(name)
    slot = access.slot
    if access.kind in ("global", "class"):
        values = unit.globals
        inside = access.kind == "class"

        def from_dict(frame: list[Any]) -> None:
            if (frame[NAMESPACE] if inside else values).pop(name, _MISSING) is _MISSING:
                raise at(undefined(name), span)

        return from_dict
    free = access.kind == "free"

    def from_frame(frame: list[Any]) -> None:
        place, index = (frame, slot) if access.kind == "slot" else (frame[slot], 0)
        if place[index] is UNBOUND:
            raise at(_unbound(name, free), span)
        place[index] = UNBOUND

    return from_frame


__all__ = ["assign", "delete", "load", "store", "undefined"]
