"""Errors as a person sees them: layout without colour."""

from __future__ import annotations

import io
import re

import pytest

from autodiff.errors import AutodiffError, Label, Source, Span
from autodiff.report.cells import displayed, width
from autodiff.report.diagnostics import diagnose, notice, plain


def drawn(
    text: str,
    place: str | None = None,
    says: str = "",
    labels: dict[str, str] | None = None,
    *,
    name: str = "expr",
    help: list[str] | None = None,
    columns: int | None = None,
) -> str:
    """The drawing of an error in `text`, without its first line; places are given as the piece of text they cover."""
    source = Source(name, text)

    def span(piece: str) -> Span:
        start = text.index(piece)
        return Span(source, start, start + len(piece))

    error = AutodiffError(
        "usage",
        "m",
        span=None if place is None else span(place),
        says=says,
        labels=[Label(span(piece), remark) for piece, remark in (labels or {}).items()],
        help=help or [],
    )
    first, *rest = plain(diagnose(error, columns)).splitlines()
    assert first == "error[usage]: m"
    return "\n".join(rest)


def picture(text: str) -> str:
    """A drawing from an indented literal."""
    return "\n".join(line[8:] for line in text.strip("\n").split("\n")).rstrip()


def test_one_place() -> None:
    assert drawn("sum(xs) + 1", "xs", "no such variable", help=["one", "two"]) == picture("""
          │ sum(xs) + 1
          │     ━━ no such variable
          = help: one
          = help: two
    """)


def test_both_operands() -> None:
    assert drawn("x + y", "x + y", labels={"x": "x has shape [3]", "y": "y has shape [2]"}) == picture("""
          │ x + y
          │ ━   ━ y has shape [2]
          │ │
          │ x has shape [3]
    """)


def test_three_operands() -> None:
    assert drawn("f(aa, bb, cc)", labels={"aa": "one", "bb": "two", "cc": "three"}) == picture("""
          │ f(aa, bb, cc)
          │   ━━  ━━  ━━ three
          │   │   │
          │   │   two
          │   one
    """)


def test_a_place_with_remarks_on_parts_of_it() -> None:
    assert drawn("x @ y", "x @ y", "cannot be multiplied", {"x": "2x3", "y": "2x2"}) == picture("""
          │ x @ y
          │ ─   ─ 2x2
          │ │
          │ 2x3
          │ ━━━━━ cannot be multiplied
    """)


def test_the_same_place_twice() -> None:
    assert drawn("x", "x", "first", {"x": "second"}).splitlines()[1:] == ["  │ ━ first", "  │ ─ second"]


def test_an_empty_place_is_a_caret() -> None:
    source = Source("expr", "1 +")
    error = AutodiffError("unexpected-end", "m", span=Span(source, 3, 3), says="an operand is missing here")
    assert plain(diagnose(error)).splitlines()[1:3] == ["  │ 1 +", "  │    ^ an operand is missing here"]


def test_several_lines_are_numbered() -> None:
    text = "a +\nb +\nc +\nd +\ne"
    assert drawn(text, labels={"a": "one", "c": "two", "e": "three"}) == picture("""
        1 │ a +
          │ ━ one
        2 │ b +
        3 │ c +
          │ ━ two
        4 │ d +
        5 │ e
          │ ━ three
    """)
    assert drawn("a\n" * 11 + "b", labels={"a": "one", "b": "two"}) == picture("""
         1 │ a
           │ ━ one
           ⋮
        12 │ b
           │ ━ two
    """)


def test_a_place_over_several_lines() -> None:
    assert drawn("f(a +\n    b)", "a +\n    b", "this") == picture("""
        1 │ f(a +
          │   ━━━
        2 │     b)
          │     ━ this
    """)
    assert drawn("(\n" + "a\n" * 9 + ")", "(\n" + "a\n" * 9 + ")", "this").splitlines() == [
        " 1 │ (",
        "   │ ━",
        "   ⋮",
        "11 │ )",
        "   │ ━ this",
    ]


def test_carriage_returns_are_not_shown() -> None:
    assert drawn("a +\r\nb", "b", "this").splitlines() == ["2 │ b", "  │ ━ this"]


def test_other_sources_are_named() -> None:
    assert drawn("1 + q", "q", "here", name="let.y").splitlines()[0] == "  in let.y"
    assert drawn("1 +\nq", "q", "here", name="p.py").splitlines()[0] == "  in p.py, line 2"


def test_two_sources() -> None:
    expr, let = Source("expr", "y + 1"), Source("let.y", "x[0]")
    error = AutodiffError(
        "usage", "m", span=Span(expr, 0, 1), says="here", labels=[Label(Span(let, 0, 4), "from here")]
    )
    assert plain(diagnose(error)).splitlines()[1:] == [
        "  │ y + 1",
        "  │ ━ here",
        "  in let.y",
        "  │ x[0]",
        "  │ ──── from here",
    ]


def test_a_source_without_text() -> None:
    error = AutodiffError("ragged-list", "m", source=Source("vars.x", ""))
    assert plain(diagnose(error)).splitlines()[1] == "  in vars.x"


@pytest.mark.parametrize(
    ("text", "place", "underline"),
    [
        ("日本 + y", "y", "       ━"),
        ("日本 + y", "日本", "━━━━"),
        ("x\u0301 + y", "y", "    ━"),
        ("\ty", "y", "    ━"),
        ("a\x01b", "b", "  ━"),
        ("a\u202eb", "b", "       ━"),
        ("😀y", "y", "  ━"),
    ],
)
def test_columns(text: str, place: str, underline: str) -> None:
    assert drawn(text, place, "here").splitlines()[1] == f"  │ {underline} here"


def test_nothing_reaches_the_terminal_as_a_command() -> None:
    text = "\x1b[31m\x07\u202e\u2028\x7f\ud800\x9b"
    error = AutodiffError("usage", text, span=Span(Source(text, text), 0, 1), says=text, help=text)
    shown = plain(diagnose(error)) + plain(notice("note", text)) + displayed(text)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]", shown)


def test_long_lines_are_cut_around_the_place() -> None:
    text = "+".join(["x"] * 100 + ["why"] + ["x"] * 100)
    line, mark = drawn(text, "why", "here").splitlines()
    assert len(line) <= 104
    assert line.startswith("  │ …")
    assert line.endswith("…")
    assert line[mark.index("━") : mark.rindex("━") + 1] == "why"
    near = drawn("why+" + text[:300], "why", "here").splitlines()
    assert near[0].startswith("  │ why+x")
    assert near[1] == "  │ ━━━ here"
    far = drawn(text + "+zz", "zz", "here").splitlines()
    assert far[0].endswith("+zz")
    assert far[0][far[1].index("━") :] == "zz"
    assert len(far[0]) >= 98


def test_long_lines_are_cut_around_two_places() -> None:
    middle = "+".join(["x"] * 100)
    lines = drawn(f"left+{middle}+right+{middle}", labels={"left": "one", "right": "two"}).splitlines()
    assert "…" in lines[0]
    for word in ("left", "right"):
        start = lines[0].index(word)
        assert lines[1][start : start + len(word)] == "━" * len(word)
    assert len(lines[0]) <= 104


def test_a_long_place_keeps_both_ends() -> None:
    text = "f(" + "+".join(["x"] * 200) + ")"
    line, mark = drawn(text, text, "this").splitlines()
    assert line.startswith("  │ f(x+")
    assert line.endswith("x)")
    assert mark.endswith("━ this")
    assert mark.count("━") == len(line) - 4


def test_a_line_of_wide_characters_is_cut_by_columns() -> None:
    line, mark = drawn("界" * 200 + "x", "x", "here").splitlines()
    assert width(line) <= 104
    assert width(line[: line.index("x")]) == mark.index("━")


def test_help_is_wrapped_on_a_terminal_only() -> None:
    words = " ".join(["word"] * 30)
    assert drawn("x", "x", help=[words]).splitlines()[2] == f"  = help: {words}"
    lines = drawn("x", "x", help=[words], columns=50).splitlines()[2:]
    assert len(lines) > 1
    assert max(map(len, lines)) <= 50
    assert all(line.startswith("          word") for line in lines[1:])
    assert " ".join(" ".join(lines).split()) == f"= help: {words}"


def test_markup_is_text() -> None:
    from autodiff.report.paint import paint

    error = AutodiffError(
        "usage", "[bold]x[/bold] :smile:", span=Span(Source("expr", "[red]y"), 0, 5), says="[/]", help="[i]"
    )
    lines = diagnose(error)
    stream = io.StringIO()
    paint(lines, stream)
    assert "\x1b[" in stream.getvalue()
    assert re.sub(r"\x1b\[[\d;]*m", "", stream.getvalue()) == plain(lines)
