"""Lines of styled segments on a terminal that shows colour. The only importer of rich; imported when needed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from autodiff.report.diagnostics import Line

STYLES = {
    "": "",
    "source": "",
    "message": "bold",
    "error": "bold red",
    "mark": "bold red",
    "label": "bold blue",
    "bar": "blue",
    "help": "bold cyan",
    "more": "cyan",
    "witness": "bold cyan",
    "expected": "bold cyan",
    "formula": "cyan",
    "points": "cyan",
    "note": "bold cyan",
    "warning": "bold yellow",
    "title": "bold",
    "command": "green",
    "wrong": "bold red",
    "right": "bold green",
    "dim": "dim",
}


def paint(lines: Iterable[Line], stream: TextIO) -> None:
    """Print the lines with the same characters that they have without colour."""
    # A width keeps COLUMNS=0 from being one; nothing is wrapped.
    how: Any = {"force_terminal": True, "color_system": "standard", "no_color": False, "legacy_windows": False}
    console = Console(file=stream, width=80, **how)
    for line in lines:
        text = Text()
        for piece, style in line:
            text.append(piece, STYLES[style])
        text.rstrip()
        console.print(text, soft_wrap=True, highlight=False)
