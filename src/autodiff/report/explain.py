"""The pages behind `autodiff explain CODE`: `pages/CODE.md`, one for each code of an error.

A page is Markdown: a title, paragraphs, and fenced blocks of commands that are run by the tests. Those marked `wrong`
fail with the page's code, those marked `right` succeed.
"""

from __future__ import annotations

import re
from textwrap import wrap
from typing import NamedTuple

from autodiff.errors import EXIT_CODES, AutodiffError
from autodiff.graph.lookup import did_you_mean
from autodiff.report.diagnostics import Line

FOLDER = __file__.rpartition("explain")[0] + "pages/"
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.S | re.M)


class Example(NamedTuple):
    """Commands of a page, and whether they are `wrong` or `right`."""

    kind: str
    commands: list[str]


def source(code: str) -> str:
    """The Markdown of a page, also for `error[CODE]` as it is printed; raises `usage` for a code that is not there."""
    code = re.sub(r"^error\[(.*)\]:?$", r"\1", code.strip()).lower().replace("_", "-")
    if code not in EXIT_CODES:
        raise AutodiffError(
            "usage",
            f"there is no error code {code!r:.60}",
            type="ValueError",
            help=[*did_you_mean(code, list(EXIT_CODES)), "autodiff explain lists all codes"],
        )
    try:
        with open(f"{FOLDER}{code}.md", encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return f"# {code}\n\nNothing has been written about this error yet.\n"


def examples(code: str) -> list[Example]:
    """The fenced examples of a page, in order."""
    return [Example(kind, body.strip().splitlines()) for kind, body in FENCED.findall(source(code))]


def page(code: str, columns: int | None = None) -> list[Line]:
    """A page as lines of styled text, its paragraphs filled to `columns` where that is known (on a terminal)."""
    lines: list[Line] = []
    fence: str | None = None
    for text in _filled(source(code).rstrip(), columns):
        if text.startswith("```"):
            fence = text[3:] if fence is None else None
            if fence in ("wrong", "right"):
                lines.append([(f"  {fence}:", fence)])
        elif fence is not None:
            prompt = "$ " if fence in ("wrong", "right") else ""
            lines.append([(f"    {prompt}", "dim"), (text, "command")])
        elif text.startswith("#"):
            lines.append([(text.lstrip("# "), "title")])
        else:
            lines.append([(text.replace("`", ""), "")])
    return lines


def _filled(markdown: str, columns: int | None) -> list[str]:
    """The lines of a page; those of a paragraph are broken anew."""
    lines = markdown.split("\n")
    if columns is None:
        return lines
    filled: list[str] = []
    paragraph: list[str] = []
    fenced = False
    for text in [*lines, ""]:
        fenced ^= text.startswith("```")
        if not fenced and text and text[0] not in " #-|" and not text.startswith("```"):
            paragraph.append(text.replace("`", ""))
            continue
        filled += wrap(" ".join(paragraph), min(columns, 100), break_long_words=False, break_on_hyphens=False)
        paragraph = []
        filled.append(text)
    return filled[:-1]


def summaries() -> list[Line]:
    """All codes, each with the first sentence of its page."""
    wide = max(map(len, EXIT_CODES))
    return [[(f"{code:<{wide}}", "title"), ("  " + _summary(code), "")] for code in EXIT_CODES]


def _summary(code: str) -> str:
    paragraph = next((p for p in source(code).split("\n\n")[1:] if not p.startswith("```")), "")
    return paragraph.strip().replace("\n", " ").replace("`", "").split(". ")[0].rstrip(".")
