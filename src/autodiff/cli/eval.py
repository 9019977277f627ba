"""`autodiff eval`: the value of an expression, and the gradients."""

from __future__ import annotations

import re
from typing import Any

import click

from autodiff.cli.inputs import Inputs, inputs
from autodiff.cli.options import expression_options, usage
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.request.answer import advise, answered, described
from autodiff.request.problem import Given, problem
from autodiff.solve import Answer, Problem, solve

PARTS = ("value", "shape", "dtype", "grad_fn")


@click.command("eval", short_help="The value, grad_fn and gradients of an expression.")
@click.option("--gradient", metavar="VALUE", help="Weights of the result, for one that is no scalar.")
@click.option("--retain-grad", multiple=True, metavar="NAMES", help="Report the gradient of a --let too.")
@click.option("--no-backward", is_flag=True, help="The value alone.")
@click.option("--only", metavar="PART", help="One result raw: value, x.grad, shape, dtype, grad_fn.")
@click.option("--precision", type=click.IntRange(0, 30), default=4, metavar="N", help="Digits printed.  [default: 4]")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, metavar="N", help="Processes for --rows.  [default: 1]")
@expression_options
@click.pass_obj
def command(
    screen: Screen,
    /,
    *,
    only: str | None,
    precision: int,
    as_json: bool,
    rows: str | None,
    no_backward: bool,
    jobs: int,
    **options: Any,
) -> int:
    """The value of EXPR, and the gradient for each variable.

    VALUE is any expression without variables, @FILE (.json, .npy, .csv, table.csv:column) or @- for standard input.
    EXPR - is read from standard input, as an expression or as JSON requests.

    \b
    autodiff eval "mean(2*(x+1)^2)" x='[[1,2,3],[4,5,6]]'
    autodiff eval "sum(X @ w)" X=@data.csv w='ones(3)' --wrt w --json
    autodiff eval -- "-x^2" x=3
    autodiff eval "sum(x^2)" --rows requests.jsonl
    """
    if only is not None and (as_json or rows is not None):
        raise usage(f"--only and {'--json' if as_json else '--rows'} cannot go together")
    try:
        read = inputs(screen, "eval", rows=rows, backward=not no_backward, **options)
        asked = _problem(read, rows)
    except AutodiffError as error:
        if not as_json:
            raise
        return _print_json({"error": described(error)}, error, screen)
    if asked is None:
        return _requests(read, rows, screen, jobs)
    if only is not None:
        _check_part(only, asked)
    answer = solve(asked)
    if answer.error is not None:
        advise(answer.error, answer, asked.expr)
    if as_json:
        return _print_json(answered(answer), answer.error, screen)
    if only is not None:
        return _print_part(only, answer, screen)
    return _print(answer, asked, read.given, precision, screen)


def _problem(read: Inputs, rows: str | None) -> Problem | None:
    """The one problem of the command line, None when there are requests."""
    if rows is not None or read.requests is not None:
        return None
    return problem({}, read.given)


def _requests(read: Inputs, rows: str | None, screen: Screen, jobs: int) -> int:
    from autodiff.cli.rows import answer_rows, answer_text

    def respond(request: dict[str, Any]) -> tuple[dict[str, Any], int]:
        asked = problem(request, read.given)
        answer = solve(asked)
        if answer.error is None:
            return answered(answer), 0
        advise(answer.error, answer, asked.expr, as_request=True)
        return answered(answer), answer.error.exit_code

    if rows is not None:
        from autodiff.request.batches import Batches

        return answer_rows(rows, screen, respond, Batches(read.given), jobs)
    assert read.requests is not None
    return answer_text(read.requests, screen, respond)


def _print(answer: Answer, asked: Problem, given: Given, precision: int, screen: Screen) -> int:
    from autodiff.report.answers import answer_text

    screen.write(answer_text(answer, asked.dtype.name, precision))
    if answer.error is not None:
        return screen.report(answer.error)
    if asked.backward and asked.wrt is None:
        for name, leaf in asked.variables.items():
            kind = leaf.array.dtype.kind
            if kind in "iu" or (kind == "b" and not answer.grads):
                screen.note(_no_gradient(name, leaf.array.dtype.name, given.variables[name].text))
    return 0


def _no_gradient(name: str, dtype: str, text: str) -> str:
    """Why a variable got no gradient, with its own text repaired where it is a plain arange."""
    if dtype == "bool":
        return f"{name} is bool and takes no gradient"
    ranged = re.fullmatch(r"(.*\barange\([^()]*\d)(\s*\).*)", text, re.S)
    written = f"{ranged[1]}.{ranged[2]}" if ranged and "." not in ranged[1] else "arange(3.) rather than arange(3)"
    return f"{name} is {dtype} and takes no gradient; for floating-point numbers write {written}"


def _check_part(only: str, asked: Problem) -> None:
    """Raise `usage` for a part that no answer has."""
    parts = [*PARTS, *[f"{name}.grad" for name in [*asked.variables, *asked.retain_grad]]]
    if only not in parts:
        from autodiff.graph.lookup import did_you_mean

        raise usage(
            f"--only {only!r:.40} is no part of the answer",
            *did_you_mean(only, parts),
            "its parts are " + ", ".join(parts),
        )


def _print_part(only: str, answer: Answer, screen: Screen) -> int:
    """One part of an answer: JSON for numbers, the bare text for names."""
    from autodiff.request.jsons import dumps, numbers

    if answer.value is not None and only in PARTS:
        if only == "value":
            text = dumps(numbers(answer.value))
        elif only == "shape":
            text = dumps(list(answer.value.shape))
        else:
            text = answer.value.dtype.name if only == "dtype" else str(answer.grad_fn)
        screen.write(text + "\n")
        return 0  # an error of backward is no error of the part that was asked for
    if answer.error is not None:
        return screen.report(answer.error)
    grad = (answer.grads or {}).get(only.removesuffix(".grad"))
    screen.write(("null" if grad is None else dumps(numbers(grad))) + "\n")
    return 0


def _print_json(body: dict[str, Any], error: AutodiffError | None, screen: Screen) -> int:
    from autodiff.request.jsons import dumps

    screen.write(dumps(body) + "\n")
    return 0 if error is None else error.exit_code
