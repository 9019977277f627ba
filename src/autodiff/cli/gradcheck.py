"""`autodiff gradcheck`: whether gradients agree with finite differences."""

from __future__ import annotations

from typing import Any

import click
import numpy as np

from autodiff.cli.allowance import within
from autodiff.cli.functional import KEYS
from autodiff.cli.inputs import inputs
from autodiff.cli.options import check_name, expression_options, usage
from autodiff.cli.parts import print_json
from autodiff.cli.screen import Screen
from autodiff.errors import FAILED, AutodiffError
from autodiff.gradcheck import Checked, Compared, draw, gradcheck
from autodiff.graph.sizes import Shape
from autodiff.request.answer import described
from autodiff.request.arguments import normal_name
from autodiff.request.problem import problem
from autodiff.request.shapes import declared, shape_from_json, shape_of

TOLERANCES = ("eps", "rtol", "atol")


@click.command("gradcheck", short_help="Whether gradients agree with finite differences.")
@click.option(
    "--eps",
    type=click.FloatRange(0, min_open=True),
    metavar="X",
    help="How far the differences reach.  [default: 0.001 * |x|]",
)
@click.option("--rtol", type=click.FloatRange(0), metavar="X", help="Relative difference allowed.  [default: 1e-5]")
@click.option("--atol", type=click.FloatRange(0), metavar="X", help="Absolute difference allowed.  [default: 1e-7]")
@click.option("--seed", type=click.IntRange(0), default=0, metavar="N", help="For drawing NAME:SHAPE.  [default: 0]")
@expression_options
@click.pass_obj
def command(
    screen: Screen,
    /,
    *,
    eps: float | None,
    rtol: float | None,
    atol: float | None,
    seed: int,
    as_json: bool,
    rows: str | None,
    **options: Any,
) -> int:
    """Compare every derivative of EXPR with central differences of its values.

    The exit status is 1 when they do not agree for some variable: there is a kink, or a gradient is not that of the
    function (as after detach). The defaults are those of float64. A variable that is given as NAME:SHAPE, such as X:m,3
    or s:scalar, gets random values.

    \b
    autodiff gradcheck "sum(tanh(w @ x))" w='[[1,2],[3,4]]' x='[0.1,0.2]'
    autodiff gradcheck "sum(relu(x))" x='[-1,0,1]'
    autodiff gradcheck "sum((X @ w - y)^2)" X:m,n w:n y:m --seed 7
    """
    given = {"eps": eps, "rtol": rtol, "atol": atol}

    def respond(request: dict[str, Any]) -> tuple[dict[str, Any], int]:
        found, drawn = checked(request)
        return {**_body(found), **drawn}, _status(found)

    def checked(request: dict[str, Any]) -> tuple[Checked, dict[str, Any]]:
        own = {key: requested_tolerance(key, request[key]) for key in TOLERANCES if request.get(key) is not None}
        asked = problem(request, read.given, (*KEYS, *TOLERANCES, "shapes", "seed"))
        declared = requested_shapes(request, shapes)
        wanted = {name: shape for name, shape in declared.items() if name not in asked.variables}
        chosen = requested_seed(request, seed)
        if wanted:
            draw(asked, wanted, chosen)
        return within(lambda: gradcheck(asked, **{**given, **own})), {"seed": chosen} if wanted else {}

    try:
        shapes, options["arguments"] = split_shapes(options["arguments"], options["file"] is not None)
        read = inputs(screen, "gradcheck", rows=rows, **options)
        if rows is None and read.requests is None:
            found, drawn = checked({})
            if as_json:
                print_json({**_body(found), **drawn}, None, screen)
            elif found.error is not None:
                raise found.error
            else:
                screen.write("".join(f"{_says(name, compared)}\n" for name, compared in found.variables.items()))
                if drawn:
                    screen.note(f"{', '.join(shapes)} drawn with --seed {seed}")
            return _status(found)
    except AutodiffError as error:
        if not as_json:
            raise
        return print_json({"error": described(error)}, error, screen)
    from autodiff.cli.rows import answer_rows, answer_text

    if rows is not None:
        return answer_rows(rows, screen, respond)
    assert read.requests is not None
    return answer_text(read.requests, screen, respond)


def split_shapes(arguments: tuple[str, ...], has_file: bool) -> tuple[dict[str, Shape], tuple[str, ...]]:
    """NAME:SHAPE among the arguments after EXPR, and the other arguments."""
    shapes: dict[str, Shape] = {}
    others = []
    for place, argument in enumerate(arguments):
        pair = declared(argument) if place or has_file else None
        if pair is None:
            others.append(argument)
            continue
        name = normal_name(pair[0])
        check_name(name, argument, "NAME=VALUE or NAME:SHAPE")
        if name in shapes or any(normal_name(other.partition("=")[0].strip()) == name for other in arguments[1:]):
            raise usage(f"{name} is given twice")
        shapes[name] = shape_of(name, pair[1])
    return shapes, tuple(others)


def requested_shapes(request: dict[str, Any], given: dict[str, Shape]) -> dict[str, Shape]:
    """The shapes of a request and of what was given; the request wins. Raises `bad-request`."""
    own = request.get("shapes") or {}
    if not isinstance(own, dict):
        raise AutodiffError("bad-request", "shapes must be an object, a name and its sizes each", type="TypeError")
    return {**given, **{normal_name(name): shape_from_json(name, data) for name, data in own.items()}}


def requested_seed(request: dict[str, Any], given: int) -> int:
    own = request.get("seed")
    if own is None:
        return given
    if isinstance(own, bool) or not isinstance(own, int) or own < 0:
        raise AutodiffError("bad-request", f"seed must be a whole number from 0, and is {own!r:.40}", type="TypeError")
    return own


def requested_tolerance(key: str, value: Any) -> float:
    """A request's eps, rtol or atol; raises `bad-request`."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or value < 0 or (key == "eps" and value == 0):
        raise AutodiffError("bad-request", f"{key} must be a number above 0, and is {value!r:.40}", type="TypeError")
    return float(value)


def _status(found: Checked) -> int:
    if found.error is not None:
        return found.error.exit_code
    return 0 if found.ok else FAILED


def _says(name: str, compared: Compared) -> str:
    """One variable's line."""
    from autodiff.report.cells import displayed

    name = displayed(name)
    place = list(compared.index) if compared.index else ""
    at = f" at {place}" if place else ""
    if compared.ok:
        return f"{name}: ok, largest difference {compared.difference:.2g}{at}"
    what = f"the derivative is {compared.derivative:.6g}"
    if compared.slopes is not None:
        left, right = compared.slopes
        return f"{name}: failed, a kink{at}: {what}, the slopes to its sides are {left:.6g} and {right:.6g}"
    differ = f"largest difference {compared.difference:.2g}{at}"
    return f"{name}: failed, {differ}: {what}, differences give {compared.differences:.6g}"


def _body(found: Checked) -> dict[str, Any]:
    if found.error is not None:
        return {"error": described(found.error)}
    return {"ok": found.ok, "gradcheck": {name: _described(compared) for name, compared in found.variables.items()}}


def _described(compared: Compared) -> dict[str, Any]:
    from autodiff.request.jsons import numbers

    body: dict[str, Any] = {"ok": compared.ok}
    for key in ("difference", "derivative", "differences"):
        body[key] = numbers(np.array(getattr(compared, key)))
    body["at"] = list(compared.index)
    if compared.slopes is not None:
        body["slopes"] = numbers(np.array(compared.slopes))
    return body
