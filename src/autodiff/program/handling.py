"""Exceptions of a program: raising, catching, cleaning up, and `with`.

The program's exceptions are the host's.  An AutodiffError of the library counts as the class that its `type` names; a
Stop is none of the program's business and passes through everything.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.program import kinds
from autodiff.program.expressions import condition, expression
from autodiff.program.kinds import objects
from autodiff.program.limits import Stop, out_of_memory
from autodiff.program.names import store
from autodiff.program.places import at, carry
from autodiff.program.targets import target
from autodiff.program.unit import RESULT, UNBOUND, Frame, Run, Step, Store, Unit
from autodiff.syntax import statements as s
from autodiff.syntax.tree import Tree


def as_python(error: BaseException) -> BaseException:
    """The exception that a program sees: those of the library as PyTorch's or Python's."""
    if isinstance(error, AutodiffError):
        from autodiff.tensor.modes import translated

        known = getattr(builtins, error.type, None) if error.type.isidentifier() else None
        usable = isinstance(known, type) and issubclass(known, Exception)
        made = known(error.message) if known is not None and usable else translated(error)
        made.__cause__ = error
        carry(error, made)
        return made
    if isinstance(error, MemoryError):
        stop = out_of_memory()
        carry(error, stop)
        return stop
    return error


def raise_statement(unit: Unit, tree: s.Raise) -> Step:
    """`raise`, `raise error`, `raise error from cause`."""
    span = tree.span
    if tree.value is None:

        def again(frame: Frame) -> None:
            current = sys.exc_info()[1]
            if current is None:
                raise at(RuntimeError("No active exception to reraise"), span)
            raise at(current, span)

        return again
    value = expression(unit, tree.value)
    cause = None if tree.cause is None else expression(unit, tree.cause)

    def throw(frame: Frame) -> None:
        try:
            error = _exception(value(frame), "exceptions must derive from BaseException")
            if cause is None:
                raise at(error, span)
            given = cause(frame)
            reason = None if given is None else _exception(given, "exception causes must derive from BaseException")
        except BaseException as failed:
            at(failed, span)
            raise
        raise at(error, span) from reason

    return throw


def _exception(value: Any, otherwise: str) -> BaseException:
    if isinstance(value, type) and issubclass(value, BaseException):
        value = kinds.call(value, [], {})
    if not isinstance(value, BaseException) or isinstance(value, Stop):
        raise TypeError(otherwise)
    return value


def assert_statement(unit: Unit, tree: s.Assert) -> Step:
    """`assert test, message`."""
    test, span = condition(expression(unit, tree.test), tree.test.span), tree.span
    message = None if tree.message is None else expression(unit, tree.message)

    def check(frame: Frame) -> None:
        if not test(frame):
            raise at(AssertionError() if message is None else AssertionError(message(frame)), span)

    return check


# Catching


class Handler:
    """One `except`."""

    __slots__ = ("body", "clear", "kind", "put", "span")

    def __init__(self, unit: Unit, tree: s.Handler, body: Callable[[Unit, list[Tree]], Step]) -> None:
        self.span = tree.span if tree.kind is None else tree.kind.span
        self.kind: Run | None = None if tree.kind is None else expression(unit, tree.kind)
        self.put: Store | None = None if tree.name is None else store(unit, tree.name)
        self.clear = None if tree.name is None else clearing(unit, tree.name)
        self.body = body(unit, tree.body)

    def takes(self, frame: Frame, error: BaseException) -> bool:
        """Whether it is for this exception."""
        if self.kind is None:
            return True
        kind = self.kind(frame)
        kinds_ = kind if isinstance(kind, tuple) else (kind,)
        for each in kinds_:
            if not isinstance(each, type) or not issubclass(each, BaseException):
                text = "catching classes that do not inherit from BaseException is not allowed"
                raise at(TypeError(text), self.span)
        return isinstance(error, kinds_)


def clearing(unit: Unit, name: str) -> Step:
    """What takes the name of a caught exception away again, if it is still there."""
    access = unit.scope.find(name)
    slot = access.slot

    def clear(frame: Frame) -> None:
        if access.kind == "global":
            unit.globals.pop(name, None)
        elif access.kind == "class":
            frame[1].pop(name, None)
        elif access.kind == "slot":
            frame[slot] = UNBOUND
        else:
            frame[slot][0] = UNBOUND

    return clear


def chosen(handlers: list[Handler], frame: Frame, error: BaseException) -> Handler | None:
    """The first `except` that is for an exception; it has the exception in its variable."""
    for handler in handlers:
        if handler.takes(frame, error):
            if handler.put is not None:
                handler.put(frame, error)
            return handler
    return None


def try_statement(unit: Unit, tree: s.Try) -> Step:
    """`try` with all its parts."""
    from autodiff.program.statements import block

    body = block(unit, tree.body)
    if tree.handlers:
        handlers = [Handler(unit, handler, block) for handler in tree.handlers]
        body = _catching(body, handlers, block(unit, tree.orelse))
    return _finally(body, block(unit, tree.finalbody)) if tree.finalbody else body


def _catching(body: Step, handlers: list[Handler], orelse: Step) -> Step:
    def attempt(frame: Frame) -> Any:
        try:
            signal = body(frame)
        except Stop:
            raise
        except BaseException as error:
            thrown = as_python(error)
            handler = None if isinstance(thrown, Stop) else chosen(handlers, frame, thrown)
            if handler is None:
                if thrown is error:
                    raise
                raise thrown  # noqa: B904  (it has its cause)
            return _handled(handler, frame, thrown)
        return orelse(frame) if signal is None else signal

    return attempt


def _handled(handler: Handler, frame: Frame, error: BaseException) -> Any:
    try:
        if error is not sys.exc_info()[1]:
            try:
                raise error
            except BaseException:
                return handler.body(frame)
        return handler.body(frame)
    finally:
        if handler.clear is not None:
            handler.clear(frame)


def _finally(body: Step, final: Step) -> Step:
    def attempt(frame: Frame) -> Any:
        try:
            signal = body(frame)
        except Stop:
            raise
        except BaseException as error:
            thrown = as_python(error)
            if isinstance(thrown, Stop):
                raise thrown  # noqa: B904
            ended = final(frame)
            if ended is not None:
                return ended
            raise
        result = frame[RESULT]
        ended = final(frame)
        if ended is None:
            frame[RESULT] = result
            return signal
        return ended

    return attempt


# with


def with_statement(unit: Unit, tree: s.With) -> Step:
    """`with`, one context around the next."""
    from autodiff.program.statements import block

    body = block(unit, tree.body)
    for context, name in reversed(tree.items):
        value = expression(unit, context)
        body = _context(value, None if name is None else target(unit, name), body, context.span)
    return body


def _context(value: Run, put: Store | None, body: Step, span: Any) -> Step:
    def inside(frame: Frame) -> Any:
        try:
            entered, leave = enter(value(frame))
        except BaseException as error:
            at(error, span)
            raise
        try:
            if put is not None:
                put(frame, entered)
            signal = body(frame)
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


def enter(context: Any) -> tuple[Any, Callable[[BaseException | None, Any], bool]]:
    """The value of `as`, and what ends the context: it is true when an exception is to be forgotten.

    Raises TypeError for values that are no contexts.
    """
    cls = type(context)
    if cls in objects.own_classes:
        given = [objects.own_method(context, name) for name in ("__enter__", "__exit__")]
    else:
        given = [hasattr(cls, name) for name in ("__enter__", "__exit__")]
    if not all(given):
        missing = "" if not given[0] else " (missed __exit__ method)"
        raise TypeError(f"'{cls.__name__}' object does not support the context manager protocol{missing}")

    def leave(error: BaseException | None, span: Any) -> bool:
        try:
            if error is None:
                cls.__exit__(context, None, None, None)
                return False
            return kinds.truth(cls.__exit__(context, type(error), error, None))
        except BaseException as failed:
            at(failed, span)
            raise

    return cls.__enter__(context), leave
