"""What a piece of an expression gives, as the node, number or truth value that is wanted of it.

What does not convert, or what an operation refuses, gets its place in the text and the shapes of its operands here.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from autodiff.errors import AutodiffError, Label
from autodiff.graph import numbers
from autodiff.graph.dtypes import DType
from autodiff.graph.evaluate import values_of
from autodiff.graph.node import Node, Results
from autodiff.graph.sizes import numel, show
from autodiff.graph.values import tensor
from autodiff.syntax import tree as T  # noqa: N812

PLAIN = (bool, int, float, Fraction)


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
    return located(item, [], [], tensor, value)  # type: ignore[no-any-return]


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


def located(item: T.Tree, trees: list[T.Tree], operands: list[Any], function: Callable[..., Any], *args: Any) -> Any:
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


def kind_of(value: Any) -> str:
    if isinstance(value, (Node, list)):
        return "Tensor"
    return numbers.kind_name(value) if value is not None else "NoneType"


def _describe(value: Any) -> str:
    if isinstance(value, str):
        return "text"
    return {type(None): "None", DType: "a dtype"}.get(type(value), "not a value")
