"""`autodiff derive`: the gradient as a formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import click
import numpy as np

from autodiff.cli.options import as_json as json_option
from autodiff.cli.options import check_name, check_order, color, names, usage
from autodiff.cli.options import rows as rows_option
from autodiff.cli.parts import print_json
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.formula.derive import Derived, Question, derive
from autodiff.graph.dtypes import float64
from autodiff.graph.lookup import did_you_mean
from autodiff.graph.sizes import Shape
from autodiff.request.answer import described
from autodiff.request.arguments import constant_expression, from_file, normal_name
from autodiff.request.files import decode, read_bytes
from autodiff.request.shapes import declared, shape_from_json, shape_of
from autodiff.solve import Leaf, Problem, solve

KEYS = ("id", "expr", "shapes", "vars", "wrt", "gradient", "let", "order")
TARGETS = ("numpy", "torch", "jax")


class _Given:
    """What the command line says, and a request may say otherwise."""

    __slots__ = ("expr", "gradient", "let", "order", "shapes", "values", "wrt")

    def __init__(self) -> None:
        self.expr: str | None = None
        self.shapes: dict[str, Shape] = {}
        self.values: dict[str, np.ndarray] = {}
        self.order = 1
        self.wrt: list[str] | None = None
        self.gradient: str | None = None
        self.let: dict[str, str] = {}


@click.command("derive", short_help="The gradient of an expression as a formula.")
@click.argument("arguments", nargs=-1, metavar="EXPR [NAME:SHAPE|NAME=VALUE]...")
@click.option("-f", "--file", metavar="FILE", help="Read EXPR from a file.")
@click.option("--let", multiple=True, metavar="NAME=EXPR", help="Name a sub-expression.")
@click.option("--wrt", multiple=True, metavar="NAMES", help="Differentiate for these variables only: x,y.")
@click.option("--gradient", metavar="NAME", help="A name for the weights of the result, for one that is no scalar.")
@click.option("--order", type=click.IntRange(1, 2), metavar="N", help="2: the second derivatives too.  [default: 1]")
@click.option("--latex", is_flag=True, help="Formulas as LaTeX, for amsmath.")
@click.option("--unicode", is_flag=True, help="Formulas with xᵀ, ·, ², √ and Greek letters.")
@click.option("--code", type=click.Choice(TARGETS), help="A Python function instead of formulas.")
@click.option("--precision", type=click.IntRange(0, 30), default=4, metavar="N", help="Digits printed.  [default: 4]")
@click.option("--only", metavar="PART", help="One formula raw: x.grad, hessian[x, y].")
@json_option
@rows_option
@color
@click.pass_obj
def command(
    screen: Screen,
    /,
    *,
    only: str | None,
    as_json: bool,
    rows: str | None,
    latex: bool,
    unicode: bool,
    code: str | None,
    precision: int,
    **options: Any,
) -> int:
    """The gradient of EXPR as a formula of the same language, for each variable.

    SHAPE is names and integers: X:m,n w:3 s:scalar. The formula holds for every size. With a VALUE, the formula's
    value is printed as well.

    \b
    autodiff derive "x^3"
    autodiff derive "sum((X @ w - y)^2)" X:m,n w:n y:m --wrt w
    autodiff derive "mean(2*(x+1)^2)" x='[1,2,3]'
    autodiff derive "x @ A @ x" x:n A:n,n --wrt x --order 2 --latex
    autodiff derive "sum((X @ w - y)^2)" X:m,n w:n y:m --code numpy
    """
    form = _form(latex, unicode, code)
    if only is not None and (as_json or rows is not None):
        raise usage(f"--only and {'--json' if as_json else '--rows'} cannot go together")
    if code is not None and (as_json or rows is not None):
        raise usage(f"--code and {'--json' if as_json else '--rows'} cannot go together")
    try:
        given, requests = _given(screen, rows, **options)
        if rows is None and requests is None:
            asked = _asked({}, given)
            derived = derive(asked.question)
            if only is not None:
                screen.write(_part(only, derived, form, asked) + "\n")
            elif as_json:
                print_json(_answer(derived, asked, form), None, screen)
            elif code is not None:
                screen.write(_code(code, derived, asked.question))
            else:
                _print(derived, asked, form, precision, screen)
            return 0
    except AutodiffError as error:
        if not as_json:
            raise
        return print_json({"error": described(error)}, error, screen)
    if code is not None:
        raise usage("--code and JSON requests cannot go together", "--code prints one function")
    from autodiff.cli.rows import answer_rows, answer_text

    def respond(request: dict[str, Any]) -> tuple[dict[str, Any] | str, int]:
        asked = _asked(request, given)
        return _answer(derive(asked.question), asked, form), 0

    if rows is not None:
        return answer_rows(rows, screen, respond)
    assert requests is not None
    return answer_text(requests, screen, respond)


def _form(latex: bool, unicode: bool, code: str | None) -> str:
    given = [name for name, on in (("latex", latex), ("unicode", unicode), ("code", code is not None)) if on]
    if len(given) > 1:
        raise usage(f"--{given[0]} and --{given[1]} cannot go together")
    return given[0] if given else "text"


def _given(
    screen: Screen,
    rows: str | None,
    *,
    arguments: tuple[str, ...],
    file: str | None,
    let: tuple[str, ...],
    wrt: tuple[str, ...],
    gradient: str | None,
    order: int | None,
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
        name, shape, value = _declaration(argument, screen)
        if name in given.shapes:
            raise usage(f"{name} is given twice")
        given.shapes[name] = shape
        if value is not None:
            given.values[name] = value
    given.order = order or 1
    for argument in let:
        name, equals, text = argument.partition("=")
        name = normal_name(name.strip())
        if not equals:
            raise usage(f"--let {argument!r:.60} is not NAME=EXPR", "write --let y='x+1'")
        check_name(name, argument, "NAME=EXPR")
        given.let[name] = text
    given.wrt = names(wrt) if wrt else None
    if gradient is not None:
        if not gradient.isidentifier():
            raise usage(
                f"--gradient {gradient!r:.60} is not a name", "in formulas the weights are a name: --gradient g"
            )
        check_name(gradient, gradient, "NAME")
        given.gradient = gradient
    return given, requests


def _declaration(argument: str, screen: Screen) -> tuple[str, Shape, np.ndarray | None]:
    """NAME:SHAPE, or NAME=VALUE with the value and its shape."""
    found = declared(argument)
    if found is not None:
        name = normal_name(found[0])
        check_name(name, argument, "NAME:SHAPE")
        return name, shape_of(name, found[1]), None
    name, equals, text = argument.partition("=")
    name = normal_name(name.strip())
    if not equals:
        check_order(argument)
        help = [f"to differentiate by {argument}, write --wrt {argument}"] if argument.isidentifier() else []
        raise usage(f"{argument!r:.60} is not NAME:SHAPE", *help, "write X:m,n or w:3, and s:scalar for a number")
    check_name(name, argument, "NAME:SHAPE")
    if text.startswith("@"):
        value = from_file(text[1:], f"vars.{name}", screen.stdin)
    else:
        value = constant_expression(text, f"vars.{name}")
    array = value.array(float64)
    return name, array.shape, array


class _Asked(NamedTuple):
    question: Question
    values: Mapping[str, np.ndarray]


def _asked(request: Mapping[str, Any], given: _Given) -> _Asked:
    """What a request asks, filled in from the command line; raises `bad-request`."""
    for key in request:
        if key not in KEYS:
            help = did_you_mean(key, list(KEYS)) or ["its keys are " + ", ".join(KEYS)]
            raise AutodiffError("bad-request", f"a request has no key {key!r:.60}", type="KeyError", help=help)
    expr = request.get("expr")
    expr = given.expr if expr is None else expr
    if not isinstance(expr, str):
        raise AutodiffError("bad-request", "a request needs expr, the expression", type="KeyError")
    shapes, values = dict(given.shapes), dict(given.values)
    for name, data in _object(request, "vars").items():
        from autodiff.request.problem import leaf_of

        values[normal_name(name)] = array = leaf_of(f"vars.{name}", data, float64).array
        shapes[normal_name(name)] = array.shape
    for name, data in _object(request, "shapes").items():
        shapes[normal_name(name)] = shape_from_json(name, data)
        values.pop(normal_name(name), None)
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
    order = given.order if request.get("order") is None else request["order"]
    if order not in (1, 2) or isinstance(order, bool):
        raise AutodiffError("bad-request", "order must be 1 or 2", type="ValueError")
    return _Asked(Question(expr, shapes, wrt, gradient, let, order), values)


def _object(request: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = request.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(name.isidentifier() for name in value):
        raise AutodiffError("bad-request", f"{key} must be an object of names", type="TypeError")
    return value


# Answers


def _shown(text: str, derived: Derived, form: str) -> str:
    """A formula in the form that was asked for."""
    if form == "latex":
        from autodiff.formula.latex import latex_text

        return latex_text(text, derived.shapes)
    if form == "unicode":
        from autodiff.formula.unicode import unicode_text

        return unicode_text(text, derived.shapes)
    return text


def _forms(derived: Derived, form: str) -> Derived:
    if form not in ("latex", "unicode"):
        return derived
    hessian = derived.hessian and {
        x: {y: _shown(text, derived, form) for y, text in row.items()} for x, row in derived.hessian.items()
    }
    gradient = {name: _shown(text, derived, form) for name, text in derived.gradient.items()}
    return derived._replace(gradient=gradient, hessian=hessian)


def _code(target: str, derived: Derived, question: Question) -> str:
    from autodiff.formula.code import code

    return code(target, question, derived)


def _labels(derived: Derived) -> dict[str, str]:
    """Every formula under the name that it is printed and asked for by."""
    labels = {f"{name}.grad": text for name, text in derived.gradient.items()}
    for x, row in (derived.hessian or {}).items():
        labels.update({f"hessian[{x}, {y}]": text for y, text in row.items()})
    return labels


def _part(only: str, derived: Derived, form: str, asked: _Asked) -> str:
    known = {label.replace(" ", ""): label for label in _labels(derived)}
    label = known.get(only.replace(" ", ""))
    if label is None:
        help = [*did_you_mean(only, list(known.values())), "its parts are " + ", ".join(known.values())]
        raise usage(f"--only {only!r:.40} is no part of the answer", *(help if known else []))
    if form == "code":
        raise usage("--only and --code cannot go together", "--wrt chooses the variable")
    return _labels(_forms(derived, form))[label]


def _value(text: str, asked: _Asked) -> np.ndarray | None:
    """The value of a formula, where its variables have values; None where not, or where that cannot be computed."""
    answer = solve(Problem(text, {name: Leaf(array) for name, array in asked.values.items()}, backward=False))
    if answer.error is not None and answer.error.code != "unknown-name":
        raise answer.error
    return None if answer.value is None else answer.value.astype(np.float64)


def _answer(derived: Derived, asked: _Asked, form: str) -> dict[str, Any]:
    plain = derived if form == "latex" else _forms(derived, form)
    latex = _forms(derived, "latex")
    body: dict[str, Any] = {"gradient": plain.gradient}
    if plain.hessian is not None:
        body["hessian"] = plain.hessian
    body["latex"] = latex.gradient
    if latex.hessian is not None:
        body["hessian_latex"] = latex.hessian
    if asked.values:
        from autodiff.request.jsons import numbers

        def value(text: str) -> Any:
            array = _value(text, asked)
            return None if array is None else numbers(array)

        body["value"] = {name: value(text) for name, text in derived.gradient.items()}
        if derived.hessian is not None:
            body["hessian_value"] = {
                x: {y: value(text) for y, text in row.items()} for x, row in derived.hessian.items()
            }
    body["assumes"] = derived.assumes
    return body


def _print(derived: Derived, asked: _Asked, form: str, precision: int, screen: Screen) -> None:
    from autodiff.report.answers import formula_text

    formulas = _labels(derived)
    for label, shown in _labels(_forms(derived, form)).items():
        value = _value(formulas[label], asked) if asked.values else None
        screen.write(formula_text(label, shown, value, precision))
    if not formulas:
        screen.note("there is no variable to differentiate for")
    for name, what in derived.assumes.items():
        if what != "a number":
            screen.note(f"{name} is taken for {what}" if name != "gradient" else f"this is {what}")
