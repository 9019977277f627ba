"""Statements, each compiled to a closure that returns None to go on, or a signal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autodiff.program import kinds, names
from autodiff.program.classes import class_statement
from autodiff.program.expressions import condition, expression, key
from autodiff.program.functions import definition
from autodiff.program.handling import assert_statement, raise_statement, try_statement, with_statement
from autodiff.program.imports import import_from_statement, import_statement
from autodiff.program.limits import FUEL, refill
from autodiff.program.places import at
from autodiff.program.targets import delete, target
from autodiff.program.unit import BREAK, CONTINUE, RESULT, RETURN, Frame, Run, Step, Unit
from autodiff.syntax import statements as s
from autodiff.syntax import tree as t
from autodiff.syntax.tree import Tree


def statement(unit: Unit, tree: Tree) -> Step:
    """What carries out a statement."""
    unit.enter(tree.span)
    compiled = STATEMENTS[type(tree)](unit, tree)
    unit.leave()
    return compiled


def block(unit: Unit, trees: list[Tree]) -> Step:
    """Statements one after another, up to the first signal."""
    steps = [statement(unit, tree) for tree in trees]
    return sequence(steps, all(type(tree) in PLAIN for tree in trees))


def sequence(steps: list[Step], plain: bool = False) -> Step:
    """Steps one after another; plain ones give no signals."""
    if not steps:
        return _pass
    if len(steps) == 1:
        return steps[0]
    if len(steps) == 2:
        first, second = steps

        def both(frame: Frame) -> Any:
            signal = first(frame)
            return second(frame) if signal is None else signal

        return both
    if plain:

        def each(frame: Frame) -> None:
            for step in steps:
                step(frame)

        return each

    def all_of(frame: Frame) -> Any:
        for step in steps:
            signal = step(frame)
            if signal is not None:
                return signal
        return None

    return all_of


def _pass(frame: Frame) -> None:
    return None


def _expression(unit: Unit, tree: s.ExprStatement) -> Step:
    if isinstance(tree.value, (t.String, t.Constant, t.Number)):
        return _pass
    value = expression(unit, tree.value)

    def evaluate(frame: Frame) -> None:
        value(frame)

    return evaluate


# Assignments


def _assign(unit: Unit, tree: s.Assign) -> Step:
    value = expression(unit, tree.value)
    if len(tree.targets) == 1:
        only = tree.targets[0]
        if isinstance(only, t.Name):
            return names.assign(unit, only.id, value)
        put = target(unit, only)

        def assign(frame: Frame) -> None:
            put(frame, value(frame))

        return assign
    puts = [target(unit, each) for each in tree.targets]

    def assign_all(frame: Frame) -> None:
        result = value(frame)
        for put in puts:
            put(frame, result)

    return assign_all


def _annotated(unit: Unit, tree: s.AnnAssign) -> Step:
    if tree.value is None:
        return _pass
    put, value = target(unit, tree.target), expression(unit, tree.value)

    def assign(frame: Frame) -> None:
        put(frame, value(frame))

    return assign


def _augmented(unit: Unit, tree: s.AugAssign) -> Step:
    return augmented(unit, tree, expression(unit, tree.value))


def augmented(unit: Unit, tree: s.AugAssign, value: Run) -> Step:
    """`target op= value`: the target's parts are computed once."""
    operate, span = kinds.INPLACE[tree.op], tree.span
    if isinstance(tree.target, t.Name):
        old = names.load(unit, tree.target.id, tree.target.span)
        return names.assign(unit, tree.target.id, _operated(tree.op, operate, old, value, span))
    if isinstance(tree.target, t.Attribute):
        holder, name = expression(unit, tree.target.value), tree.target.name

        def change_attribute(frame: Frame) -> None:
            v = holder(frame)
            try:
                before = kinds.get(v, name)
                new = value(frame)
                kinds.set(v, name, operate(before, new))
            except BaseException as error:
                at(error, span)
                raise

        return change_attribute
    assert isinstance(tree.target, t.Index)
    holder, item = expression(unit, tree.target.value), key(unit, tree.target)

    def change_item(frame: Frame) -> None:
        v = holder(frame)
        k = item(frame)
        try:
            before = kinds.get_item(v, k)
            new = value(frame)
            kinds.set_item(v, k, operate(before, new))
        except BaseException as error:
            at(error, span)
            raise

    return change_item


def _operated(op: str, operate: Callable[[Any, Any], Any], old: Run, value: Run, span: Any) -> Run:
    """`old op= value` as an expression; sums of small numbers need no help."""
    limit = 1 << 62

    def inplace(frame: Frame) -> Any:
        a = old(frame)
        b = value(frame)
        try:
            return operate(a, b)
        except BaseException as error:
            at(error, span)
            raise

    if op != "+":
        return inplace

    def add(frame: Frame) -> Any:
        a = old(frame)
        b = value(frame)
        kind = type(a)
        if (kind is int and type(b) is int and -limit < a < limit and -limit < b < limit) or (
            kind is float and type(b) is float
        ):
            return a + b
        try:
            return operate(a, b)
        except BaseException as error:
            at(error, span)
            raise

    return add


def _delete(unit: Unit, tree: s.Delete) -> Step:
    return sequence([delete(unit, each) for each in tree.targets])


# Control


def _if(unit: Unit, tree: s.If) -> Step:
    branches: list[tuple[Run, Step]] = []
    rest: list[Tree] = [tree]
    while len(rest) == 1 and isinstance(rest[0], s.If):
        each = rest[0]
        branches.append((condition(expression(unit, each.test), each.test.span), block(unit, each.body)))
        rest = each.orelse
    orelse = block(unit, rest)
    if len(branches) == 1:
        test, body = branches[0]
        return lambda frame: body(frame) if test(frame) else orelse(frame)

    def choose(frame: Frame) -> Any:
        for test, body in branches:
            if test(frame):
                return body(frame)
        return orelse(frame)

    return choose


def _while(unit: Unit, tree: s.While) -> Step:
    test = condition(expression(unit, tree.test), tree.test.span)
    body, orelse = block(unit, tree.body), block(unit, tree.orelse)
    fuel, cost, span = FUEL, 1 + len(tree.body), tree.test.span

    def loop(frame: Frame) -> Any:
        while test(frame):
            fuel[0] -= cost
            if fuel[0] < 0:
                _refill(span)
            signal = body(frame)
            if signal is not None and signal is not CONTINUE:
                return None if signal is BREAK else signal
        return orelse(frame)

    return loop


def _refill(span: Any) -> None:
    try:
        refill()
    except BaseException as error:
        at(error, span)
        raise


def _for(unit: Unit, tree: s.For) -> Step:
    iterable, put = expression(unit, tree.iterable), target(unit, tree.target)
    body, orelse = block(unit, tree.body), block(unit, tree.orelse)
    fuel, cost, span = FUEL, 1 + len(tree.body), tree.iterable.span
    iterate = kinds.iterate

    def loop(frame: Frame) -> Any:
        values = iterable(frame)
        try:
            for item in iterate(values):
                fuel[0] -= cost
                if fuel[0] < 0:
                    refill()
                put(frame, item)
                signal = body(frame)
                if signal is not None and signal is not CONTINUE:
                    return None if signal is BREAK else signal
        except BaseException as error:
            at(error, span)
            raise
        return orelse(frame)

    return loop


def _return(unit: Unit, tree: s.Return) -> Step:
    if tree.value is None:

        def leave(frame: Frame) -> Any:
            frame[RESULT] = None
            return RETURN

        return leave
    value = expression(unit, tree.value)

    def give(frame: Frame) -> Any:
        frame[RESULT] = value(frame)
        return RETURN

    return give


def _def(unit: Unit, tree: s.Def) -> Step:
    decorators = [(expression(unit, decorator), decorator.span) for decorator in tree.decorators]
    make, put = definition(unit, tree), names.store(unit, tree.name)

    def define(frame: Frame) -> None:
        wrap = [(decorator(frame), span) for decorator, span in decorators]
        function = make(frame)
        for decorate, span in reversed(wrap):
            try:
                function = kinds.call(decorate, [function], {})
            except BaseException as error:
                at(error, span)
                raise
        put(frame, function)

    return define


STATEMENTS: dict[type, Callable[[Unit, Any], Step]] = {
    s.ExprStatement: _expression,
    s.Assign: _assign,
    s.AnnAssign: _annotated,
    s.AugAssign: _augmented,
    s.Delete: _delete,
    s.If: _if,
    s.While: _while,
    s.For: _for,
    s.Return: _return,
    s.Break: lambda unit, tree: lambda frame: BREAK,
    s.Continue: lambda unit, tree: lambda frame: CONTINUE,
    s.Pass: lambda unit, tree: _pass,
    s.Scope: lambda unit, tree: _pass,
    s.Def: _def,
    s.Class: class_statement,
    s.Import: import_statement,
    s.ImportFrom: import_from_statement,
    s.Raise: raise_statement,
    s.Assert: assert_statement,
    s.Try: try_statement,
    s.With: with_statement,
}
PLAIN = frozenset(
    [s.ExprStatement, s.Assign, s.AnnAssign, s.AugAssign, s.Delete, s.Pass, s.Scope, s.Def, s.Class, s.Import,
     s.ImportFrom, s.Raise, s.Assert]
)  # fmt: skip
