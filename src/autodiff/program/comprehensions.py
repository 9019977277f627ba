"""Comprehensions and generator expressions.

Each `for` is a closure around the next; the innermost adds to what the comprehension gathers, or yields.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from autodiff.program import kinds
from autodiff.program.expressions import EXPRESSIONS, condition, expression
from autodiff.program.limits import FUEL, refill
from autodiff.program.places import at, leave
from autodiff.program.targets import target
from autodiff.program.unit import UNBOUND, Frame, Run, Unit
from autodiff.syntax import statements as s

_EMPTY = {"list": list, "set": set, "dict": dict}


def _comprehension(unit: Unit, tree: s.Comprehension) -> Run:
    source = expression(unit, tree.clauses[0].iterable)
    inner = unit.within(tree)
    if tree.kind == "generator":
        return _generator(inner, tree, source)
    result = inner.scope.result
    turn = _loops(inner, tree, source, _gather(inner, tree))
    cells = [variable.slot for variable in inner.scope.bound.values() if variable.captured]
    plain = [variable.slot for variable in inner.scope.bound.values() if not variable.captured]
    empty: Any = _EMPTY[tree.kind]

    def comprehension(frame: Frame) -> Any:
        before = frame[result]
        frame[result] = gathered = empty()
        for slot in cells:
            frame[slot] = [UNBOUND]
        try:
            turn(frame)
        finally:
            frame[result] = before
            for slot in plain:
                frame[slot] = UNBOUND
        return gathered

    return comprehension


def _gather(unit: Unit, tree: s.Comprehension) -> Run:
    """What puts one more item into the list, set or dict."""
    result, span, value = unit.scope.result, tree.span, expression(unit, tree.value)
    if tree.kind == "list":

        def append(frame: Frame) -> None:
            frame[result].append(value(frame))

        return append
    key = expression(unit, tree.key) if tree.key is not None else None

    def add(frame: Frame) -> None:
        try:
            if key is None:
                frame[result].add(value(frame))
            else:
                k = key(frame)
                frame[result][k] = value(frame)
        except BaseException as error:
            at(error, span)
            raise

    return add


def _loops(unit: Unit, tree: s.Comprehension, source: Run, inner: Run) -> Run:
    for i in range(len(tree.clauses) - 1, -1, -1):
        clause = tree.clauses[i]
        iterable = source if i == 0 else expression(unit, clause.iterable)
        inner = _loop(unit, clause, iterable, inner)
    return inner


def _loop(unit: Unit, clause: s.Clause, iterable: Run, inner: Run) -> Run:
    put, span = target(unit, clause.target), clause.iterable.span
    tests = [condition(expression(unit, test), test.span) for test in clause.conditions]
    fuel = FUEL

    def loop(frame: Frame) -> None:
        try:
            for item in kinds.iterate(iterable(frame)):
                fuel[0] -= 1
                if fuel[0] < 0:
                    refill()
                put(frame, item)
                for test in tests:
                    if not test(frame):
                        break
                else:
                    inner(frame)
        except BaseException as error:
            at(error, span)
            raise

    return loop


def _generator(unit: Unit, tree: s.Comprehension, source: Run) -> Run:
    """A generator expression: lazy, in a frame of its own."""
    value = expression(unit, tree.value)

    def innermost(frame: Frame) -> Iterator[Any]:
        yield value(frame)

    turns: Any = innermost
    for i in range(len(tree.clauses) - 1, -1, -1):
        clause = tree.clauses[i]
        iterable: Run = itemgetter(unit.scope.result) if i == 0 else expression(unit, clause.iterable)
        turns = _lazy(unit, clause, iterable, turns)
    layout, result, span = unit.scope.layout, unit.scope.result, tree.clauses[0].iterable.span
    cells = [variable.slot for variable in unit.scope.bound.values() if variable.captured]
    outer = cells_from(unit)

    def generator(frame: Frame) -> Any:
        first = source(frame)
        own: Frame = [UNBOUND] * layout.size
        for slot in cells:
            own[slot] = [UNBOUND]
        for slot, there in outer:
            own[slot] = frame[there]
        try:
            own[result] = kinds.iterate(first)
        except BaseException as error:
            at(error, span)
            raise
        return genexpr(turns, own)

    return generator


def genexpr(turns: Any, frame: Frame) -> Iterator[Any]:
    """The generator of a generator expression."""
    try:
        yield from turns(frame)
    except GeneratorExit:
        raise
    except BaseException as error:
        leave(error, "<genexpr>")
        raise


def _lazy(unit: Unit, clause: s.Clause, iterable: Run, inner: Any) -> Any:
    put, span = target(unit, clause.target), clause.iterable.span
    tests = [condition(expression(unit, test), test.span) for test in clause.conditions]
    fuel = FUEL

    def loop(frame: Frame) -> Iterator[Any]:
        try:
            for item in kinds.iterate(iterable(frame)):
                fuel[0] -= 1
                if fuel[0] < 0:
                    refill()
                put(frame, item)
                for test in tests:
                    if not test(frame):
                        break
                else:
                    yield from inner(frame)
        except BaseException as error:
            at(error, span)
            raise

    return loop


def cells_from(unit: Unit) -> list[tuple[int, int]]:
    """Which slots of a new frame get cells of the frame around it: (slot here, slot there)."""
    outer = unit.scope.layout.outer
    pairs = []
    for variable, slot in unit.scope.layout.free.items():
        pairs.append((slot, variable.slot if variable.layout is outer else outer.free[variable]))  # type: ignore[union-attr]
    return pairs


EXPRESSIONS[s.Comprehension] = _comprehension
