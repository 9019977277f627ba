"""`autodiff ops`: every operation, one in full, or those that words describe."""

from __future__ import annotations

import click

from autodiff.cli.options import as_json as json_option
from autodiff.cli.options import color
from autodiff.cli.screen import Screen
from autodiff.report.ops import about, data, lines_of, list_lines, matching, named, summary, unknown


@click.command("ops", short_help="Every operation: signature, derivative, example.")
@click.argument("name", nargs=-1)
@json_option
@color
@click.pass_obj
def command(screen: Screen, name: tuple[str, ...], as_json: bool) -> int:
    """The operation NAME: its signature, derivatives and an example; all operations when no NAME is given.

    A NAME that is no operation is searched for in names and descriptions.

    \b
    autodiff ops tanh
    autodiff ops linalg.inv
    autodiff ops soft
    """
    words = " ".join(name)
    operation = named(words) if words else None
    if operation is not None:
        info = about(operation)
        if as_json:
            _write_json(screen, data(info))
        else:
            screen.page(lines_of(info))
        return 0
    found = matching(words)
    if not found:
        raise unknown(words)
    if as_json:
        _write_json(screen, {"operations": [summary(operation) for operation in found]})
    else:
        screen.page(list_lines(found if words else None))
    return 0


def _write_json(screen: Screen, body: object) -> None:
    from autodiff.request.jsons import dumps

    screen.write(dumps(body) + "\n")
