"""`autodiff steps`: the work behind a gradient, step by step."""

from __future__ import annotations

from typing import Any

import click

from autodiff.cli.allowance import within
from autodiff.cli.gradcheck import requested_shapes, split_shapes
from autodiff.cli.inputs import Inputs, inputs
from autodiff.cli.options import check_name, expression_options, usage
from autodiff.cli.parts import print_json
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.formula.question import Question
from autodiff.formula.steps import Sheet, steps
from autodiff.graph.sizes import Shape
from autodiff.request.answer import described
from autodiff.request.problem import KEYS, problem
from autodiff.solve import Problem


@click.command("steps", short_help="The work step by step: forward table, backward table, result.")
@click.option("--gradient", metavar="NAME|VALUE", help="Weights of the result, for one that is no scalar.")
@click.option("--latex", is_flag=True, help="Answer in LaTeX, for amsmath.")
@click.option("--markdown", is_flag=True, help="Answer in Markdown.")
@click.option("--precision", type=click.IntRange(0, 30), default=4, metavar="N", help="Digits printed.  [default: 4]")
@expression_options
@click.pass_obj
def command(
    screen: Screen,
    /,
    *,
    gradient: str | None,
    latex: bool,
    markdown: bool,
    precision: int,
    as_json: bool,
    rows: str | None,
    **options: Any,
) -> int:
    """The gradient of EXPR as it is worked out by hand: each step of the value, then the chain rule backwards.

    With values (NAME=VALUE) every step has its numbers; with shapes (NAME:SHAPE), or with neither, the work is done in
    formulas.

    \b
    autodiff steps "mean(2*(x+1)^2)" x='[1,2,3]'
    autodiff steps "sum((X @ w - y)^2)" X:m,n w:n y:m
    autodiff steps "x*exp(x)" --latex
    """
    if latex + markdown + (as_json or rows is not None) > 1:
        raise usage("--latex, --markdown, --json and --rows are forms of one answer: choose one")
    try:
        shapes, options["arguments"] = split_shapes(options["arguments"], options["file"] is not None)
        symbolic = bool(shapes) or len(options["arguments"]) <= (options["file"] is None)
        weights = None if symbolic else gradient
        read = inputs(screen, "steps", rows=rows, gradient=weights, **options)
        if rows is None and read.requests is None:
            sheet = _sheet({}, read, shapes, gradient)
            if as_json:
                _print_json(sheet, screen)
            else:
                _print(sheet, screen, latex, markdown, precision)
            return 0
    except AutodiffError as error:
        if not as_json:
            raise
        return print_json({"error": described(error)}, error, screen)
    from autodiff.cli.rows import answer_rows, answer_text
    from autodiff.report.steps_json import data

    def respond(request: dict[str, Any]) -> tuple[dict[str, Any] | str, int]:
        return data(_sheet(request, read, shapes, gradient)), 0

    if rows is not None:
        return answer_rows(rows, screen, respond)
    assert read.requests is not None
    return answer_text(read.requests, screen, respond)


def _sheet(request: dict[str, Any], read: Inputs, shapes: dict[str, Shape], gradient: str | None) -> Sheet:
    """The work that a request asks for: over values where all variables have some, over shapes otherwise."""
    declared = requested_shapes(request, shapes)
    weights = gradient if request.get("gradient") is None else request["gradient"]
    symbolic = bool(declared) or not (read.given.variables or request.get("vars"))
    own = {key: value for key, value in request.items() if not (symbolic and key == "gradient")}
    asked = problem(own, read.given, (*KEYS, "shapes"))
    if not symbolic:
        return within(steps, _question(asked, {}, None), asked)
    if weights is not None:
        if not isinstance(weights, str):
            raise AutodiffError("bad-request", "gradient must be a name, where shapes are given", type="TypeError")
        check_name(weights, weights, "NAME")
    return within(steps, _question(asked, declared, weights))


def _question(asked: Problem, declared: dict[str, Shape], gradient: str | None) -> Question:
    shapes: dict[str, Shape] = {name: leaf.array.shape for name, leaf in asked.variables.items()}
    return Question(asked.expr, {**shapes, **declared}, asked.wrt, gradient, asked.let)


def _print(sheet: Sheet, screen: Screen, latex: bool, markdown: bool, precision: int) -> None:
    from autodiff.report import steps as report

    if latex:
        screen.write(report.latex(sheet, precision))
    elif markdown:
        screen.write(report.markdown(sheet, precision))
    else:
        screen.page(report.text_lines(sheet, precision, screen.columns()))
    for name, what in sheet.assumes.items():
        if what != "a number":
            screen.note(f"this is {what}" if name == "gradient" else f"{name} is taken for {what}")


def _print_json(sheet: Sheet, screen: Screen) -> None:
    from autodiff.report.steps_json import data
    from autodiff.request.jsons import dumps

    screen.write(dumps(data(sheet)) + "\n")
