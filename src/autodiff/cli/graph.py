"""`autodiff graph`: the grad_fn graph of an expression."""

from __future__ import annotations

from typing import Any

import click

from autodiff.cli.inputs import inputs
from autodiff.cli.options import expression_options
from autodiff.cli.screen import Screen
from autodiff.errors import AutodiffError
from autodiff.graph.dtypes import using_default_dtype
from autodiff.graph.shown import grad_fn
from autodiff.report.tree import Entry, entries, nested, tree_lines
from autodiff.request.answer import described
from autodiff.request.problem import problem
from autodiff.solve import Graph, Problem, check_names


@click.command("graph", short_help="The grad_fn graph of an expression, as a tree or JSON.")
@expression_options
@click.pass_obj
def command(screen: Screen, /, *, as_json: bool, rows: str | None, **options: Any) -> int:
    """The grad_fn graph of EXPR: what PyTorch would go through backwards.

    \b
    autodiff graph "mean(2*(x+1)^2)" x='[1,2,3]'
    autodiff graph "sum(x*y)" x=1 y=2 --json
    """
    try:
        read = inputs(screen, "graph", rows=rows, **options)
        if rows is None and read.requests is None:
            found = built(problem({}, read.given))
            if as_json:
                screen.write(as_text(found) + "\n")
            else:
                _print(found, screen)
            return 0
    except AutodiffError as error:
        if not as_json:
            raise
        from autodiff.request.jsons import dumps

        screen.write(dumps({"error": described(error)}) + "\n")
        return error.exit_code
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
        return Graph(asked)


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


def _print(graph: Graph, screen: Screen) -> None:
    listed = entries(graph.output)
    if listed:
        screen.page(tree_lines(listed))
        return
    reason = "it is a variable" if graph.output.requires_grad else "no variable that wants a gradient leads to it"
    screen.write("None\n")
    screen.note(f"the result has no grad_fn: {reason}")
