"""Classes of a program, as classes of the host, and `super`."""

from __future__ import annotations

from types import new_class
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.program import kinds
from autodiff.program.comprehensions import cells_from
from autodiff.program.expressions import expression
from autodiff.program.functions import docstring
from autodiff.program.kinds import objects
from autodiff.program.kinds.table import class_name
from autodiff.program.names import store
from autodiff.program.places import at, leave
from autodiff.program.unit import NAMESPACE, UNBOUND, Frame, Run, Step, Unit
from autodiff.syntax import statements as s
from autodiff.syntax.tree import Call, Name

# Dunder names that a class may have beside operators: they are data.
DATA = frozenset(["__doc__", "__match_args__"])


def class_statement(unit: Unit, tree: s.Class) -> Step:
    """What makes the class and binds its name."""
    from autodiff.program.statements import block

    decorators = [(expression(unit, decorator), decorator.span) for decorator in tree.decorators]
    bases = [expression(unit, base) for base in tree.bases]
    inner = unit.within(tree)
    body = block(inner, tree.body)
    put, span, name = store(unit, tree.name), tree.name_span, tree.name
    doc = docstring(tree.body)
    annotated = [
        each.target.id for each in tree.body if isinstance(each, s.AnnAssign) and isinstance(each.target, Name)
    ]
    qualname = unit.scope.qualified(name)
    layout, hidden = inner.scope.layout, inner.scope.hidden
    assert hidden is not None
    outer, cell = cells_from(inner), hidden.slot

    def define(frame: Frame) -> None:
        wrap = [(decorator(frame), where) for decorator, where in decorators]
        parents = tuple(base(frame) for base in bases)
        own: Frame = [None, {} if doc is None else {"__doc__": doc}, *[UNBOUND] * (layout.size - 2)]
        own[cell] = [UNBOUND]
        for slot, there in outer:
            own[slot] = frame[there]
        try:
            body(own)
        except BaseException as error:
            leave(error, name)
            at(error, span)
            raise
        try:
            made: Any = make_class(name, qualname, parents, own[NAMESPACE])
        except BaseException as error:
            at(error, span)
            raise
        own[cell][0] = made
        if annotated:
            from autodiff.program.kinds.records import ANNOTATED

            ANNOTATED[made] = annotated
        for decorate, where in reversed(wrap):
            try:
                made = kinds.call(decorate, [made], {})
            except BaseException as error:
                at(error, where)
                raise
        put(frame, made)

    return define


def make_class(name: str, qualname: str, bases: tuple[Any, ...], namespace: dict[str, Any]) -> type:
    """A class; raises TypeError for bases nobody may derive from, and `not-reachable` for names of Python's own."""
    for base in bases:
        _check_base(base)
    for key in namespace:
        if key.startswith("__") and key.endswith("__") and key not in objects.OPERATOR_METHODS and key not in DATA:
            raise AutodiffError(
                "not-reachable",
                f"a class of a program cannot define {key}",
                type="AttributeError",
                help="operators (__add__, __eq__ …), __init__, __call__, __repr__, __len__, __iter__, __enter__ and the"
                " like are there",
            )
    members = {key: _member(key, value, bases) for key, value in namespace.items()}
    contents = {"__module__": "__main__", "__qualname__": qualname, **members}
    return objects.own(new_class(name, bases, {}, lambda target: target.update(contents)))


def _member(name: str, value: Any, bases: tuple[type, ...]) -> Any:
    """What a class has under a name; raises where the host would call what a program may not."""
    if name in objects.OPERATOR_METHODS:
        return staticmethod(kinds.resolve(value)) if isinstance(value, type) else value
    for base in bases:
        objects.check_member(base, name, value)
    return value


def _check_base(base: Any) -> None:
    if isinstance(base, type) and (base in objects.own_classes or derivable(base)):
        return
    if not isinstance(base, type):
        raise TypeError(f"a class cannot derive from {kinds.repr_(base):.60}, which is no class")
    raise TypeError(f"type '{class_name(base)}' is not an acceptable base type")


def derivable(base: type) -> bool:
    """Whether programs may derive from a class of the host."""
    if base is object or base in objects.BASES:
        return True
    return issubclass(base, Exception) or base is BaseException


def zero_argument_super(unit: Unit, tree: Call) -> Run | None:
    """`super()` in a method; None for any other call."""
    if not isinstance(tree.function, Name) or tree.function.id != "super" or tree.args or tree.keywords:
        return None
    access = unit.scope.class_cell()
    if access is None or unit.scope.find("super").kind != "global":
        return None
    cell, span = access.slot, tree.span
    method = unit.scope.function()
    first = next(iter(method.bound.values()), None)

    def make(frame: Frame) -> Any:
        cls = frame[cell][0]
        value: Any = UNBOUND
        if first is not None and first.layout is unit.scope.layout:
            value = frame[first.slot]
            if first.captured and value is not UNBOUND:
                value = value[0]
        try:
            if cls is UNBOUND:
                raise RuntimeError("super(): empty __class__ cell")
            if value is UNBOUND:
                raise RuntimeError("super(): no arguments")
            return objects.Super(cls, value)
        except BaseException as error:
            at(error, span)
            raise

    return make
