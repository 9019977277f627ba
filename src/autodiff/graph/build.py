"""Syntax tree to graph.

`Builder` gives every piece of an expression its meaning: a node, a plain number, a list, text …  It walks the tree
without recursion, in the order in which Python would evaluate it, marks the nodes it makes with their place, and adds
the place and the operands' shapes to whatever error an operation raises.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from autodiff.errors import AutodiffError, Label
from autodiff.graph import numbers
from autodiff.graph.dtypes import DType
from autodiff.graph.evaluate import values_of
from autodiff.graph.lookup import (
    MODULES,
    PREFIXES,
    find,
    find_dtype,
    find_method,
    unknown_attribute,
    unknown_function,
)
from autodiff.graph.node import OPERATORS, Node, Results, placed
from autodiff.graph.op import ATTRIBUTES, Operation, ops
from autodiff.graph.signature import plain, type_name
from autodiff.graph.sizes import numel, show
from autodiff.graph.values import tensor
from autodiff.syntax import tree as T  # noqa: N812

CONSTANTS: dict[str, float] = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}
PLAIN = (bool, int, float, Fraction)


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
        values.append(_located(item, [], [], numbers.unary, item.op, value))
        return
    if isinstance(value, (str, DType)) or value is None:
        message = f"bad operand type for unary {item.op}: '{_type(value)}'"
        raise AutodiffError("argument-type", message, type="TypeError", span=item.span)
    operand = as_operand(value, item.operand)
    if item.op == "+":
        values.append(_located(item, [item.operand], [operand], ops.positive, operand))
        return
    function = OPERATORS["neg" if item.op == "-" else "~"]
    values.append(_located(item, [item.operand], [operand], function, operand))


def _binary(builder: Builder, item: T.Binary, values: list[Any]) -> None:
    right = values.pop()
    left = values.pop()
    op = item.op
    if op in ("and", "or"):
        values.append(right if truth(left, item.left) == (op == "and") else left)
        return
    if isinstance(left, PLAIN) and isinstance(right, PLAIN) and op != "@":
        values.append(_located(item, [], [], numbers.binary, op, left, right))
        return
    for value in (left, right):
        if isinstance(value, (str, DType)) or value is None or (op == "@" and isinstance(value, PLAIN)):
            message = _unsupported(op, left, right)
            raise AutodiffError("argument-type", message, type="TypeError", span=item.span)
    a, b = as_operand(left, item.left), as_operand(right, item.right)
    try:
        values.append(_located(item, [item.left, item.right], [a, b], OPERATORS[op], a, b))
    except AutodiffError as error:
        if op in ("&", "|") and error.code == "bad-dtype":
            error.help.append(f"{op} binds tighter than comparisons: write (x > 0) {op} (x < 3)")
        raise


def _unsupported(op: str, left: Any, right: Any) -> str:
    """Python's words for operands that an operator does not take."""
    names = f"'{_type(left)}' and '{_type(right)}'"
    if op in ("<", "<=", ">", ">="):
        return f"'{op}' not supported between instances of {names}"
    if op == "+" and isinstance(left, str):
        return f'can only concatenate str (not "{_type(right)}") to str'
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
            result = _located(item, trees, [a, b], OPERATORS[op], a, b)
    values.append(result)


def _call(builder: Builder, item: T.Call, values: list[Any]) -> None:
    keywords = {}
    for keyword in reversed(item.keywords):
        if keyword.name in keywords:
            raise AutodiffError(
                "unknown-argument", f"keyword argument repeated: {keyword.name}", type="SyntaxError", span=keyword.span
            )
        keywords[keyword.name] = values.pop()
    keywords = dict(reversed(keywords.items()))
    count = len(item.args)
    args = values[len(values) - count :]
    del values[len(values) - count :]
    trees = list(item.args)
    function = item.function
    method = False
    if isinstance(function, T.Name):
        operation = find("", function.id)
        if operation is None:
            raise _not_a_function(builder, function, item.args)
    elif isinstance(function, T.Attribute):
        module = builder.module(function.value)
        if module is not None:
            operation = find(module, function.name) if module in PREFIXES else None
            if operation is None:
                error = unknown_function(function.name, module, _first(item.args))
                error.span = function.name_span
                raise error
        else:
            method = True
            args.insert(0, values.pop())
            operation = _method(builder, args[0], function)
            trees.insert(0, function.value)
    else:
        raise AutodiffError(
            "not-callable",
            "'Tensor' object is not callable",
            type="TypeError",
            span=function.span,
            says="this is not a function",
            help="a product is written with a sign, *",
        )
    places, given = _by_position(operation, trees, args, item.keywords, keywords)
    values.append(_located(item, places, given, operation.bind, args, keywords, method))


def _by_position(
    operation: Operation, trees: list[T.Tree], args: list[Any], keywords: list[T.Keyword], values: dict[str, Any]
) -> tuple[list[T.Tree], list[Any]]:
    """The arguments in the order of the signature, with the keyword arguments that have a place right behind."""
    places, given = list(trees), list(args)
    by_name = {keyword.name: keyword for keyword in keywords}
    for param in operation.signature.params[len(args) :]:
        name = next((n for n in (param.name, param.public_name) if n in by_name), None)
        if name is None:
            break  # what follows is counted from here, and rarely at fault
        places.append(by_name[name].value)
        given.append(values[name])
    return places, given


def _first(args: list[T.Tree]) -> str:
    """The text of the first argument, for a repair."""
    text = args[0].span.text if args else ""
    return text if text.isprintable() and 0 < len(text) <= 40 else "x"


def _not_a_function(builder: Builder, function: T.Name, args: list[T.Tree]) -> AutodiffError:
    if function.id in builder.scope or function.id in CONSTANTS:
        return AutodiffError(
            "not-callable",
            "'Tensor' object is not callable",
            type="TypeError",
            span=function.span,
            says=f"{function.id} is a variable, not a function",
            help=f"a product is written with a sign: {function.id}*(…)" if args else f"write {function.id} alone",
        )
    error = unknown_function(function.id, argument=_first(args))
    error.span = function.span
    return error


def _method(builder: Builder, receiver: Any, function: T.Attribute) -> Operation:
    if isinstance(receiver, (str, DType)) or receiver is None:
        raise AutodiffError(
            "unknown-attribute",
            f"'{_type(receiver)}' object has no attribute '{function.name}'",
            type="AttributeError",
            span=function.name_span,
        )
    if isinstance(receiver, (tuple, Results)):
        raise several_results(receiver, function.value)
    operation = find_method(function.name)
    if operation is None:
        error = unknown_attribute(function.name, function.value.span.text, builder.scope)
        error.span = function.name_span
        raise error
    return operation


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
        values.append(_located(item, [item.value], [operand], ATTRIBUTES[item.name], operand))
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
        values.append(_located(item, [], [], _from_sequence, value, items))
        return
    if isinstance(value, PLAIN):
        raise AutodiffError(
            "bad-index", f"'{_type(value)}' object is not subscriptable", type="TypeError", span=item.span
        )
    operand = as_operand(value, item.value)
    values.append(_located(item, [item.value], [operand], OPERATORS["[]"], operand, tuple(items)))


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
    T.Call: _call,
    T.Attribute: _attribute,
    T.Index: _index,
    T.Slice: _slice,
    T.ListOf: _list,
    T.TupleOf: _tuple,
}


# Conversions, with the place for what does not convert


def as_operand(value: Any, item: T.Tree) -> Any:
    """A node or plain number, for an operator."""
    if isinstance(value, (Node, *PLAIN)):
        return value
    return as_tensor(value, item)


def as_tensor(value: Any, item: T.Tree) -> Node:
    """A node; raises for what is no tensor, such as several results used as one."""
    if isinstance(value, Node):
        return value
    if isinstance(value, Results) or (isinstance(value, tuple) and any(isinstance(v, (Node, list)) for v in value)):
        raise several_results(value, item)
    if isinstance(value, (str, DType, slice)) or value is None or value is ...:
        raise AutodiffError(
            "argument-type",
            f"an expression gives a tensor, and this is {_describe(value)}",
            type="TypeError",
            span=item.span,
        )
    return _located(item, [], [], tensor, value)  # type: ignore[no-any-return]


def several_results(value: Any, item: T.Tree) -> AutodiffError:
    """The error for a tuple where one tensor is wanted."""
    text = item.span.text
    if isinstance(value, Results) and value.fields:
        names = ", ".join(value.fields)
        help = f"pick one: {text}.{value.fields[0]}, or {text}[0]"
        message = f"{value.function}() gives several results here ({names}), and one tensor is wanted"
    else:
        help = f"pick one: {text}[0]"
        message = f"this gives {len(value)} result{'s' * (len(value) != 1)}, and one tensor is wanted"
    return AutodiffError("several-results", message, type="TypeError", span=item.span, help=help)


def truth(value: Any, item: T.Tree, chained: bool = False) -> bool:
    """bool(value); a tensor must have one element, whose value is then needed."""
    if not isinstance(value, Node):
        return bool(value)
    if numel(value.shape) != 1:
        help = "and, or, not ask for one truth value; element by element, with brackets: (x > 0) & (x < 3), ~(x > 0)"
        if chained:
            help = "a chain of comparisons asks for one truth value: write (a < b) & (b < c)"
        raise AutodiffError(
            "no-conversion",
            "Boolean value of Tensor with more than one value is ambiguous",
            span=item.span,
            says=f"this has shape {show(value.shape)}",
            help=help,
        )
    return bool(values_of(value).reshape(-1)[0])


def _located(item: T.Tree, trees: list[T.Tree], operands: list[Any], function: Callable[..., Any], *args: Any) -> Any:
    """function(*args), with place and operands' shapes added to what it raises.

    `trees` and `operands` are the arguments, as written and as values, in the order in which errors count them.
    """
    try:
        return function(*args)
    except AutodiffError as error:
        if error.span is None:
            error.span = item.span
            _point(error, trees, operands)
        raise
    except OverflowError as error:  # an integer of the text, where a floating-point number is made of it
        raise AutodiffError("limit-number", str(error), type="OverflowError", span=item.span) from None


def _point(error: AutodiffError, trees: list[T.Tree], operands: list[Any]) -> None:
    """Mark the arguments that an error names: their shapes, or the one that is of the wrong kind."""
    arguments = list(zip(trees, operands, strict=False))
    named = [arguments[i] for i in error.operands if i < len(arguments)]
    if len(named) == 1 and not isinstance(named[0][1], (Node, list)):
        error.span = named[0][0].span
        return
    shown = [pair for pair in named if isinstance(pair[1], Node) and not pair[1].weak]
    if shown and not error.labels:
        error.labels = [Label(part.span, _shape_remark(part, value)) for part, value in shown]
        if error.says.startswith("this has"):
            error.says = ""


def _shape_remark(item: T.Tree, value: Node) -> str:
    name = item.id if isinstance(item, T.Name) else "this"
    return f"{name} has shape {show(value.shape)}"


def _type(value: Any) -> str:
    if isinstance(value, (Node, list)):
        return "Tensor"
    return numbers.kind_name(value) if value is not None else "NoneType"


def _describe(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    return {type(None): "None", DType: "a dtype"}.get(type(value), "not a value")
