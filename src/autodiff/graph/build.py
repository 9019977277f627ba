"""Syntax tree to graph.

`Builder` gives every piece of an expression its meaning: a node, a plain number, a list, text …  It walks the tree
without recursion, in the order in which Python would evaluate it, marks the nodes it makes with their place, and adds
the place and the operands' shapes to whatever error an operation raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autodiff.errors import AutodiffError
from autodiff.graph import numbers
from autodiff.graph.calls import call
from autodiff.graph.conversions import PLAIN, as_operand, as_tensor, kind_of, located, several_results, truth
from autodiff.graph.dtypes import DType
from autodiff.graph.kinds import plain, type_name
from autodiff.graph.lookup import (
    CONSTANTS,
    MODULES,
    PREFIXES,
    find,
    find_dtype,
    unknown_attribute,
    unknown_function,
)
from autodiff.graph.node import OPERATORS, Node, Results, placed
from autodiff.graph.op import ATTRIBUTES, ops
from autodiff.syntax import tree as T  # noqa: N812


class Builder:
    """Builds expressions over a scope of names; `pending` are those that get their meaning later."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self.scope = scope
        self.pending: list[str] = []

    def build(self, root: T.Tree) -> Any:
        """The value of an expression: a node, plain number, list, tuple, text, or None."""
        values: list[Any] = []
        for item in reversed(self._order(root)):
            with placed(item.span):
                COMBINE[item.__class__](self, item, values)
        return values[0]

    def tensor(self, root: T.Tree) -> Node:
        """The value of an expression that must be one tensor (or number)."""
        value = self.build(root)
        with placed(root.span):
            return as_tensor(value, root)

    def _order(self, root: T.Tree) -> list[T.Tree]:
        """Every item whose value is needed; parents before children, later operands first."""
        order = []
        stack = [root]
        while stack:
            item = stack.pop()
            order.append(item)
            stack.extend(self._operands(item))
        return order

    def _operands(self, item: T.Tree) -> list[T.Tree]:
        match item:
            case T.Number() | T.Name() | T.String() | T.Constant():
                return []
            case T.Unary():
                return [item.operand]
            case T.Binary():
                return [item.left, item.right]
            case T.Compare():
                return item.operands
            case T.Call():
                values = [*item.args, *[k.value for k in item.keywords]]
                function = item.function
                if isinstance(function, T.Attribute) and self.module(function.value) is None:
                    return [function.value, *values]
                return values if isinstance(function, (T.Name, T.Attribute)) else [function, *values]
            case T.Attribute():
                return [item.value] if self.module(item.value) is None else []
            case T.Index():
                return [item.value, *item.items]
            case T.Slice():
                return [part for part in (item.start, item.stop, item.step) if part is not None]
            case T.ListOf() | T.TupleOf():
                return item.items
        raise AssertionError(item)

    def module(self, item: T.Tree) -> str | None:
        """The dotted module name that an item is, unless a variable of that name hides it."""
        parts: list[str] = []
        while isinstance(item, T.Attribute):
            parts.append(item.name)
            if len(parts) > 3:
                return None
            item = item.value
        if not isinstance(item, T.Name) or item.id in self.scope or item.id not in MODULES:
            return None
        name = ".".join([item.id, *reversed(parts)])
        return name if name in PREFIXES or name in ("nn", "torch.nn") else None

    def name(self, item: T.Name) -> Any:
        name = item.id
        if name in self.scope:
            return self.scope[name]
        if name in CONSTANTS:
            return CONSTANTS[name]
        dtype = find_dtype(name)
        if dtype is not None:
            return dtype
        if name in self.pending:
            help = [f"{name} is a --let that comes after this one: give it before"]
            if name == self.pending[0]:
                help = [f"{name} stands in its own definition: name one of the two otherwise"]
        else:
            from autodiff.graph.meant import name_help

            text, start, end = item.span.source.text, item.span.start, item.span.end
            help = name_help(name, self.scope, text[:start], text[end:])
        raise AutodiffError(
            "unknown-name",
            f"name '{name}' is not defined",
            type="NameError",
            span=item.span,
            says="no such variable",
            help=help,
        )


# One function for each kind of item: takes the values of its operands off the stack, puts its own there.


def _number(builder: Builder, item: T.Number, values: list[Any]) -> None:
    values.append(numbers.tidy(item.value))


def _literal(builder: Builder, item: T.String | T.Constant, values: list[Any]) -> None:
    values.append(item.value)


def _name(builder: Builder, item: T.Name, values: list[Any]) -> None:
    values.append(builder.name(item))


def _unary(builder: Builder, item: T.Unary, values: list[Any]) -> None:
    value = values.pop()
    if item.op == "not":
        values.append(not truth(value, item.operand))
        return
    if isinstance(value, PLAIN):
        values.append(located(item, [], [], numbers.unary, item.op, value))
        return
    if isinstance(value, (str, DType)) or value is None:
        message = f"bad operand type for unary {item.op}: '{kind_of(value)}'"
        raise AutodiffError("argument-type", message, type="TypeError", span=item.span)
    operand = as_operand(value, item.operand)
    if item.op == "+":
        values.append(located(item, [item.operand], [operand], ops.positive, operand))
        return
    function = OPERATORS["neg" if item.op == "-" else "~"]
    values.append(located(item, [item.operand], [operand], function, operand))


def _binary(builder: Builder, item: T.Binary, values: list[Any]) -> None:
    right = values.pop()
    left = values.pop()
    op = item.op
    if op in ("and", "or"):
        values.append(right if truth(left, item.left) == (op == "and") else left)
        return
    if isinstance(left, PLAIN) and isinstance(right, PLAIN) and op != "@":
        values.append(located(item, [], [], numbers.binary, op, left, right))
        return
    for value in (left, right):
        if isinstance(value, (str, DType)) or value is None or (op == "@" and isinstance(value, PLAIN)):
            message = _unsupported(op, left, right)
            raise AutodiffError("argument-type", message, type="TypeError", span=item.span)
    a, b = as_operand(left, item.left), as_operand(right, item.right)
    try:
        values.append(located(item, [item.left, item.right], [a, b], OPERATORS[op], a, b))
    except AutodiffError as error:
        if op in ("&", "|") and error.code == "bad-dtype":
            error.help.append(f"{op} binds tighter than comparisons: write (x > 0) {op} (x < 3)")
        raise


def _unsupported(op: str, left: Any, right: Any) -> str:
    """Python's words for operands that an operator does not take."""
    names = f"'{kind_of(left)}' and '{kind_of(right)}'"
    if op in ("<", "<=", ">", ">="):
        return f"'{op}' not supported between instances of {names}"
    if op == "+" and isinstance(left, str):
        return f'can only concatenate str (not "{kind_of(right)}") to str'
    return f"unsupported operand type(s) for {op}{' or pow()' * (op == '**')}: {names}"


def _compare(builder: Builder, item: T.Compare, values: list[Any]) -> None:
    count = len(item.operands)
    operands = values[-count:]
    del values[-count:]
    result: Any = True
    for i, op in enumerate(item.ops):
        if i and not truth(result, item, chained=True):
            break
        left, right = operands[i], operands[i + 1]
        if isinstance(left, PLAIN) and isinstance(right, PLAIN):
            result = numbers.compare(op, left, right)
        else:
            trees = item.operands[i : i + 2]
            if op not in ("==", "!=") and (isinstance(left, str) or isinstance(right, str)):
                message = _unsupported(op, left, right)
                raise AutodiffError("argument-type", message, type="TypeError", span=item.span)
            a, b = as_operand(left, trees[0]), as_operand(right, trees[1])
            result = located(item, trees, [a, b], OPERATORS[op], a, b)
    values.append(result)


def _attribute(builder: Builder, item: T.Attribute, values: list[Any]) -> None:
    module = builder.module(item.value)
    if module is not None:
        values.append(_member(module, item))
        return
    value = values.pop()
    if isinstance(value, Results) and item.name in value.fields:
        values.append(value[value.fields.index(item.name)])
        return
    if isinstance(value, Results):
        raise several_results(value, item.value)
    if item.name == "dtype" and isinstance(value, (Node, list)):
        values.append(as_tensor(value, item.value).dtype)
        return
    if item.name in ATTRIBUTES and not isinstance(value, (str, DType, tuple)) and value is not None:
        operand = as_tensor(value, item.value)
        values.append(located(item, [item.value], [operand], ATTRIBUTES[item.name], operand))
        return
    error = unknown_attribute(item.name, item.value.span.text, builder.scope, called=False)
    if find("", item.name):
        error.help = [f"{item.name} is a method: call it, .{item.name}()"]
    error.span = item.name_span
    raise error


def _member(module: str, item: T.Attribute) -> Any:
    """`torch.float32`, `math.pi`."""
    if item.name in CONSTANTS:
        return CONSTANTS[item.name]
    dtype = find_dtype(item.name)
    if dtype is not None:
        return dtype
    error = unknown_function(f"{module}.{item.name}")
    error.span = item.span
    if module in PREFIXES and find(module, item.name):
        error.says = "a function is no value"
        error.help = [f"{module}.{item.name} is a function: call it, {module}.{item.name}(…)"]
    raise error


def _index(builder: Builder, item: T.Index, values: list[Any]) -> None:
    count = len(item.items)
    items = values[-count:]
    del values[-count:]
    value = values.pop()
    if isinstance(value, tuple) or (isinstance(value, list) and len(items) == 1 and isinstance(items[0], (int, slice))):
        values.append(located(item, [], [], _from_sequence, value, items))
        return
    if isinstance(value, PLAIN):
        raise AutodiffError(
            "bad-index", f"'{kind_of(value)}' object is not subscriptable", type="TypeError", span=item.span
        )
    operand = as_operand(value, item.value)
    values.append(located(item, [item.value], [operand], OPERATORS["[]"], operand, tuple(items)))


def _from_sequence(value: Any, items: list[Any]) -> Any:
    if len(items) != 1 or not isinstance(items[0], (int, slice)):
        kind = "tuple" if len(items) != 1 else type_name(items[0])
        raise AutodiffError("bad-index", f"tuple indices must be integers or slices, not {kind}", type="TypeError")
    index = items[0]
    if isinstance(index, slice):
        index = slice(*[plain(end) if isinstance(end, Node) else end for end in (index.start, index.stop, index.step)])
    try:
        return value[index]
    except IndexError:
        raise AutodiffError("index-out-of-range", "tuple index out of range", type="IndexError") from None
    except (TypeError, ValueError) as error:  # ends that are no integers, a step of zero
        raise AutodiffError("bad-index", str(error), type=type(error).__name__) from None


def _slice(builder: Builder, item: T.Slice, values: list[Any]) -> None:
    step = values.pop() if item.step is not None else None
    stop = values.pop() if item.stop is not None else None
    start = values.pop() if item.start is not None else None
    values.append(slice(start, stop, step))


def _list(builder: Builder, item: T.ListOf, values: list[Any]) -> None:
    count = len(item.items)
    items = values[len(values) - count :]
    del values[len(values) - count :]
    for value, part in zip(items, item.items, strict=True):
        if isinstance(value, slice):
            raise AutodiffError("bad-index", "a slice stands only in an index", type="SyntaxError", span=part.span)
    values.append(items)


def _tuple(builder: Builder, item: T.TupleOf, values: list[Any]) -> None:
    _list(builder, item, values)  # type: ignore[arg-type]
    values.append(tuple(values.pop()))


COMBINE: dict[type, Callable[[Builder, Any, list[Any]], None]] = {
    T.Number: _number,
    T.String: _literal,
    T.Constant: _literal,
    T.Name: _name,
    T.Unary: _unary,
    T.Binary: _binary,
    T.Compare: _compare,
    T.Call: call,
    T.Attribute: _attribute,
    T.Index: _index,
    T.Slice: _slice,
    T.ListOf: _list,
    T.TupleOf: _tuple,
}
