"""Functions with `yield`: their statements as host generators.

A statement without a `yield` inside is carried out as everywhere else; one with a `yield` has a second form here, which
yields what it yields and returns its signal.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from types import GeneratorType
from typing import Any

from autodiff.program import kinds
from autodiff.program.expressions import condition, constant, expression
from autodiff.program.handling import Handler, as_python, chosen, enter
from autodiff.program.limits import FUEL, Stop, refill
from autodiff.program.places import at
from autodiff.program.scopes import children
from autodiff.program.statements import augmented, statement
from autodiff.program.targets import target
from autodiff.program.unit import BREAK, CONTINUE, RESULT, Frame, Run, Unit
from autodiff.syntax import statements as s
from autodiff.syntax.tree import Tree

Turns = Callable[[Frame], Generator[Any, Any, Any]]
_OWN_SCOPE = (s.Def, s.Lambda, s.Class)


def yields(tree: Tree) -> bool:
    """Whether a statement of a function contains a `yield` of that function."""
    todo = [tree]
    while todo:
        each = todo.pop()
        if isinstance(each, s.Yield):
            return True
        if not isinstance(each, _OWN_SCOPE):
            todo += children(each)
    return False


def generator_block(unit: Unit, trees: list[Tree]) -> Turns:
    """Statements one after another, as a generator that returns the first signal."""
    steps: list[tuple[bool, Any]] = []
    for tree in trees:
        if yields(tree):
            steps.append((True, FORMS[type(tree)](unit, tree)))
        else:
            steps.append((False, statement(unit, tree)))

    def run(frame: Frame) -> Generator[Any, Any, Any]:
        for lazy, step in steps:
            signal = (yield from step(frame)) if lazy else step(frame)
            if signal is not None:
                return signal
        return None

    return run


def _yielded(unit: Unit, tree: s.Yield) -> Turns:
    """What yields once, or all that there is, and returns what was sent, or returned."""
    value: Run = constant(None) if tree.value is None else expression(unit, tree.value)

    def once(frame: Frame) -> Generator[Any, Any, Any]:
        return (yield value(frame))

    def each(frame: Frame) -> Generator[Any, Any, Any]:
        source = value(frame)
        try:
            return (yield from (source if type(source) is GeneratorType else kinds.iterate(source)))
        except BaseException as error:
            at(error, tree.span)
            raise

    return each if tree.all else once


def _expression(unit: Unit, tree: s.ExprStatement) -> Turns:
    value = _yielded(unit, tree.value)  # type: ignore[arg-type]

    def give(frame: Frame) -> Generator[Any, Any, Any]:
        yield from value(frame)

    return give


def _assign(unit: Unit, tree: s.Assign | s.AnnAssign) -> Turns:
    value = _yielded(unit, tree.value)  # type: ignore[arg-type]
    puts = [target(unit, each) for each in (tree.targets if isinstance(tree, s.Assign) else [tree.target])]

    def receive(frame: Frame) -> Generator[Any, Any, Any]:
        sent = yield from value(frame)
        for put in puts:
            put(frame, sent)

    return receive


def _augmented(unit: Unit, tree: s.AugAssign) -> Turns:
    value = _yielded(unit, tree.value)  # type: ignore[arg-type]
    add = augmented(unit, tree, lambda frame: frame[RESULT])

    def receive(frame: Frame) -> Generator[Any, Any, Any]:
        frame[RESULT] = yield from value(frame)
        add(frame)
        frame[RESULT] = None

    return receive


def _if(unit: Unit, tree: s.If) -> Turns:
    test = condition(expression(unit, tree.test), tree.test.span)
    body, orelse = generator_block(unit, tree.body), generator_block(unit, tree.orelse)

    def choose(frame: Frame) -> Generator[Any, Any, Any]:
        return (yield from (body if test(frame) else orelse)(frame))

    return choose


def _while(unit: Unit, tree: s.While) -> Turns:
    test = condition(expression(unit, tree.test), tree.test.span)
    body, orelse = generator_block(unit, tree.body), generator_block(unit, tree.orelse)
    cost, span = 1 + len(tree.body), tree.test.span

    def loop(frame: Frame) -> Generator[Any, Any, Any]:
        while test(frame):
            _spend(cost, span)
            signal = yield from body(frame)
            if signal is not None and signal is not CONTINUE:
                return None if signal is BREAK else signal
        return (yield from orelse(frame))

    return loop


def _for(unit: Unit, tree: s.For) -> Turns:
    iterable, put = expression(unit, tree.iterable), target(unit, tree.target)
    body, orelse = generator_block(unit, tree.body), generator_block(unit, tree.orelse)
    cost, span = 1 + len(tree.body), tree.iterable.span

    def loop(frame: Frame) -> Generator[Any, Any, Any]:
        values = iterable(frame)
        try:
            for item in kinds.iterate(values):
                _spend(cost, span)
                put(frame, item)
                signal = yield from body(frame)
                if signal is not None and signal is not CONTINUE:
                    return None if signal is BREAK else signal
        except BaseException as error:
            at(error, span)
            raise
        return (yield from orelse(frame))

    return loop


def _spend(steps: int, span: Any) -> None:
    FUEL[0] -= steps
    if FUEL[0] < 0:
        try:
            refill()
        except BaseException as error:
            at(error, span)
            raise


def _try(unit: Unit, tree: s.Try) -> Turns:
    body = generator_block(unit, tree.body)
    if tree.handlers:
        handlers = [Handler(unit, handler, generator_block) for handler in tree.handlers]
        body = _catching(body, handlers, generator_block(unit, tree.orelse))
    return _finally(body, generator_block(unit, tree.finalbody)) if tree.finalbody else body


def _catching(body: Turns, handlers: list[Handler], orelse: Turns) -> Turns:
    def attempt(frame: Frame) -> Generator[Any, Any, Any]:
        try:
            signal = yield from body(frame)
        except Stop:
            raise
        except BaseException as error:
            thrown = as_python(error)
            handler = None if isinstance(thrown, Stop) else chosen(handlers, frame, thrown)
            if handler is None:
                if thrown is error:
                    raise
                raise thrown  # noqa: B904  (it has its cause)
            try:
                return (yield from handler.body(frame))
            finally:
                if handler.clear is not None:
                    handler.clear(frame)
        return (yield from orelse(frame)) if signal is None else signal

    return attempt


def _finally(body: Turns, final: Turns) -> Turns:
    def attempt(frame: Frame) -> Generator[Any, Any, Any]:
        try:
            signal = yield from body(frame)
        except Stop:
            raise
        except BaseException as error:
            thrown = as_python(error)
            if isinstance(thrown, Stop):
                raise thrown  # noqa: B904
            ended = yield from final(frame)
            if ended is not None:
                return ended
            raise
        result = frame[RESULT]
        ended = yield from final(frame)
        if ended is None:
            frame[RESULT] = result
            return signal
        return ended

    return attempt


def _with(unit: Unit, tree: s.With) -> Turns:
    body = generator_block(unit, tree.body)
    for context, name in reversed(tree.items):
        body = _context(expression(unit, context), None if name is None else target(unit, name), body, context.span)
    return body


def _context(value: Run, put: Any, body: Turns, span: Any) -> Turns:
    def inside(frame: Frame) -> Generator[Any, Any, Any]:
        try:
            entered, leave = enter(value(frame))
        except BaseException as error:
            at(error, span)
            raise
        try:
            if put is not None:
                put(frame, entered)
            signal = yield from body(frame)
        except Stop:
            raise
        except BaseException as error:
            thrown = as_python(error)
            if isinstance(thrown, Stop):
                raise thrown  # noqa: B904
            if leave(thrown, span):
                return None
            raise
        leave(None, span)
        return signal

    return inside


FORMS: dict[type, Callable[[Unit, Any], Turns]] = {
    s.ExprStatement: _expression,
    s.Assign: _assign,
    s.AnnAssign: _assign,
    s.AugAssign: _augmented,
    s.If: _if,
    s.While: _while,
    s.For: _for,
    s.Try: _try,
    s.With: _with,
}
