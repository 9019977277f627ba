"""`value[key]`, and writing and deleting there."""

from __future__ import annotations

from typing import Any

from autodiff.program import limits
from autodiff.program.kinds.guards import bounded
from autodiff.program.kinds.objects import is_own
from autodiff.program.kinds.table import KINDS, class_name, type_name

# Host types whose own indexing is what a program may use.
INDEXED: set[type] = {list, tuple, str, dict, range}
CHANGED: set[type] = {list, dict}


def get_item(value: Any, key: Any) -> Any:
    """`value[key]`; raises TypeError for what has no items."""
    if type(value) in INDEXED:
        if type(key) is range or (type(key) is tuple and range in map(type, key)):
            return value[_listed(value, key)]
        return value[key]
    if isinstance(value, type):
        raise TypeError(f"type '{class_name(value)}' is not subscriptable")
    if isinstance(value, tuple(INDEXED)) or (is_own(value) and hasattr(type(value), "__getitem__")):
        return value[key]
    raise TypeError(f"'{type_name(value)}' object is not subscriptable")


def _listed(value: Any, key: Any) -> Any:
    """A key of arrays with its ranges as lists, which is what the library knows."""
    if type(value) in (list, tuple, str, dict, range):
        return key
    if type(key) is range:
        return list(bounded(key))
    return tuple(list(bounded(part)) if type(part) is range else part for part in key)


def set_item(value: Any, key: Any, new: Any) -> None:
    """`value[key] = new`."""
    cls = type(value)
    if cls is list and type(key) is slice:
        items = list(bounded(_iterable(new, key.step)))
        limits.allocate(8 * (len(value) + len(items)))
        value[key] = items
    elif cls in CHANGED or _changeable(value, "__setitem__"):
        value[_listed(value, key) if type(key) is range or type(key) is tuple else key] = new
    else:
        raise TypeError(f"'{type_name(value)}' object does not support item assignment")


def _iterable(value: Any, step: Any) -> Any:
    try:
        iter(value)
    except TypeError:
        plain = step is None or step == 1
        message = "can only assign an iterable" if plain else "must assign iterable to extended slice"
        raise TypeError(message) from None
    return value


def del_item(value: Any, key: Any) -> None:
    """`del value[key]`."""
    if type(value) in (list, dict) or _changeable(value, "__delitem__"):
        del value[key]
    else:
        counted = isinstance(value, (str, tuple, range, set, frozenset)) and hasattr(type(key), "__index__")
        does = "doesn't" if counted else "does not"  # as Python says it of sequences and of all else
        raise TypeError(f"'{type_name(value)}' object {does} support item deletion")


def _changeable(value: Any, name: str) -> bool:
    if is_own(value):
        return hasattr(type(value), name)
    return isinstance(value, tuple(CHANGED)) and hasattr(type(value), name)


__all__ = ["KINDS", "del_item", "get_item", "set_item"]
