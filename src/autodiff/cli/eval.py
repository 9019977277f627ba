"""`autodiff eval`: the value of an expression, and the gradients."""

from __future__ import annotations

from typing import Any

import click

from autodiff.cli.allowance import within
from autodiff.cli.inputs import Inputs, inputs
from autodiff.cli.options import expression_options, usage
from autodiff.cli.parts import PARTS, check_parts, no_gradient, print_json
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.request.answer import advise, answered, described
from autodiff.request.arguments import normal_name
from autodiff.request.problem import Given, problem
from autodiff.solve import Answer, Place, Problem, parts, solve


@click.command("eval", short_help="The value, grad_fn and gradients of an expression.")
@click.option("--gradient", metavar="VALUE", help="Weights of the result, for one that is no scalar.")
@click.option("--retain-grad", multiple=True, metavar="NAMES", help="Report the gradient of a --let too.")
@click.option("--no-backward", is_flag=True, help="The value alone.")
@click.option("--only", metavar="PART", help="One result raw: value, x.grad, shape, dtype, grad_fn.")
@click.option(
    "--save", multiple=True, metavar="PART=FILE", help="Write a result (value, x.grad) to a .npy file, not the screen."
)
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
    save: tuple[str, ...],
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
    autodiff eval "sum(sin(x))" x=@large.npy --save x.grad=gradient.npy
    """
    if only is not None and (as_json or rows is not None):
        raise usage(f"--only and {'--json' if as_json else '--rows'} cannot go together")
    if save and rows is not None:
        raise usage("--save and --rows cannot go together", "--save is for one answer")
    try:
        read = inputs(screen, "eval", rows=rows, backward=not no_backward, **options)
        asked = _problem(read, rows)
        if asked is None:
            for option, given in (("--save", save), ("--only", only)):
                if given:
                    raise usage(f"{option} and JSON requests cannot go together", f"{option} is for one answer")
            return _requests(read, rows, screen, jobs)
        if only is not None:
            _check_part(only, asked)
        saved = _saved(save, asked)
        if only in saved:
            raise usage(f"--only {only} and --save {only} cannot go together: what is saved is not printed")
        answer = _solve_and_save(asked, saved, screen) if saved else _solve(asked, screen)
    except AutodiffError as error:
        if not as_json:
            raise
        return print_json({"error": described(error)}, error, screen)
    if answer.error is not None:
        advise(answer.error, answer, asked.expr)
    if as_json:
        return print_json(answered(answer, saved), answer.error, screen)
    if only is not None:
        return _print_part(only, answer, screen)
    return _print(answer, asked, read.given, precision, saved, screen)


def _solve(asked: Problem, screen: Screen, place: Place | None = None) -> Answer:
    with screen.progress() as watch:
        return within(solve, asked, place, watch)


def _solve_and_save(asked: Problem, saved: dict[str, str], screen: Screen) -> Answer:
    """The answer, with the parts that are saved in their files; raises `unwritable-file` when that fails at the end."""
    from autodiff.request.saving import Saving

    asked.saved = tuple(saved)
    with Saving(saved) as saving:
        answer = _solve(asked, screen, saving.target)
        if answer.value is not None:
            saving.keep(parts(answer.grads or ()))
    return answer


def _saved(save: tuple[str, ...], asked: Problem) -> dict[str, str]:
    """The file for each part that `--save PART=FILE` names; raises `usage`."""
    paths: dict[str, str] = {}
    for argument in save:
        part, equals, path = argument.partition("=")
        part = normal_name(part.strip())
        if not equals or not path:
            raise usage(f"--save {argument!r:.60} is not PART=FILE", "write --save x.grad=gradient.npy")
        if not path.endswith(".npy"):
            raise usage(f"--save writes .npy files, and {path!r:.60} is called otherwise", f"write {part}=FILE.npy")
        if part in paths or path in paths.values():
            raise usage(f"--save is given {part if part in paths else path} twice")
        paths[part] = path
    if paths:
        gradients = [name for name in asked.variables if asked.backward and asked.wants_grad(name)]
        check_parts("--save", paths, parts([*gradients, *(asked.retain_grad if gradients else [])]))
    return paths


def _problem(read: Inputs, rows: str | None) -> Problem | None:
    """The one problem of the command line, None when there are requests."""
    if rows is not None or read.requests is not None:
        return None
    return problem({}, read.given)


def _requests(read: Inputs, rows: str | None, screen: Screen, jobs: int) -> int:
    from autodiff.cli.rows import answer_rows, answer_text

    def respond(request: dict[str, Any]) -> tuple[dict[str, Any], int]:
        asked = problem(request, read.given)
        answer = within(solve, asked)
        if answer.error is None:
            return answered(answer), 0
        from autodiff.request.advice import advise_request

        advise(answer.error, answer, asked.expr, as_request=True)
        advise_request(answer.error)
        return answered(answer), answer.error.exit_code

    if rows is not None:
        from autodiff.request.batches import Batches

        return answer_rows(rows, screen, respond, Batches(read.given), jobs)
    assert read.requests is not None
    return answer_text(read.requests, screen, respond)


def _print(answer: Answer, asked: Problem, given: Given, precision: int, saved: dict[str, str], screen: Screen) -> int:
    from autodiff.report.answers import answer_text

    screen.write(answer_text(answer, asked.dtype.name, precision, saved))
    if answer.error is not None:
        return screen.report(answer.error)
    if asked.backward and asked.wrt is None:
        for name, leaf in asked.variables.items():
            kind = leaf.array.dtype.kind
            if kind in "iu" or (kind == "b" and not answer.grads):
                screen.note(no_gradient(name, leaf.array.dtype.name, given.variables[name].text))
    return 0


def _check_part(only: str, asked: Problem) -> None:
    """Raise `usage` for a part that no answer has."""
    gradients = parts([*asked.variables, *asked.retain_grad])[1:]
    check_parts("--only", [only], [*PARTS, *gradients])


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
