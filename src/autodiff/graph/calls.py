"""Calls in an expression: which function or method is meant, and its arguments with their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autodiff.errors import AutodiffError
from autodiff.graph.conversions import kind_of, located, several_results
from autodiff.graph.dtypes import DType
from autodiff.graph.lookup import CONSTANTS, PREFIXES, find, find_method, unknown_attribute, unknown_function
from autodiff.graph.node import Results
from autodiff.graph.op import Operation
from autodiff.syntax import tree as T  # noqa: N812

if TYPE_CHECKING:
    from autodiff.graph.build import Builder


def call(builder: Builder, item: T.Call, values: list[Any]) -> None:
    """Takes the values of a call's operands off the stack and puts its result there."""
    keywords = _keywords(item.keywords, values)
    count = len(item.args)
    args = values[len(values) - count :]
    del values[len(values) - count :]
    trees = list(item.args)
    function = item.function
    method = isinstance(function, T.Attribute) and builder.module(function.value) is None
    if method:
        assert isinstance(function, T.Attribute)
        args.insert(0, values.pop())
        trees.insert(0, function.value)
        operation = _method(builder, args[0], function)
    else:
        operation = _function(builder, function, item.args)
    places, given = _by_position(operation, trees, args, item.keywords, keywords)
    values.append(located(item, places, given, operation.bind, args, keywords, method))


def _keywords(items: list[T.Keyword], values: list[Any]) -> dict[str, Any]:
    """The keyword arguments of a call, whose values are on the stack."""
    found: dict[str, Any] = {}
    for keyword in reversed(items):
        if keyword.name in found:
            raise AutodiffError(
                "unknown-argument", f"keyword argument repeated: {keyword.name}", type="SyntaxError", span=keyword.span
            )
        found[keyword.name] = values.pop()
    return dict(reversed(found.items()))


def _function(builder: Builder, function: T.Tree, args: list[T.Tree]) -> Operation:
    """The operation that is called by its name, with or without a module in front."""
    if isinstance(function, T.Name):
        operation = find("", function.id)
        if operation is None:
            raise _not_a_function(builder, function, args)
        return operation
    if not isinstance(function, T.Attribute):
        raise AutodiffError(
            "not-callable",
            "'Tensor' object is not callable",
            type="TypeError",
            span=function.span,
            says="this is not a function",
            help="a product is written with a sign, *",
        )
    module = builder.module(function.value)
    assert module is not None
    operation = find(module, function.name) if module in PREFIXES else None
    if operation is None:
        error = unknown_function(function.name, module, _first(args))
        error.span = function.name_span
        raise error
    return operation


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
            f"'{kind_of(receiver)}' object has no attribute '{function.name}'",
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
