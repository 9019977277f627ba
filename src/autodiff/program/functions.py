"""Functions of a program, as functions of the host.

What `def` and `lambda` make is an ordinary Python function around a frame and the compiled body: whatever the host or
the tensor library does with functions works.  `generators` has those that contain a `yield`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from autodiff.program import kinds, limits
from autodiff.program.comprehensions import cells_from
from autodiff.program.expressions import EXPRESSIONS, expression, expressions, spread_items
from autodiff.program.kinds.objects import own_code
from autodiff.program.limits import CALLS, DEPTH, FUEL, refill
from autodiff.program.parameters import Signature
from autodiff.program.places import at, leave
from autodiff.program.unit import RESULT, UNBOUND, Frame, Run, Unit
from autodiff.syntax import statements as s
from autodiff.syntax.tree import Call, String, Tree

TOO_DEEP = "maximum recursion depth exceeded"


class Body:
    """What all functions made by one `def` share."""

    __slots__ = ("blank", "cells", "cost", "generator", "name", "outer", "run", "signature")

    def __init__(self, unit: Unit, tree: s.Def | s.Lambda) -> None:
        scope = unit.scope
        assert scope.parent is not None
        self.name = scope.name
        self.signature = Signature(tree.parameters, scope.parent.qualified(scope.name))
        self.cost, self.generator, self.run = _compiled(unit, tree)
        self.blank = (UNBOUND,) * (scope.layout.size - 1 - len(tree.parameters))
        self.cells = [variable.slot for variable in scope.bound.values() if variable.captured]
        self.outer = cells_from(unit)


def _compiled(unit: Unit, tree: s.Def | s.Lambda) -> tuple[int, bool, Run]:
    """Steps of a call, whether it is a generator, and what runs the body to its result."""
    if isinstance(tree, s.Lambda):
        return 1, False, expression(unit, tree.body)
    from autodiff.program.generators import generator_block, yields
    from autodiff.program.statements import block

    if any(yields(statement) for statement in tree.body):
        return 1 + len(tree.body), True, generator_block(unit, tree.body)
    if len(tree.body) == 1 and isinstance(tree.body[0], s.Return) and tree.body[0].value is not None:
        return 2, False, expression(unit, tree.body[0].value)
    steps = block(unit, tree.body)

    def run(frame: Frame) -> Any:
        steps(frame)
        return frame[RESULT]

    return 1 + len(tree.body), False, run


def _define(unit: Unit, tree: s.Lambda) -> Run:
    return definition(unit, tree)


def definition(unit: Unit, tree: s.Def | s.Lambda) -> Run:
    """What makes the function, each time the definition is reached."""
    defaults = [(p.name, expression(unit, p.default)) for p in tree.parameters if p.default is not None]
    body = Body(unit.within(tree), tree)
    doc = docstring(tree.body) if isinstance(tree, s.Def) else None

    def make(frame: Frame) -> Any:
        given = {name: value(frame) for name, value in defaults}
        cells = [(slot, frame[there]) for slot, there in body.outer]
        function = _generating(body, given, cells) if body.generator else _calling(body, given, cells)
        function.__name__ = body.name
        function.__qualname__ = body.signature.qualname
        function.__doc__ = doc
        return function

    return make


def docstring(body: list[Tree]) -> str | None:
    """The text that a body begins with, None where there is none."""
    first = body[0] if body else None
    value = first.value if isinstance(first, s.ExprStatement) else None
    return value.value if isinstance(value, String) else None


def _framer(body: Body, defaults: dict[str, Any], cells: list[tuple[int, Any]]) -> Callable[[Any, Any], Frame]:
    """What makes the frame of a call."""
    signature, blank, own = body.signature, body.blank, body.cells
    count, simple = len(signature.names), signature.simple
    optional = [defaults[name] for name in signature.names if name in defaults] if simple else []
    least = count - len(optional)
    bind = signature.bind

    def framed(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Frame:
        given = len(args)
        if simple and not kwargs and least <= given <= count:
            frame = [None, *args, *optional[given - least :], *blank]
        else:
            frame = [None, *bind(args, kwargs, defaults), *blank]
        for slot in own:
            frame[slot] = [frame[slot]]
        for slot, cell in cells:
            frame[slot] = cell
        return frame

    return framed


def _calling(body: Body, defaults: dict[str, Any], cells: list[tuple[int, Any]]) -> FunctionType:
    framed, run, cost, name = _framer(body, defaults, cells), body.run, body.cost, body.name
    fuel, depth = FUEL, DEPTH

    def function(*args: Any, **kwargs: Any) -> Any:
        frame = framed(args, kwargs)
        fuel[0] -= cost
        if fuel[0] < 0:
            refill()
        if depth[0] >= CALLS:
            raise RecursionError(TOO_DEEP)
        depth[0] += 1
        try:
            return run(frame)
        except BaseException as error:
            leave(error, name)
            raise
        finally:
            depth[0] -= 1

    return function  # type: ignore[return-value]


def _generating(body: Body, defaults: dict[str, Any], cells: list[tuple[int, Any]]) -> FunctionType:
    framed, run, name = _framer(body, defaults, cells), body.run, body.name

    def function(*args: Any, **kwargs: Any) -> Any:
        return generator(run, framed(args, kwargs), name)

    return function  # type: ignore[return-value]


def generator(run: Run, frame: Frame, name: str) -> Any:
    """The generator that a function with `yield` returns; while it runs, that is a call under way."""
    turns = run(frame)
    resume, sent = turns.send, None
    while True:
        limits.tick()
        if DEPTH[0] >= CALLS:
            raise RecursionError(TOO_DEEP)
        DEPTH[0] += 1
        try:
            value = resume(sent)
        except StopIteration:
            return frame[RESULT]
        except BaseException as error:
            leave(error, name)
            raise
        finally:
            DEPTH[0] -= 1
        try:
            sent = yield value
            resume = turns.send
        except GeneratorExit:
            turns.close()
            raise
        except BaseException as error:
            resume, sent = turns.throw, error


def _own_code() -> None:
    """Note by their code which functions are a program's."""
    for make in (_calling, _generating):
        own_code.update(c for c in make.__code__.co_consts if isinstance(c, CodeType) and c.co_name == "function")


_own_code()


# Calls


def _call(unit: Unit, tree: Call) -> Run:
    special = _special(unit, tree)
    if special is not None:
        return special
    function, span = expression(unit, tree.function), tree.span
    if any(isinstance(arg, (s.Starred, s.DoubleStarred)) for arg in tree.args):
        return _spread_call(unit, tree, function)
    args = expressions(unit, tree.args)
    keywords = [(keyword.name, expression(unit, keyword.value)) for keyword in tree.keywords]
    if keywords:
        return _keyword_call(function, args, keywords, span)
    if len(args) == 1:
        return _unary_call(function, args[0], span)
    return _plain_call(function, args, span)


def _plain_call(function: Run, args: list[Run], span: Any) -> Run:
    invoke, own = kinds.call, own_code

    def call(frame: Frame) -> Any:
        f = function(frame)
        values = [arg(frame) for arg in args]
        try:
            if type(f) is FunctionType and f.__code__ in own:
                return f(*values)
            return invoke(f, values, {})
        except BaseException as error:
            at(error, span)
            raise

    return call


def _unary_call(function: Run, arg: Run, span: Any) -> Run:
    invoke, own = kinds.call, own_code

    def call(frame: Frame) -> Any:
        f = function(frame)
        value = arg(frame)
        try:
            if type(f) is FunctionType and f.__code__ in own:
                return f(value)
            return invoke(f, [value], {})
        except BaseException as error:
            at(error, span)
            raise

    return call


def _keyword_call(function: Run, args: list[Run], keywords: list[tuple[str, Run]], span: Any) -> Run:
    invoke = kinds.call

    def call(frame: Frame) -> Any:
        f = function(frame)
        values = [arg(frame) for arg in args]
        named = {name: value(frame) for name, value in keywords}
        try:
            return invoke(f, values, named)
        except BaseException as error:
            at(error, span)
            raise

    return call


def _spread_call(unit: Unit, tree: Call, function: Run) -> Run:
    """A call with `*values` or `**values` among its arguments."""
    parts = [
        (expression(unit, arg.value if isinstance(arg, (s.Starred, s.DoubleStarred)) else arg), type(arg))
        for arg in tree.args
    ]
    keywords = [(keyword.name, expression(unit, keyword.value)) for keyword in tree.keywords]
    span = tree.span
    # Python gathers several in a list first, whose message it is then.
    alone = sum(form is not s.DoubleStarred for _, form in parts) == 1

    def call(frame: Frame) -> Any:
        f = function(frame)
        values: list[Any] = []
        named: dict[str, Any] = {}
        spread: list[Any] = []
        for part, form in parts:
            value = part(frame)
            try:
                if form is s.Starred:
                    what = f"{_spoken(f)} argument after * must" if alone else "Value after * must"
                    values += spread_items(value, what)
                elif form is s.DoubleStarred:
                    spread.append(value)
                else:
                    values.append(value)
            except BaseException as error:
                at(error, span)
                raise
        for name, run in keywords:
            named[name] = run(frame)
        try:
            for mapping in spread:
                _add_keywords(f, named, mapping)
            return kinds.call(f, values, named)
        except BaseException as error:
            at(error, span)
            raise

    return call


def _spoken(function: Any) -> str:
    """What messages about a call's arguments call the function."""
    if type(function) is FunctionType and function.__code__ in own_code:
        return f"__main__.{function.__qualname__}()"
    return f"{getattr(function, '__name__', type(function).__name__)}()"


def _add_keywords(function: Any, named: dict[str, Any], mapping: Any) -> None:
    name = _spoken(function)
    if not isinstance(mapping, dict):
        raise TypeError(f"{name} argument after ** must be a mapping, not {type(mapping).__name__}")
    for key, value in mapping.items():
        if not isinstance(key, str):
            raise TypeError("keywords must be strings")
        if key in named:
            raise TypeError(f"{name} got multiple values for keyword argument '{key}'")
        named[key] = value


def _special(unit: Unit, tree: Call) -> Run | None:
    """`super()`, which finds its class and its object by where it stands."""
    from autodiff.program.classes import zero_argument_super

    return zero_argument_super(unit, tree)


EXPRESSIONS[s.Lambda] = _define
EXPRESSIONS[Call] = _call
