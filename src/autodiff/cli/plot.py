"""`autodiff plot`: a function of one number and its derivatives, in the terminal or as a picture."""

from __future__ import annotations

from typing import Any

import click
import numpy as np

from autodiff.cli.graph import write_picture
from autodiff.cli.inputs import Inputs, inputs
from autodiff.cli.options import as_json as json_option
from autodiff.cli.options import check_name, color, usage
from autodiff.cli.parts import print_json
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.graph.dtypes import float64
from autodiff.report.curves import Curve, curves
from autodiff.request.answer import described
from autodiff.request.arguments import constant_expression, normal_name
from autodiff.request.problem import problem

POINTS = 400


@click.command("plot", short_help="A function and its derivatives, in the terminal or as a picture.")
@click.argument("arguments", nargs=-1, metavar="EXPR NAME=FROM:TO [NAME=VALUE]...")
@click.option("-f", "--file", metavar="FILE", help="Read EXPR from a file.")
@click.option("--let", multiple=True, metavar="NAME=EXPR", help="Name a sub-expression.")
@click.option("--order", type=click.IntRange(0, 5), default=1, metavar="N", help="Derivatives drawn.  [default: 1]")
@click.option(
    "--points", type=click.IntRange(2, 100_000), default=POINTS, metavar="N", help="Points computed.  [default: 400]"
)
@click.option("--svg", metavar="FILE|-", help="Draw a picture.")
@json_option
@color
@click.pass_obj
def command(
    screen: Screen,
    /,
    *,
    arguments: tuple[str, ...],
    file: str | None,
    let: tuple[str, ...],
    order: int,
    points: int,
    svg: str | None,
    as_json: bool,
) -> int:
    """EXPR and its derivatives while the variable NAME goes from FROM to TO; other variables keep their VALUE.

    Where there is no number there is a gap, and poles are cut.

    \b
    autodiff plot "sin(x)/x" x=-10:10
    autodiff plot "a*x^3 - x" x=-2:2 a=0.5 --order 2
    autodiff plot "exp(-x^2)" x=-3:3 --svg bell.svg
    """
    if as_json and svg is not None:
        raise usage("--svg and --json are forms of one answer: choose one")
    try:
        name, ends, others = _split(arguments, file is not None)
        read = inputs(screen, "plot", arguments=others, file=file, let=let, wrt=(), dtype="float64",
                      limit_size="8GiB", rows=None)  # fmt: skip
        xs = np.linspace(*_limits(name, *ends), points)
        drawn = _curves(read, name, xs, order)
    except AutodiffError as error:
        if not as_json:
            raise
        return print_json({"error": described(error)}, error, screen)
    if as_json:
        _print_json(screen, name, xs, drawn)
    elif svg is not None:
        from autodiff.report.plot_svg import svg as picture

        write_picture(screen, svg, picture(drawn, name, xs))
    else:
        from autodiff.report.plot import text_lines

        screen.page(text_lines(drawn, name, xs, screen.columns()))
        if not any(np.isfinite(curve.values).any() for curve in drawn):
            screen.note(f"there is no number to draw between {name}={xs[0]:g} and {name}={xs[-1]:g}")
    return 0


def _split(arguments: tuple[str, ...], has_file: bool) -> tuple[str, tuple[str, str], tuple[str, ...]]:
    """The variable, FROM and TO, and the other arguments."""
    found: list[tuple[str, tuple[str, str]]] = []
    others = []
    for place, argument in enumerate(arguments):
        name, equals, text = argument.partition("=")
        ends = _ends(text) if equals and (place or has_file) else None
        if ends is None:
            others.append(argument)
            continue
        name = normal_name(name.strip())
        check_name(name, argument, "NAME=FROM:TO")
        if _ends(ends[1]) is not None:
            raise usage(f"{argument!r:.60} is not NAME=FROM:TO", "--points N says how many points are computed")
        found.append((name, ends))
    if not others and not has_file:
        raise usage("there is no expression", 'write autodiff plot "sin(x)/x" x=-10:10')
    if len(found) != 1:
        what = "no variable has a range" if not found else "a plot has one axis for variables, and two have a range"
        raise usage(what, "write x=-10:10 for the variable, and NAME=VALUE for all others")
    name, ends = found[0]
    if any(normal_name(other.partition("=")[0].strip()) == name for other in others[not has_file :]):
        raise usage(f"{name} is given twice")
    return name, ends, tuple(others)


def _ends(text: str) -> tuple[str, str] | None:
    """FROM and TO; None for a value, whose colons stand within brackets."""
    depth = 0
    for i, char in enumerate(text):
        depth += (char in "([{") - (char in ")]}")
        if char == ":" and not depth and not text.startswith("@"):
            return text[:i], text[i + 1 :]
    return None


def _limits(name: str, low: str, high: str) -> tuple[float, float]:
    ends = []
    for text in (low, high):
        if not text.strip():
            raise usage(f"the range of {name} needs two ends", f"write {name}=-10:10")
        value = constant_expression(text, f"vars.{name}").array(float64)
        if value.size != 1 or not np.isfinite(value).all():
            raise usage(f"the range of {name} ends at a number, not at {text!r:.40}")
        ends.append(float(value.reshape(())))
    if not ends[0] < ends[1] or not np.isfinite(ends[1] - ends[0]):
        raise usage(f"the range of {name} goes from a smaller to a larger number, not from {low} to {high}")
    return ends[0], ends[1]


def _curves(read: Inputs, name: str, xs: np.ndarray, order: int) -> list[Curve]:
    if read.requests is not None:
        raise usage("a plot is of one expression, not of JSON requests")
    return curves(problem({}, read.given), name, xs, order)


def _print_json(screen: Screen, name: str, xs: np.ndarray, drawn: list[Curve]) -> None:
    from autodiff.request.jsons import dumps, numbers

    body: dict[str, Any] = {
        "variable": name,
        "points": numbers(xs),
        "value": numbers(drawn[0].values),
        "derivatives": [{"formula": curve.formula or None, "values": numbers(curve.values)} for curve in drawn[1:]],
    }
    screen.write(dumps(body) + "\n")
