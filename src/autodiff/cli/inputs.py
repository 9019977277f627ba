"""What the command line says, as a `Given`: expression, variables and options, with files and standard input read."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from autodiff.cli.allowance import within
from autodiff.cli.options import check_name, check_order, names, size_limit, usage
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.request.arguments import Value, constant_expression, from_file, normal_name
from autodiff.request.files import decode, read_bytes
from autodiff.request.problem import Given, default_dtype

FORM = "NAME=VALUE"


class Inputs:
    """A `Given`, and the text of JSON requests when standard input had these in place of an expression."""

    __slots__ = ("given", "requests")

    def __init__(self, given: Given, requests: str | None) -> None:
        self.given = given
        self.requests = requests


def inputs(
    screen: Screen,
    command: str,
    *,
    arguments: tuple[str, ...],
    file: str | None,
    let: tuple[str, ...],
    wrt: tuple[str, ...],
    dtype: str,
    limit_size: str,
    rows: str | None,
    gradient: str | None = None,
    tangent: tuple[str, ...] = (),
    retain_grad: tuple[str, ...] = (),
    backward: bool = True,
) -> Inputs:
    """Read everything that is given before a request; raises `usage` and what is wrong with values."""
    np.seterr(all="ignore")
    limit = size_limit(limit_size)
    default = _dtype(dtype)
    expr, rest, requests = _expression(screen, command, list(arguments), file, rows)
    variables: dict[str, Value] = {}
    for argument in rest:
        name, text = _assigned(argument, command, expr)
        if name in variables:
            raise usage(f"{name} is given twice")
        variables[name] = _value(text, f"vars.{name}", screen, limit)
    lets: dict[str, str] = {}
    for argument in let:
        name, text = _named(argument, "--let", "NAME=EXPR", "y='x+1'")
        if name in variables or name in lets:
            raise usage(f"{name} is given twice")
        lets[name] = text
    tangents: dict[str, Value] = {}
    for argument in tangent:
        name, text = _named(argument, "--tangent", FORM, "x='[1,0]'")
        if name in tangents:
            raise usage(f"--tangent {name} is given twice")
        tangents[name] = _value(text, f"tangents.{name}", screen, limit)
    given = Given(
        expr,
        variables,
        let=lets,
        wrt=names(wrt) if wrt else None,
        gradient=None if gradient is None else _value(gradient, "gradient", screen, limit),
        tangents=tangents,
        dtype=default,
        retain_grad=names(retain_grad),
        backward=backward,
        limit_bytes=limit,
    )
    values = [*variables.values(), *tangents.values(), *([] if given.gradient is None else [given.gradient])]
    for value in values:
        within(value.array, default)
    return Inputs(given, requests)


def _named(argument: str, option: str, form: str, example: str) -> tuple[str, str]:
    """An option's NAME=… as its two sides; raises `usage`."""
    name, equals, text = argument.partition("=")
    name = normal_name(name.strip())
    if not equals:
        raise usage(f"{option} {argument!r:.60} is not {form}", f"write {option} {example}")
    check_name(name, argument, form)
    return name, text


def _dtype(name: str) -> Any:
    try:
        return default_dtype(name)
    except AutodiffError as error:
        raise usage(f"--{error.message}", *error.help) from None


def _expression(
    screen: Screen, command: str, arguments: list[str], file: str | None, rows: str | None
) -> tuple[str | None, list[str], str | None]:
    """The expression, the other arguments, and JSON requests in place of an expression."""
    if file is not None:
        content = screen.stdin() if file == "-" else read_bytes(file)
        return decode(content, file).rstrip(), arguments, None
    if rows is not None and arguments and re.match(r"\s*[^\W\d]\w*\s*=(?!=)", arguments[0]):
        return None, arguments, None  # the requests bring their own expressions
    if not arguments:
        if rows is not None:
            return None, [], None
        raise usage("there is no expression", f"write autodiff {command} \"mean(2*(x+1)^2)\" x='[1,2,3]'")
    expr, *rest = arguments
    if expr != "-":
        return expr, rest, None
    if rows == "-":
        raise usage("standard input is asked for twice, as expression and as --rows")
    text = decode(screen.stdin(), "-")
    if text.lstrip(" \t\r\n\ufeff").startswith("{"):
        return None, rest, text.lstrip("\ufeff")
    return text.rstrip(), rest, None


def _assigned(argument: str, command: str, expr: str | None) -> tuple[str, str]:
    """NAME=VALUE as its two sides; raises `usage` with what was meant."""
    name, equals, text = argument.partition("=")
    shaped = re.fullmatch(r"([^\W\d]\w*):[(\[]?([\w, ]*)[)\]]?", argument)
    if shaped is not None and not equals:
        raise _shape_without_value(shaped[1], shaped[2], command)
    if not equals:
        check_order(argument)
        raise usage(f"{argument!r:.60} is not {FORM}", *_meant(argument, command, expr))
    name = normal_name(name.strip())
    check_name(name, argument, FORM)
    if not text.strip():
        raise usage(f"{name} has no value", f"write {name}=3 or {name}='[1,2,3]', without a blank after =")
    return name, text


def _meant(argument: str, command: str, expr: str | None) -> list[str]:
    """What an argument without = may be."""
    pieces = "an expression with blanks or brackets is written in quotes"
    if argument.isidentifier():
        return [f"write {argument}=…, such as {argument}=3 or {argument}='[1,2,3]'", pieces]
    if expr is not None and re.match(r"\s*[^\W\d]\w*\s*=(?!=)", expr):
        from autodiff.cli.group import quoted

        return [f"the expression comes first: autodiff {command} {quoted([argument, expr])}"]
    if re.fullmatch(r"[-+.\d,\s\[\]eE]+", argument):
        return [f"say which variable has this value, such as x={argument}"]
    return [f"write --answer '{argument}'"] if command == "check" and "'" not in argument else [pieces]


def _shape_without_value(name: str, shape: str, command: str) -> AutodiffError:
    sizes = [size.strip() for size in shape.split(",") if size.strip()]
    if sizes in ([], ["scalar"]):
        help = f"write {name}=0"
    elif all(size.isdecimal() for size in sizes):
        help = f"write {name}='zeros({','.join(sizes)})'"
    else:
        help = f"write {name}='zeros({','.join(sizes)})', with numbers for the sizes"
    return usage(f"{name}:{shape} is a shape without a value, and {command} works with values", help)


def _value(text: str, name: str, screen: Screen, limit: int) -> Value:
    if text.startswith("@"):
        return from_file(text[1:], name, screen.stdin)
    return constant_expression(text, name, limit)
