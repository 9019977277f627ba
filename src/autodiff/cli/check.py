"""`autodiff check`: whether an answer is the gradient, and where it went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from autodiff.cli.functional import KEYS
from autodiff.cli.gradcheck import requested_seed, requested_shapes, requested_tolerance, split_shapes
from autodiff.cli.inputs import inputs
from autodiff.cli.options import as_json as json_option
from autodiff.cli.options import color, usage
from autodiff.cli.options import rows as rows_option
from autodiff.cli.parts import print_json
from autodiff.cli.screen import Screen
from autodiff.errors import VERDICT_CODES, AutodiffError
from autodiff.request.answer import described
from autodiff.request.arguments import normal_name
from autodiff.request.problem import Given, problem

if TYPE_CHECKING:
    from autodiff.graph.sizes import Shape
    from autodiff.homework.prepare import Prepared
    from autodiff.homework.question import Question, Verdict

ADDED = ("answer", "shapes", "seed", "points", "rtol", "atol", "domains")
KEPT = 64  # prepared questions


@click.command("check", short_help="Whether an answer is the gradient, and where it went wrong.")
@click.argument("arguments", nargs=-1, metavar="EXPR [NAME=VALUE | NAME:SHAPE]...")
@click.option("--answer", metavar="ANSWER", help="The gradient as answered: a formula, or numbers.")
@click.option("-f", "--file", metavar="FILE", help="Read EXPR from a file.")
@click.option("--let", multiple=True, metavar="NAME=EXPR", help="Name a sub-expression.")
@click.option("--wrt", multiple=True, metavar="NAME", help="The variable to differentiate by, if there are several.")
@click.option("--seed", type=click.IntRange(0), default=0, metavar="N", help="For drawing points.  [default: 0]")
@click.option(
    "--points", type=click.IntRange(1, 1000), default=12, metavar="N", help="How many points to draw.  [default: 12]"
)
@click.option("--rtol", type=click.FloatRange(0), metavar="X", help="Relative difference allowed.  [default: 1e-6]")
@click.option(
    "--atol", type=click.FloatRange(0), metavar="X", help="Absolute difference allowed.  [default: 1e-9 of the largest]"
)
@click.option("--domain", multiple=True, metavar="NAME=FROM:TO", help="Where to draw a variable from: x=0:inf.")
@click.option("--no-reveal", is_flag=True, help="Give a hint, and not the answer.")
@json_option
@rows_option
@color
@click.pass_obj
def command(
    screen: Screen,
    /,
    *,
    answer: str | None,
    seed: int,
    points: int,
    rtol: float | None,
    atol: float | None,
    domain: tuple[str, ...],
    no_reveal: bool,
    as_json: bool,
    rows: str | None,
    **options: Any,
) -> int:
    """Compare ANSWER with the gradient of EXPR at random points, and find the mistake in a wrong one.

    The exit status is 0 for a right answer, 1 for a wrong one, 5 when it is undecided and 6 when the answer is invalid.
    ANSWER may use the names of variables and of sizes. Numbers are compared at the values of the variables, as exactly
    as they are written.

    \b
    autodiff check "mean(2*(x+1)^2)" --answer "4*(x+1)" x:2,3
    autodiff check "sum((X @ w - y)^2)" --answer "2*X.T @ (X @ w - y)" X:m,n w:n y:m --wrt w
    autodiff check "mean(2*(x+1)^2)" --answer "[1.3333,2,2.6667]" x='[1,2,3]'
    """
    usual: dict[str, Any] = {"seed": seed, "points": points, "rtol": rtol, "atol": atol}
    try:
        shapes, options["arguments"] = split_shapes(options["arguments"], options["file"] is not None)
        read = inputs(screen, "check", rows=rows, dtype="float64", limit_size="8GiB", **options)
        usual["domains"] = _domains(domain)
        asking = _Asking(read.given, shapes, usual, not no_reveal)
        if rows is None and read.requests is None:
            if answer is None:
                raise usage("there is no answer to check", "write --answer '2*x'")
            prepared = asking.prepared({})
            verdict = _checked(prepared, answer, True)
            if as_json:
                print_json(body(verdict, not no_reveal), None, screen)
            else:
                from autodiff.report.verdicts import verdict_lines

                question = prepared.question
                screen.page(
                    verdict_lines(
                        verdict, question.expr, prepared.wrt, dict(question.let), not no_reveal, screen.columns()
                    )
                )
            return VERDICT_CODES[verdict.verdict]
    except AutodiffError as error:
        if not as_json:
            raise
        return print_json({"error": described(error)}, error, screen)
    from autodiff.cli.rows import answer_rows, answer_text

    def respond(request: dict[str, Any]) -> tuple[dict[str, Any], int]:
        own = request.get("answer", answer)
        if own is None:
            raise AutodiffError("bad-request", "a request needs answer, the gradient to check", type="KeyError")
        verdict = _checked(asking.prepared(request), own, True)
        return body(verdict, asking.reveal), VERDICT_CODES[verdict.verdict]

    if rows is not None:
        return answer_rows(rows, screen, respond)
    assert read.requests is not None
    return answer_text(read.requests, screen, respond)


def _checked(prepared: Prepared, answer: Any, symbolic: bool) -> Verdict:
    from autodiff.homework.check import check

    return check(prepared, answer, symbolic)


class _Asking:
    """Questions from requests, filled in from the command line; those asked before are kept ready."""

    def __init__(self, given: Given, shapes: dict[str, Shape], usual: dict[str, Any], reveal: bool) -> None:
        self.given = given
        self.shapes = shapes
        self.usual = usual
        self.reveal = reveal
        self._kept: dict[str, Prepared] = {}

    def prepared(self, request: dict[str, Any]) -> Prepared:
        """The question of a request, ready; raises `bad-request` and what is wrong with its expression."""
        from autodiff.homework.prepare import prepare

        key = repr([(name, value) for name, value in sorted(request.items()) if name not in ("id", "answer")])
        found = self._kept.get(key)
        if found is None:
            found = prepare(self._question(request))
            if len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = found
        return found

    def _question(self, request: dict[str, Any]) -> Question:
        from autodiff.homework.question import Question

        asked = problem(request, self.given, (*KEYS, *ADDED))
        if asked.wrt is not None and len(asked.wrt) > 1:
            raise AutodiffError(
                "bad-request", "an answer is for one variable, and wrt names several", type="ValueError"
            )
        shapes = {n: s for n, s in requested_shapes(request, self.shapes).items() if n not in asked.variables}
        own = {key: requested_tolerance(key, request[key]) for key in ("rtol", "atol") if request.get(key) is not None}
        points = request.get("points")
        if points is not None and (isinstance(points, bool) or not isinstance(points, int) or not 1 <= points <= 1000):
            raise AutodiffError("bad-request", f"points must be 1 to 1000, and is {points!r:.40}", type="TypeError")
        usual = self.usual
        return Question(
            asked.expr,
            asked.wrt[0] if asked.wrt else None,
            shapes,
            {name: leaf.array for name, leaf in asked.variables.items()},
            asked.let,
            seed=requested_seed(request, usual["seed"]),
            points=usual["points"] if points is None else points,
            rtol=own.get("rtol", usual["rtol"]),
            atol=own.get("atol", usual["atol"]),
            domains={**usual["domains"], **_requested_domains(request.get("domains"))},
        )


def _domains(arguments: tuple[str, ...]) -> dict[str, tuple[float, float]]:
    """`--domain x=0:inf` by name; raises `usage`."""
    found = {}
    for argument in arguments:
        name, equals, text = argument.partition("=")
        low, colon, high = text.partition(":")
        try:
            interval = float(low or "-inf"), float(high or "inf")
        except ValueError:
            colon, interval = "", (0.0, 0.0)
        if not equals or not colon or not interval[0] < interval[1]:
            raise usage(f"--domain {argument!r:.60} is not NAME=FROM:TO", "write --domain x=0:inf")
        found[normal_name(name.strip())] = interval
    return found


def _requested_domains(data: Any) -> dict[str, tuple[float, float]]:
    """`{"x": [0, "Infinity"]}`; raises `bad-request`."""
    found = {}
    wrong = AutodiffError(
        "bad-request", 'domains must be an object of intervals, {"x": [0, "Infinity"]}', type="TypeError"
    )
    if data is not None and not isinstance(data, dict):
        raise wrong
    for name, pair in (data or {}).items():
        try:
            low, high = (float(end) for end in pair)
        except (TypeError, ValueError):
            raise wrong from None
        if not low < high:
            raise wrong
        found[normal_name(name)] = low, high
    return found


def body(verdict: Verdict, reveal: bool = True) -> dict[str, Any]:
    """A verdict as data for JSON."""
    found: dict[str, Any] = {"verdict": verdict.verdict}
    cause = verdict.cause
    found["says"] = verdict.says if reveal or verdict.verdict != "wrong" else cause.hint if cause else "this is wrong"
    if cause is not None:
        found["cause"] = {
            "kind": cause.kind, "at": cause.at, "span": list(cause.span), "says": cause.says if reveal else cause.hint,
        }  # fmt: skip
        if cause.source != "expr":
            found["cause"]["in"] = cause.source
    if verdict.witness is not None:
        found["witness"] = verdict.witness if reveal else {k: v for k, v in verdict.witness.items() if k != "expected"}
    if verdict.error is not None:
        found["error"] = described(verdict.error)
    if reveal and verdict.verdict == "wrong" and verdict.expected is not None:
        found["expected"] = verdict.expected
    if verdict.symbolic is not None:
        found["symbolic"] = verdict.symbolic
    return {**found, "seed": verdict.seed, "points": verdict.points}
