"""`autodiff derive`: the gradient as a formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from autodiff.cli.options import as_json as json_option
from autodiff.cli.options import check_name, color, names, usage
from autodiff.cli.options import rows as rows_option
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.formula.derive import Derived, Question, derive
from autodiff.graph.lookup import did_you_mean
from autodiff.graph.sizes import Shape
from autodiff.request.answer import described
from autodiff.request.arguments import constant_expression, normal_name
from autodiff.request.files import decode, read_bytes
from autodiff.request.shapes import declared, shape_from_json, shape_of

KEYS = ("id", "expr", "shapes", "vars", "wrt", "gradient", "let")


class _Given:
    """What the command line says, and a request may say otherwise."""

    __slots__ = ("expr", "gradient", "let", "shapes", "wrt")

    def __init__(self) -> None:
        self.expr: str | None = None
        self.shapes: dict[str, Shape] = {}
        self.wrt: list[str] | None = None
        self.gradient: str | None = None
        self.let: dict[str, str] = {}


@click.command("derive", short_help="The gradient of an expression as a formula.")
@click.argument("arguments", nargs=-1, metavar="EXPR [NAME:SHAPE]...")
@click.option("-f", "--file", metavar="FILE", help="Read EXPR from a file.")
@click.option("--let", multiple=True, metavar="NAME=EXPR", help="Name a sub-expression.")
@click.option("--wrt", multiple=True, metavar="NAMES", help="Differentiate for these variables only: x,y.")
@click.option("--gradient", metavar="NAME", help="A name for the weights of the result, for one that is no scalar.")
@click.option("--only", metavar="PART", help="One formula raw: x.grad.")
@json_option
@rows_option
@color
@click.pass_obj
def command(screen: Screen, /, *, only: str | None, as_json: bool, rows: str | None, **options: Any) -> int:
    """The gradient of EXPR as a formula of the same language, for each variable.

    SHAPE is names and integers: X:m,n w:3 s:scalar. The formula holds for every size.

    \b
    autodiff derive "x^3"
    autodiff derive "sum((X @ w - y)^2)" X:m,n w:n y:m --wrt w
    autodiff derive "mean(2*(x+1)^2)"
    """
    if only is not None and (as_json or rows is not None):
        raise usage(f"--only and {'--json' if as_json else '--rows'} cannot go together")
    try:
        given, requests = _given(screen, rows, **options)
        if rows is None and requests is None:
            derived = derive(_question({}, given))
            if only is not None:
                name = only.removesuffix(".grad")
                if name not in derived.gradient or not only.endswith(".grad"):
                    parts = [f"{name}.grad" for name in derived.gradient]
                    help = [*did_you_mean(only, parts), "its parts are " + ", ".join(parts)]
                    raise usage(f"--only {only!r:.40} is no part of the answer", *help)
                screen.write(derived.gradient[name] + "\n")
            elif as_json:
                from autodiff.request.jsons import dumps

                screen.write(dumps(_answer(derived)) + "\n")
            else:
                _print(derived, screen)
            return 0
    except AutodiffError as error:
        if not as_json:
            raise
        from autodiff.request.jsons import dumps

        screen.write(dumps({"error": described(error)}) + "\n")
        return error.exit_code
    from autodiff.cli.rows import answer_rows, answer_text

    def respond(request: dict[str, Any]) -> tuple[dict[str, Any] | str, int]:
        return _answer(derive(_question(request, given))), 0

    if rows is not None:
        return answer_rows(rows, screen, respond)
    assert requests is not None
    return answer_text(requests, screen, respond)


def _given(
    screen: Screen,
    rows: str | None,
    *,
    arguments: tuple[str, ...],
    file: str | None,
    let: tuple[str, ...],
    wrt: tuple[str, ...],
    gradient: str | None,
) -> tuple[_Given, str | None]:
    """What the command line says, and the text of JSON requests where standard input had these."""
    given = _Given()
    rest = list(arguments)
    requests = None
    if file is not None:
        given.expr = decode(screen.stdin() if file == "-" else read_bytes(file), file).rstrip()
    elif rest and not (rows is not None and declared(rest[0])):
        given.expr = rest.pop(0)
        if given.expr == "-":
            text = decode(screen.stdin(), "-")
            if text.lstrip(" \t\r\n\ufeff").startswith("{"):
                given.expr, requests = None, text.lstrip("\ufeff")
            else:
                given.expr = text.rstrip()
    elif rows is None:
        raise usage("there is no expression", 'write autodiff derive "sum(x^2)" x:n')
    for argument in rest:
        name, shape = _declaration(argument)
        if name in given.shapes:
            raise usage(f"{name} is given twice")
        given.shapes[name] = shape
    for argument in let:
        name, equals, text = argument.partition("=")
        name = normal_name(name.strip())
        if not equals:
            raise usage(f"--let {argument!r:.60} is not NAME=EXPR", "write --let y='x+1'")
        check_name(name, argument, "NAME=EXPR")
        given.let[name] = text
    given.wrt = names(wrt) if wrt else None
    if gradient is not None:
        check_name(gradient, gradient, "NAME")
        given.gradient = gradient
    return given, requests


def _declaration(argument: str) -> tuple[str, Shape]:
    """NAME:SHAPE, or NAME=VALUE for the shape of the value."""
    found = declared(argument)
    if found is not None:
        name = normal_name(found[0])
        check_name(name, argument, "NAME:SHAPE")
        return name, shape_of(name, found[1])
    name, equals, text = argument.partition("=")
    name = normal_name(name.strip())
    if not equals:
        raise usage(f"{argument!r:.60} is not NAME:SHAPE", "write X:m,n or w:3, and s:scalar for a number")
    check_name(name, argument, "NAME:SHAPE")
    from autodiff.graph.dtypes import float64

    return name, constant_expression(text, f"vars.{name}").array(float64).shape


def _question(request: Mapping[str, Any], given: _Given) -> Question:
    """What a request asks, filled in from the command line; raises `bad-request`."""
    for key in request:
        if key not in KEYS:
            help = did_you_mean(key, list(KEYS)) or ["its keys are " + ", ".join(KEYS)]
            raise AutodiffError("bad-request", f"a request has no key {key!r:.60}", type="KeyError", help=help)
    expr = request.get("expr")
    expr = given.expr if expr is None else expr
    if not isinstance(expr, str):
        raise AutodiffError("bad-request", "a request needs expr, the expression", type="KeyError")
    shapes = dict(given.shapes)
    for name, data in _object(request, "vars").items():
        from autodiff.graph.values import array

        shapes[normal_name(name)] = array(data.get("data") if isinstance(data, dict) else data).shape
    for name, data in _object(request, "shapes").items():
        shapes[normal_name(name)] = shape_from_json(name, data)
    wrt = request.get("wrt")
    wrt = [wrt] if isinstance(wrt, str) else given.wrt if wrt is None else wrt
    if wrt is not None and (not isinstance(wrt, list) or not all(isinstance(name, str) for name in wrt)):
        raise AutodiffError("bad-request", "wrt must be a list of names", type="TypeError")
    gradient = given.gradient if request.get("gradient") is None else request["gradient"]
    if gradient is not None and (not isinstance(gradient, str) or not gradient.isidentifier()):
        raise AutodiffError("bad-request", "gradient must be a name, for derive", type="TypeError")
    let = {**given.let, **_object(request, "let")}
    if not all(isinstance(text, str) for text in let.values()):
        raise AutodiffError("bad-request", "let must hold expressions", type="TypeError")
    return Question(expr, shapes, wrt, gradient, let)


def _object(request: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = request.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(name.isidentifier() for name in value):
        raise AutodiffError("bad-request", f"{key} must be an object of names", type="TypeError")
    return value


def _answer(derived: Derived) -> dict[str, Any]:
    return {"gradient": derived.gradient, "assumes": derived.assumes}


def _print(derived: Derived, screen: Screen) -> None:
    for name, formula in derived.gradient.items():
        screen.write(f"{name}.grad = {formula}\n")
    for name, what in derived.assumes.items():
        if what != "a number":
            screen.note(f"{name} is taken for {what}" if name != "gradient" else f"this is {what}")
