"""Lines to statements: what goes on, and what has ended."""

from __future__ import annotations

import ast
import codeop
import json
from pathlib import Path

import pytest

from autodiff.program.lines import CLOSED, MAY, NEEDS, OPEN, WHOLE, Reader, Tail, state, tail

STATES = {
    WHOLE: [
        "", "x", "x = 1;", "x =", "x = )", "f(1 2", "'abc", "if x", "for", "# note", "''",
        "if x:\n    if y:\nz", "f('''a\nb''')", "f'{x",
    ],
    OPEN: ["(", "(1,\n2", "[1,  # first", "'''", "x = '''a\n", "f'''{x}", "{'a': '''x", "'abc\\", "x + \\"],
    NEEDS: ["if x:", "if x:\n    y\nelse:", "try:\n    x", "@f", "@f\ndef g():", "class A:  # note",
        "def f():\n    x\n    for i in x:", "if x:\n    try:\n        y", "if x:\n    if y:  # note\n"],
    MAY: ["if x:\n    y", "if x: y", "def f(): pass", "try:\n    x\nexcept E:\n    y", "with f() as g:\n  g"],
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [(text, kind) for kind, texts in STATES.items() for text in texts])
def test_state(text: str, expected: str) -> None:
    assert state(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = f('a(b')  # (", CLOSED),
        ("if x:", CLOSED),
        ("f(1, [", Tail(2, "")),
        ("]), (", Tail(-1, "")),
        ("f('''a(", Tail(1, "'''")),
        ('x = r"""', Tail(0, '"""')),
        ("x + \\", Tail(0, "?")),
        ("'a", Tail(0, "?")),
    ],
)
def test_tail(text: str, expected: Tail) -> None:
    assert tail(text) == expected


def read(text: str, typed: bool) -> list[str]:
    """The statements of lines that come one after another; what is left at the end behind a None."""
    reader = Reader(typed)
    found = [statement for line in text.split("\n") for statement in reader.add(line)]
    return [*found, *(f"left: {text}" for text in reader.rest())]


BOTH = {
    "one a line": ("x = 1\n\ny", ["x = 1", "y"]),
    "comments alone are no statements": ("# note\n  # another\nx", ["x"]),
    "a bracket": ("f(1,\n2)\ny", ["f(1,\n2)", "y"]),
    "an empty line in a bracket": ("f(1,\n\n2)", ["f(1,\n\n2)"]),
    "a string": ("s = '''a\n\n  b'''\ny", ["s = '''a\n\n  b'''", "y"]),
    "the margin ends a block": ("if x:\n    y\nz", ["if x:\n    y", "z"]),
    "else goes on": ("if x:\n    y\nelse:\n    z\nw", ["if x:\n    y\nelse:\n    z", "w"]),
    "a decorator goes on": ("@f\ndef g():\n    x\ny", ["@f\ndef g():\n    x", "y"]),
    "a comment at the margin goes on": ("if x:\n    y\n# note\n    z\nw", ["if x:\n    y\n# note\n    z", "w"]),
    "try needs an except": ("try:\n    x\nexcept E:\n    y\nz", ["try:\n    x\nexcept E:\n    y", "z"]),
    "commands": (":vars\nif x:\n    y\n:help ", [":vars", "if x:\n    y", ":help"]),
    "a colon inside of a bracket is none": ("x[\n:2]", ["x[\n:2]"]),
    "what is wrong ends": ("x = )\ny", ["x = )", "y"]),
    "a block without lines takes the next one with it": ("if x:\ny\nz", ["if x:\ny", "z"]),
    "what is left": ("x\nf(", ["x", "left: f("]),
    "blocks within blocks": ("if x:\n    if y:\n        z\n    w\nv", ["if x:\n    if y:\n        z\n    w", "v"]),
    "brackets within brackets": ("f([\n1,\n], (\n2))\ny", ["f([\n1,\n], (\n2))", "y"]),
    "a string within brackets": ("f(\n'''(\n''', 1,\n2)\ny", ["f(\n'''(\n''', 1,\n2)", "y"]),
    "a bracket within a string": ("f(\n'''\n(\n''')\ny", ["f(\n'''\n(\n''')", "y"]),
    "brackets within a block": ("if x:\n    f(1,\n2)\n    y\nz", ["if x:\n    f(1,\n2)\n    y", "z"]),
    "a backslash": ("x + \\\n    y\nz", ["x + \\\n    y", "z"]),
    "a transcript": (">>> x = 1", ["x = 1"]),
}  # fmt: skip


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "read"])
@pytest.mark.parametrize("name", BOTH)
def test_statements(name: str, typed: bool) -> None:
    text, expected = BOTH[name]
    assert read(text, typed) == expected


def pieces(text: str) -> list[str]:
    return [piece.removeprefix("left: ") for piece in read(text, typed=False)]


def programs() -> list[str]:
    golden = Path(__file__).parents[1] / "golden" / "programs.jsonl"
    return [json.loads(line)["program"] for line in golden.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("text", programs(), ids=range(len(programs())))
def test_programs_are_divided_as_python_reads_them(text: str) -> None:
    whole = [ast.dump(tree) for tree in ast.parse(text).body]
    assert [ast.dump(tree) for piece in pieces(text) for tree in ast.parse(piece).body] == whole


@pytest.mark.parametrize("text", programs(), ids=range(len(programs())))
def test_what_is_typed_goes_on_where_it_does_in_python(text: str) -> None:
    for piece in pieces(text):
        lines = piece.split("\n")
        for count in range(1, len(lines) + 1):
            begun = "\n".join(lines[:count]).rstrip("\n")
            assert (state(begun) == WHOLE) == (codeop.compile_command(begun, symbol="single") is not None), begun


def test_an_empty_line_ends_a_typed_block() -> None:
    assert read("def f():\n    x\n\n    y", typed=True) == ["def f():\n    x", "    y"]
    assert read("if x:\n\ny", typed=True) == ["if x:", "y"]
    assert read("if x: y\n   \nz", typed=True) == ["if x: y", "z"]


def test_blocks_that_are_read_have_empty_lines() -> None:
    assert read("def f():\n    x\n\n    y\nz", typed=False) == ["def f():\n    x\n\n    y", "z"]
    assert read("class A:\n    x\n\n\n    y", typed=False) == ["class A:\n    x", "    y"]


def test_what_is_wrong_in_a_typed_block_shows_at_once() -> None:
    reader = Reader(typed=True)
    assert reader.add("if x:") == []
    assert reader.add("    y = )") == ["if x:\n    y = )"]


def test_what_is_pasted_is_read_as_a_file() -> None:
    text = "def f():\n    x\n\n    y\nf()\nfor i in x:\n    i"
    assert Reader(typed=True).add(text) == ["def f():\n    x\n\n    y", "f()", "for i in x:\n    i"]


def test_a_paste_that_has_not_ended_goes_on() -> None:
    reader = Reader(typed=True)
    assert reader.add("x\nf(1,") == ["x"]
    assert reader.add("2)") == ["f(1,\n2)"]
    assert reader.add("y\nif x:") == ["y"]
    assert reader.add("    z") == []
    assert reader.add("") == ["if x:\n    z"]


def test_a_pasted_transcript_has_its_answers_left_out() -> None:
    text = ">>> def f(a):\n...     return a\n...\n>>> f(2)\ntensor(2)\n>>> 3"
    assert Reader(typed=True).add(text) == ["def f(a):\n    return a", "f(2)", "3"]


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n" + "    x\n" * 100 + "y",
        "x = [\n" + "[1, (2)],\n" * 100 + "]",
        "x = f('''\n" + "a (\n" * 100 + "''')",
        "x = f([\n" + "1,\n" * 50 + "], [\n" + "2,\n" * 50 + "])",
    ],
)
def test_long_texts_are_not_parsed_for_each_line(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    from autodiff.program import lines

    asked: list[str] = []

    def counted(text: str) -> str:
        asked.append(text)
        return state(text)

    monkeypatch.setattr(lines, "state", counted)
    found = read(text, typed=False)
    assert "\n".join(found).removeprefix("left: ") == text
    assert len(asked) <= 4
