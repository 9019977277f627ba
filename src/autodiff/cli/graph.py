"""`autodiff graph`: the grad_fn graph of an expression."""

from __future__ import annotations

from typing import Any

import click

from autodiff.cli.allowance import within
from autodiff.cli.inputs import inputs
from autodiff.cli.options import expression_options, usage
from autodiff.cli.parts import print_json
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.graph.dtypes import using_default_dtype
from autodiff.graph.shown import grad_fn
from autodiff.report.tree import Entry, entries, nested, tree_lines
from autodiff.request.answer import described
from autodiff.request.problem import problem
from autodiff.solve import Graph, Problem, check_names


@click.command("graph", short_help="The grad_fn graph of an expression: a tree, JSON, or a drawing.")
@click.option("--dot", is_flag=True, help="Answer in Graphviz's language.")
@click.option("--mermaid", is_flag=True, help="Answer as a Mermaid flowchart.")
@click.option("--svg", metavar="FILE|-", help="Draw a picture.")
@expression_options
@click.pass_obj
def command(
    screen: Screen,
    /,
    *,
    dot: bool,
    mermaid: bool,
    svg: str | None,
    as_json: bool,
    rows: str | None,
    **options: Any,
) -> int:
    """The grad_fn graph of EXPR: what PyTorch would go through backwards.

    \b
    autodiff graph "mean(2*(x+1)^2)" x='[1,2,3]'
    autodiff graph "sum(x*y)" x=1 y=2 --json
    autodiff graph "sum(tanh(w @ x))" w='ones(2,3)' x='ones(3)' --svg graph.svg
    """
    if dot + mermaid + (svg is not None) + (as_json or rows is not None) > 1:
        raise usage("--dot, --mermaid, --svg, --json and --rows are forms of one answer: choose one")
    try:
        read = inputs(screen, "graph", rows=rows, **options)
        if rows is None and read.requests is None:
            found = built(problem({}, read.given))
            if as_json:
                screen.write(as_text(found) + "\n")
            elif dot or mermaid or svg is not None:
                _draw(found, screen, dot, mermaid, svg)
            else:
                _print(found, screen)
            return 0
        if dot or mermaid or svg is not None:
            raise usage("a drawing is of one expression, not of JSON requests")
    except AutodiffError as error:
        if not as_json:
            raise
        return print_json({"error": described(error)}, error, screen)
    from autodiff.cli.rows import answer_rows, answer_text

    def respond(request: dict[str, Any]) -> tuple[dict[str, Any] | str, int]:
        return as_text(built(problem(request, read.given))), 0

    if rows is not None:
        return answer_rows(rows, screen, respond)
    assert read.requests is not None
    return answer_text(read.requests, screen, respond)


def built(asked: Problem) -> Graph:
    """The graph of a problem; raises what building raises."""
    check_names(asked)
    with using_default_dtype(asked.dtype):
        return within(Graph, asked)


def as_text(graph: Graph) -> str:
    """The graph as JSON: shape, dtype, grad_fn, `nodes` each once, and the nested `graph`."""
    from autodiff.request.jsons import dumps

    listed = entries(graph.output)
    body = {
        "shape": list(graph.output.shape),
        "dtype": graph.output.dtype.name,
        "grad_fn": grad_fn(graph.output),
        "nodes": [_node(entry) for entry in listed],
    }
    return f'{dumps(body)[:-1]}, "graph": {nested(listed) or "null"}}}'


def _node(entry: Entry) -> dict[str, Any]:
    node: dict[str, Any] = {"name": entry.name, "next": entry.next}
    if entry.variable is not None:
        node["var"] = entry.variable
    elif entry.span is not None:
        node["span"] = [entry.span.start, entry.span.end]
        if entry.span.source.name != "expr":
            node["in"] = entry.span.source.name
    return node


def _draw(graph: Graph, screen: Screen, dot: bool, mermaid: bool, svg: str | None) -> None:
    from autodiff.report import draw

    listed = entries(graph.output)
    if not listed:
        _no_graph(graph, screen)
    if svg is not None:
        write_picture(screen, svg, draw.svg(listed))
    else:
        screen.write(draw.mermaid(listed) if mermaid else draw.dot(listed) if dot else "")


def write_picture(screen: Screen, path: str, text: str) -> None:
    """A picture into its file, or on standard output for `-`; raises `unwritable-file`."""
    if path == "-":
        screen.write(text)
        return
    from autodiff.request.saving import unwritable

    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except (OSError, ValueError) as error:
        raise unwritable(path, error) from error


def _no_graph(graph: Graph, screen: Screen) -> None:
    reason = "it is a variable" if graph.output.requires_grad else "no variable that wants a gradient leads to it"
    screen.note(f"the result has no grad_fn: {reason}")


def _print(graph: Graph, screen: Screen) -> None:
    listed = entries(graph.output)
    if listed:
        screen.page(tree_lines(listed))
        return
    screen.write("None\n")
    _no_graph(graph, screen)
