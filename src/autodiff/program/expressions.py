"""Expressions, each compiled to a closure over its parts' closures.

Arithmetic on small numbers is done here, everything else by `kinds`, which knows what each kind of value may do.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from autodiff.program import kinds, names
from autodiff.program.limits import tick
from autodiff.program.places import at
from autodiff.program.unit import Frame, Run, Unit
from autodiff.syntax import statements as s
from autodiff.syntax import tree as t
from autodiff.syntax.tree import Tree

SMALL = 1 << 62  # sums, differences and products of two such integers need no limit
CHAIN = 30  # operators beside one another that become closures within closures; longer chains become a loop
Compile = Callable[[Unit, Any], Run]


def expression(unit: Unit, tree: Tree) -> Run:
    """What computes an expression in a frame; raises `limit-nesting` for one too deep."""
    unit.enter(tree.span)
    compiled = EXPRESSIONS[type(tree)](unit, tree)
    unit.leave()
    return compiled


def expressions(unit: Unit, trees: list[Tree]) -> list[Run]:
    """Each of several."""
    return [expression(unit, tree) for tree in trees]


def constant(value: Any) -> Run:
    """What gives this value."""
    return lambda frame: value


def _number(unit: Unit, tree: t.Number) -> Run:
    if not tree.decimal:
        return constant(tree.value)
    try:
        return constant(float(tree.span.text))
    except ValueError:
        return constant(float(tree.value))


def _constant(unit: Unit, tree: t.String | t.Constant) -> Run:
    return constant(tree.value)


def _name(unit: Unit, tree: t.Name) -> Run:
    return names.load(unit, tree.id, tree.span)


# Operators


def _unary(unit: Unit, tree: t.Unary) -> Run:
    value, span = expression(unit, tree.operand), tree.span
    if tree.op == "not":
        truth = kinds.truth

        def negation(frame: Frame) -> bool:
            v = value(frame)
            if v is True or v is False:
                return not v
            try:
                return not truth(v)
            except BaseException as error:
                at(error, span)
                raise

        return negation
    operate = kinds.UNARY[tree.op]
    if isinstance(tree.operand, t.Number) and tree.op == "-":
        return constant(operate(value([])))

    def unary(frame: Frame) -> Any:
        v = value(frame)
        try:
            return operate(v)
        except BaseException as error:
            at(error, span)
            raise

    return unary


def _binary(unit: Unit, tree: t.Binary) -> Run:
    if tree.op in ("and", "or"):
        return _logical(unit, tree)
    spine: list[t.Binary] = []
    first: Tree = tree
    while isinstance(first, t.Binary) and first.op not in ("and", "or"):
        spine.append(first)
        first = first.left
    value = expression(unit, first)
    spine.reverse()
    if len(spine) > CHAIN:
        return _chain(value, [(kinds.BINARY[b.op], expression(unit, b.right), b.span) for b in spine])
    for b in spine:
        value = operation(b.op, value, expression(unit, b.right), b.span)
    return value


def _chain(first: Run, rest: list[tuple[Callable[[Any, Any], Any], Run, Any]]) -> Run:
    def chain(frame: Frame) -> Any:
        value = first(frame)
        for operate, operand, span in rest:
            right = operand(frame)
            try:
                value = operate(value, right)
            except BaseException as error:
                at(error, span)
                raise
        return value

    return chain


_FAST = {"+": operator.add, "-": operator.sub, "*": operator.mul}


def operation(op: str, left: Run, right: Run, span: Any) -> Run:
    """`left op right`."""
    operate = kinds.BINARY[op]
    fast = _FAST.get(op)

    def binary(frame: Frame) -> Any:
        a = left(frame)
        b = right(frame)
        try:
            return operate(a, b)
        except BaseException as error:
            at(error, span)
            raise

    if fast is None:
        return binary

    def arithmetic(frame: Frame) -> Any:
        a = left(frame)
        b = right(frame)
        kind = type(a)
        if (kind is float and type(b) is float) or (
            kind is int and type(b) is int and -SMALL < a < SMALL and -SMALL < b < SMALL
        ):
            return fast(a, b)
        try:
            return operate(a, b)
        except BaseException as error:
            at(error, span)
            raise

    return arithmetic


def _logical(unit: Unit, tree: t.Binary) -> Run:
    op = tree.op
    operands: list[Tree] = []
    first: Tree = tree
    while isinstance(first, t.Binary) and first.op == op:
        operands.append(first.right)
        first = first.left
    operands.append(first)
    *parts, last = expressions(unit, operands[::-1])
    span, stop = tree.span, op == "or"
    truth = kinds.truth

    def logical(frame: Frame) -> Any:
        for part in parts:
            value = part(frame)
            if value is stop:
                return value
            if value is not (not stop):
                try:
                    if truth(value) is stop:
                        return value
                except BaseException as error:
                    at(error, span)
                    raise
        return last(frame)

    return logical


_QUICK = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_NUMBERS = frozenset([int, float])


def _compare(unit: Unit, tree: t.Compare) -> Run:
    operands = expressions(unit, tree.operands)
    if len(operands) == 2:
        return _comparison(tree.ops[0], operands[0], operands[1], tree.span)
    first, rest = operands[0], [(kinds.COMPARE[op], run) for op, run in zip(tree.ops, operands[1:], strict=True)]
    span, truth, final = tree.span, kinds.truth, len(operands) - 2

    def compare(frame: Frame) -> Any:
        left = first(frame)
        for i, (test, operand) in enumerate(rest):
            right = operand(frame)
            try:
                result = test(left, right)
                if i == final or result is False or (result is not True and not truth(result)):
                    return result
            except BaseException as error:
                at(error, span)
                raise
            left = right
        raise AssertionError

    return compare


def _comparison(op: str, left: Run, right: Run, span: Any) -> Run:
    test = kinds.COMPARE[op]
    quick = _QUICK.get(op)
    numbers = _NUMBERS
    if op == "is":
        return lambda frame: left(frame) is right(frame)
    if op == "is not":
        return lambda frame: left(frame) is not right(frame)

    def comparison(frame: Frame) -> Any:
        a = left(frame)
        b = right(frame)
        if quick is not None and type(a) in numbers and type(b) in numbers:
            return quick(a, b)
        try:
            return test(a, b)
        except BaseException as error:
            at(error, span)
            raise

    return comparison


def _conditional(unit: Unit, tree: s.Conditional) -> Run:
    test, body, orelse = expression(unit, tree.test), expression(unit, tree.body), expression(unit, tree.orelse)
    holds = condition(test, tree.test.span)
    return lambda frame: body(frame) if holds(frame) else orelse(frame)


def condition(test: Run, span: Any) -> Run:
    """Whether a value is true, as True or False."""
    truth = kinds.truth

    def holds(frame: Frame) -> bool:
        value = test(frame)
        if value is True or value is False:
            return value
        try:
            return truth(value)
        except BaseException as error:
            at(error, span)
            raise

    return holds


def _named(unit: Unit, tree: s.Named) -> Run:
    value, put = expression(unit, tree.value), names.store(unit, tree.name)

    def named(frame: Frame) -> Any:
        result = value(frame)
        put(frame, result)
        return result

    return named


# Parts of values


def _attribute(unit: Unit, tree: t.Attribute) -> Run:
    value, name, span = expression(unit, tree.value), tree.name, tree.span
    get = kinds.get

    def attribute(frame: Frame) -> Any:
        v = value(frame)
        try:
            return get(v, name)
        except BaseException as error:
            at(error, span)
            raise

    return attribute


def _index(unit: Unit, tree: t.Index) -> Run:
    value, item, span = expression(unit, tree.value), key(unit, tree), tree.span
    get_item = kinds.get_item

    def index(frame: Frame) -> Any:
        v = value(frame)
        k = item(frame)
        try:
            return get_item(v, k)
        except BaseException as error:
            at(error, span)
            raise

    return index


def key(unit: Unit, tree: t.Index) -> Run:
    """What stands between the brackets: a value, a slice, or a tuple of these."""
    if not tree.tuple and not isinstance(tree.items[0], s.Starred):
        return expression(unit, tree.items[0])
    return gathered(unit, tree.items, tuple)


def _slice(unit: Unit, tree: t.Slice) -> Run:
    start, stop, step = (
        constant(None) if part is None else expression(unit, part) for part in (tree.start, tree.stop, tree.step)
    )
    return lambda frame: slice(start(frame), stop(frame), step(frame))


# Displays


def gathered(unit: Unit, items: list[Tree], make: Callable[[list[Any]], Any], what: str = "Value after * must") -> Run:
    """A list, tuple or set of values, those of `*items` among them; `what` begins the message for what has none."""
    if not any(isinstance(item, s.Starred) for item in items):
        parts = expressions(unit, items)
        if make is list:
            return lambda frame: [part(frame) for part in parts]
        return lambda frame: make([part(frame) for part in parts])
    mixed = [
        (expression(unit, item.value if isinstance(item, s.Starred) else item), isinstance(item, s.Starred), item.span)
        for item in items
    ]

    def gather(frame: Frame) -> Any:
        values: list[Any] = []
        for part, starred, span in mixed:
            value = part(frame)
            if not starred:
                values.append(value)
                continue
            try:
                values += spread_items(value, what)
            except BaseException as error:
                at(error, span)
                raise
        return make(values)

    return gather


def spread_items(value: Any, what: str) -> list[Any]:
    """The items of `*value`; raises TypeError for what is not iterable."""
    try:
        iterator = kinds.iterate(value)
    except TypeError as error:
        if not what or "not iterable" not in str(error):
            raise
        raise TypeError(f"{what} be an iterable, not {kinds.type_name(value)}") from None
    items = []
    for item in iterator:
        tick()
        items.append(item)
    return items


def _list(unit: Unit, tree: t.ListOf) -> Run:
    return gathered(unit, tree.items, list)


def _tuple(unit: Unit, tree: t.TupleOf) -> Run:
    return gathered(unit, tree.items, tuple)


def _set(unit: Unit, tree: s.SetOf) -> Run:
    values, span = gathered(unit, tree.items, list, ""), tree.span
    # Python makes a set of constants from a frozen one, and the order of the items tells.
    frozen = len(tree.items) > 2 and all(_is_constant(item) for item in tree.items)

    def make(frame: Frame) -> Any:
        items = values(frame)
        try:
            return set().union(frozenset([*frozenset(items)])) if frozen else set(items)
        except BaseException as error:
            at(error, span)
            raise

    return make


def _is_constant(tree: Tree) -> bool:
    if isinstance(tree, t.Unary):
        return tree.op != "not" and isinstance(tree.operand, t.Number)
    return isinstance(tree, (t.Number, t.String, t.Constant))


def _dict(unit: Unit, tree: s.DictOf) -> Run:
    items = [
        (None if key is None else expression(unit, key), expression(unit, value), value.span)
        for key, value in tree.items
    ]

    def make(frame: Frame) -> Any:
        result: dict[Any, Any] = {}
        for key, value, span in items:
            if key is not None:
                k = key(frame)
                v = value(frame)
                try:
                    result[k] = v
                except BaseException as error:
                    at(error, span)
                    raise
                continue
            other = value(frame)
            if not isinstance(other, dict):
                raise at(TypeError(f"'{type(other).__name__}' object is not a mapping"), span)
            result.update(other)
        return result

    return make


def _fstring(unit: Unit, tree: s.FString) -> Run:
    parts = [_field(unit, part) for part in tree.parts]
    return lambda frame: "".join([part(frame) for part in parts])


def _field(unit: Unit, part: Tree) -> Run:
    if not isinstance(part, s.Formatted):
        return expression(unit, part)
    value, conversion, span = expression(unit, part.value), part.conversion, part.span
    spec = constant("") if part.spec is None else expression(unit, part.spec)
    show = kinds.format_value

    def field(frame: Frame) -> str:
        v = value(frame)
        how = spec(frame)
        try:
            return show(v, conversion, how)
        except BaseException as error:
            at(error, span)
            raise

    return field


EXPRESSIONS: dict[type, Compile] = {
    t.Number: _number,
    t.String: _constant,
    t.Constant: _constant,
    t.Name: _name,
    t.Unary: _unary,
    t.Binary: _binary,
    t.Compare: _compare,
    t.Attribute: _attribute,
    t.Index: _index,
    t.Slice: _slice,
    t.ListOf: _list,
    t.TupleOf: _tuple,
    s.SetOf: _set,
    s.DictOf: _dict,
    s.Conditional: _conditional,
    s.Named: _named,
    s.FString: _fstring,
    s.Formatted: _field,
}
