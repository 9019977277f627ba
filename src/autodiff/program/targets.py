"""Assignment: to names, attributes, items, and several at once."""

from __future__ import annotations

from typing import Any

from autodiff.program import kinds, names
from autodiff.program.expressions import expression, key
from autodiff.program.limits import tick
from autodiff.program.places import at
from autodiff.program.unit import Frame, Step, Store, Unit
from autodiff.syntax import statements as s
from autodiff.syntax import tree as t
from autodiff.syntax.tree import Tree


def target(unit: Unit, tree: Tree) -> Store:
    """What puts a value where the target says."""
    if isinstance(tree, t.Name):
        return names.store(unit, tree.id)
    if isinstance(tree, t.Attribute):
        return _to_attribute(unit, tree)
    if isinstance(tree, t.Index):
        return _to_item(unit, tree)
    assert isinstance(tree, (t.ListOf, t.TupleOf)), tree
    return _unpack(unit, tree)


def _to_attribute(unit: Unit, tree: t.Attribute) -> Store:
    value, name, span = expression(unit, tree.value), tree.name, tree.span

    def to_attribute(frame: Frame, new: Any) -> None:
        v = value(frame)
        try:
            kinds.set(v, name, new)
        except BaseException as error:
            at(error, span)
            raise

    return to_attribute


def _to_item(unit: Unit, tree: t.Index) -> Store:
    value, item, span = expression(unit, tree.value), key(unit, tree), tree.span

    def to_item(frame: Frame, new: Any) -> None:
        v = value(frame)
        k = item(frame)
        try:
            kinds.set_item(v, k, new)
        except BaseException as error:
            at(error, span)
            raise

    return to_item


def _unpack(unit: Unit, tree: t.ListOf | t.TupleOf) -> Store:
    starred = next((i for i, item in enumerate(tree.items) if isinstance(item, s.Starred)), None)
    puts = [target(unit, item.value if isinstance(item, s.Starred) else item) for item in tree.items]
    count, span = len(puts), tree.span

    def unpack(frame: Frame, value: Any) -> None:
        try:
            values = _exactly(value, count) if starred is None else _around(value, starred, count)
        except BaseException as error:
            at(error, span)
            raise
        for put, v in zip(puts, values, strict=True):
            put(frame, v)

    return unpack


def _iterator(value: Any) -> Any:
    try:
        return kinds.iterate(value)
    except TypeError as error:
        if "not iterable" in str(error):
            raise TypeError(f"cannot unpack non-iterable {type(value).__name__} object") from None
        raise


def _exactly(value: Any, count: int) -> list[Any]:
    if type(value) in (tuple, list) and len(value) == count:
        return list(value)
    values: list[Any] = []
    for item in _iterator(value):
        if len(values) == count:
            raise ValueError(f"too many values to unpack (expected {count})")
        values.append(item)
    if len(values) < count:
        raise ValueError(f"not enough values to unpack (expected {count}, got {len(values)})")
    return values


def _around(value: Any, starred: int, count: int) -> list[Any]:
    values: list[Any] = []
    for item in _iterator(value):
        tick()
        values.append(item)
    if len(values) < count - 1:
        raise ValueError(f"not enough values to unpack (expected at least {count - 1}, got {len(values)})")
    after = len(values) - (count - 1 - starred)
    return [*values[:starred], values[starred:after], *values[after:]]


def delete(unit: Unit, tree: Tree) -> Step:
    """What takes away what the target names."""
    if isinstance(tree, t.Name):
        return names.delete(unit, tree.id, tree.span)
    span = tree.span
    if isinstance(tree, t.Attribute):
        value, name = expression(unit, tree.value), tree.name

        def of_attribute(frame: Frame) -> None:
            v = value(frame)
            try:
                kinds.delete(v, name)
            except BaseException as error:
                at(error, span)
                raise

        return of_attribute
    if isinstance(tree, t.Index):
        value, item = expression(unit, tree.value), key(unit, tree)

        def of_item(frame: Frame) -> None:
            v = value(frame)
            k = item(frame)
            try:
                kinds.del_item(v, k)
            except BaseException as error:
                at(error, span)
                raise

        return of_item
    assert isinstance(tree, (t.ListOf, t.TupleOf)), tree
    parts = [delete(unit, item) for item in tree.items]

    def of_all(frame: Frame) -> None:
        for part in parts:
            part(frame)

    return of_all
