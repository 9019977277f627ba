"""`autodiff jacobian`, `hessian`, `jvp`, `vjp` and `hvp`: whole derivatives, and products with them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

import click

from autodiff.cli.allowance import within
from autodiff.cli.inputs import inputs
from autodiff.cli.options import expression_options, usage
from autodiff.cli.parts import PARTS, check_parts, no_gradient, print_json
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.functional import Derivatives, Key, hessian, hvp, jacobian, jvp, vjp
from autodiff.request.answer import advise, derived, described
from autodiff.request.problem import Given, problem, tangents
from autodiff.solve import Problem

KEYS = ("id", "expr", "vars", "let", "wrt", "dtype")


class Kind(NamedTuple):
    """One of the commands: how it is asked, and how a part of its answer is called on the screen."""

    solve: Callable[[Problem, Any], Derivatives]
    key: str | None  # what a request adds
    result: str  # what an answer adds
    rank: int  # how many variables a part of it belongs to
    label: Callable[[Key], str]
    help: str


KINDS = {
    "jacobian": Kind(
        lambda asked, _: jacobian(asked),
        None,
        "jacobian",
        1,
        lambda key: f"{key[0]}.jacobian",
        """The derivative of every element of EXPR for every element of each variable.

        The Jacobian for x has the shape of the result, followed by that of x.

        \b
        autodiff jacobian "softmax(x, 0)" x='[0.1,0.2,0.7]'
        autodiff jacobian "tanh(w @ x)" x='[1,-1]' w='[[0.5,0.2],[0.1,0.9]]' --wrt x --json""",
    ),
    "hessian": Kind(
        lambda asked, _: hessian(asked),
        None,
        "hessian",
        2,
        lambda key: f"hessian[{', '.join(key)}]",
        """The second derivatives of EXPR, which has one element, for each pair of variables.

        The block for x and y has the shape of x, followed by that of y.

        \b
        autodiff hessian "(1 - x[0])^2 + 100*(x[1] - x[0]^2)^2" x='[-1.2,1]'
        autodiff hessian "sum(sin(x)*y)" x='[0.5,1]' y='[2,3]' --only 'hessian[x, y]'""",
    ),
    "jvp": Kind(
        jvp,
        "tangents",
        "jvp",
        0,
        lambda key: "jvp",
        """The derivative of EXPR along tangents: how it changes when each variable moves in the direction of its own.

        \b
        autodiff jvp "sin(x)*y" x='[0.5,1]' y='[2,3]' --tangent x='[1,0]' --tangent y='[0,1]'
        autodiff jvp "x^2" x='[1,2,3]' --tangent x='[1,0,-1]' --json""",
    ),
    "vjp": Kind(
        lambda asked, _: vjp(asked),
        "gradient",
        "grads",
        1,
        lambda key: f"{key[0]}.grad",
        """The gradient of EXPR with its elements weighed by --gradient: the weights times the Jacobian.

        \b
        autodiff vjp "x @ w" x='[1,-2]' w='[[1,2],[3,4]]' --gradient '[2,-2]'""",
    ),
    "hvp": Kind(
        hvp,
        "tangents",
        "hvp",
        1,
        lambda key: f"{key[0]}.hvp",
        """How the gradient of EXPR, which has one element, changes along tangents: the Hessian times the tangents.

        \b
        autodiff hvp "sum(x^3)" x='[1,2,3]' --tangent x='[1,0,-1]'""",
    ),
}
EXTRA = {
    "tangents": click.option(
        "--tangent", multiple=True, metavar="NAME=VALUE", help="The direction in which a variable moves."
    ),
    "gradient": click.option("--gradient", metavar="VALUE", help="Weights of the result, for one that is no scalar."),
}


def _command(name: str, kind: Kind) -> click.Command:
    def answer(
        screen: Screen,
        /,
        *,
        only: str | None,
        precision: int,
        as_json: bool,
        rows: str | None,
        **options: Any,
    ) -> int:
        if only is not None and (as_json or rows is not None):
            raise usage(f"--only and {'--json' if as_json else '--rows'} cannot go together")
        try:
            read = inputs(screen, name, rows=rows, **options)
            if rows is not None or read.requests is not None:
                return _requests(kind, read.given, rows, read.requests, screen)
            asked, found = _solve(kind, {}, read.given)
        except AutodiffError as error:
            if not as_json:
                raise
            return print_json({"error": described(error)}, error, screen)
        if as_json:
            return print_json(derived(found, kind.result), found.error, screen)
        if only is not None:
            return _print_part(kind, only, asked, found, screen)
        return _print(kind, asked, found, read.given, precision, screen)

    answer.__doc__ = kind.help
    label = kind.label(("x", "y")[: kind.rank])
    decorators: list[Callable[[Any], Any]] = [
        click.pass_obj,
        expression_options,
        click.option(
            "--precision", type=click.IntRange(0, 30), default=4, metavar="N", help="Digits printed.  [default: 4]"
        ),
        click.option("--only", metavar="PART", help=f"One result raw: value, {label}, shape, dtype."),
        *([] if kind.key is None else [EXTRA[kind.key]]),
    ]
    call: Any = answer
    for decorate in decorators:
        call = decorate(call)
    command: click.Command = click.command(name)(call)
    return command


def _solve(kind: Kind, request: dict[str, Any], given: Given, as_request: bool = False) -> tuple[Problem, Derivatives]:
    keys = KEYS if kind.key is None else (*KEYS, kind.key)
    asked = problem(request, given, keys)
    found = within(kind.solve, asked, tangents(request, given, asked.dtype))
    if found.error is not None and kind.key == "gradient":
        advise(found.error, found, asked.expr, as_request)
    return asked, found


def _requests(kind: Kind, given: Given, rows: str | None, text: str | None, screen: Screen) -> int:
    from autodiff.cli.rows import answer_rows, answer_text

    def respond(request: dict[str, Any]) -> tuple[dict[str, Any], int]:
        _, found = _solve(kind, request, given, as_request=True)
        if found.error is not None:
            from autodiff.request.advice import advise_request

            advise_request(found.error)
        return derived(found, kind.result), 0 if found.error is None else found.error.exit_code

    if rows is not None:
        return answer_rows(rows, screen, respond)
    assert text is not None
    return answer_text(text, screen, respond)


def _print(kind: Kind, asked: Problem, found: Derivatives, given: Given, precision: int, screen: Screen) -> int:
    from autodiff.report.answers import derivatives_text

    screen.write(derivatives_text(found, kind.label, asked.dtype.name, precision))
    if found.error is not None:
        return screen.report(found.error)
    if asked.wrt is None:
        for name, leaf in asked.variables.items():
            if leaf.array.dtype.kind in "iu":
                screen.note(no_gradient(name, leaf.array.dtype.name, given.variables[name].text))
    return 0


def _print_part(kind: Kind, only: str, asked: Problem, found: Derivatives, screen: Screen) -> int:
    """One part of an answer: JSON for numbers, the bare text for names."""
    from autodiff.request.jsons import dumps, numbers

    part = only.replace(" ", "")
    labels = {kind.label(key).replace(" ", ""): key for key in product(asked.variables, repeat=kind.rank)}
    check_parts("--only", [part], [*PARTS, *labels])
    if found.value is not None and part in PARTS:
        body = derived(found, kind.result)
        text = dumps(body[part]) if part in ("value", "shape") else str(body[part])
        screen.write(text + "\n")
        return 0  # that there are no derivatives is no error of the part that was asked for
    if found.error is not None:
        return screen.report(found.error)
    array = (found.parts or {}).get(labels[part])
    screen.write(("null" if array is None else dumps(numbers(array))) + "\n")
    return 0


COMMANDS = {name: _command(name, kind) for name, kind in KINDS.items()}
