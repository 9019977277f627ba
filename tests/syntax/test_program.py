"""Programs that are not Python's, places in them, and the errors of those that are refused."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import warnings
import zlib

import pytest

from autodiff.errors import AutodiffError
from autodiff.syntax import generate, program, program_tables
from autodiff.syntax.program import parse_program
from autodiff.syntax.program_actions import BUILDERS
from autodiff.syntax.statements import Assign, AugAssign, Formatted, FString, If
from autodiff.syntax.tree import Binary, Compare, Name, Number, String, Tree

WRONG = [
    json.loads(line)
    for line in (pathlib.Path(__file__).parent / "programs" / "wrong.jsonl").read_text(encoding="utf-8").splitlines()
]
GRAMMARS = pathlib.Path(__file__).parents[2] / "grammar"


def value(text: str) -> Tree:
    [statement] = parse_program(text)
    assert isinstance(statement, Assign)
    return statement.value


def refused(text: str) -> AutodiffError:
    with pytest.raises(AutodiffError) as raised:
        parse_program(text)
    return raised.value


@pytest.mark.parametrize(("text", "type", "message", "code", "at"), WRONG, ids=[row[0] for row in WRONG])
def test_wrong_programs(text: str, type: str, message: str, code: str, at: str | int) -> None:
    error = refused(text)
    assert (error.type, error.message, error.code) == (type, message, code)
    assert error.span is not None
    assert at in (error.span.text, error.span.start)
    assert error.says or error.help


@pytest.mark.parametrize("text", [row[0] for row in WRONG if "not part of the language" not in row[2]])
def test_python_refuses_them_as_well(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(SyntaxError):
            compile(text, "program", "exec")


def test_empty_programs() -> None:
    for text in ("", "\n", "  ", "# a\n", "\n\n  # a", "\t\n", "\ufeff"):
        assert parse_program(text) == []


def test_power_and_pasted_signs() -> None:
    power = value("x = a^b")
    assert isinstance(power, Binary)
    assert power.op == "**"
    [statement] = parse_program("x ^= 2")
    assert isinstance(statement, AugAssign)
    assert statement.op == "**"
    [statement] = parse_program("x −= 2")
    assert isinstance(statement, AugAssign)
    assert statement.op == "-"
    compared = value("x = a² × b ≤ c")
    assert isinstance(compared, Compare)
    assert compared.ops == ["<="]


def test_a_bom_and_blanks_of_typesetters() -> None:
    [statement] = parse_program("\ufeffif\xa0a:\n\xa0\xa0b\n\xa0\xa0c\n")
    assert isinstance(statement, If)
    assert len(statement.body) == 2


def test_fields_point_into_the_program() -> None:
    text = "y = 1\nx = 'a' f'b{c:{d}}'\n"
    string = parse_program(text)[1]
    assert isinstance(string, Assign)
    assert isinstance(string.value, FString)
    before, field = string.value.parts
    assert isinstance(before, String)
    assert before.value == "ab"
    assert isinstance(field, Formatted)
    assert isinstance(field.value, Name)
    assert isinstance(field.spec, FString)
    assert (field.value.span.start, field.value.span.text) == (text.index("c"), "c")
    [inner] = field.spec.parts
    assert isinstance(inner, Formatted)
    assert inner.value.span.start == text.index("d")
    error = refused("y = 1\nx = f'a{b + }'\n")
    assert error.span is not None
    assert error.span.start >= 6 + len("x = f'a{b")
    assert error.message.startswith("f-string: ")


def test_numbers() -> None:
    for text, worth in {"0x1F": 31, "0b_101": 5, "0O17": 15, "1_000": 1000, "00": 0}.items():
        number = value(f"x = {text}")
        assert isinstance(number, Number)
        assert (number.value, number.decimal) == (worth, False)
    assert refused("x = 0x" + "f" * 5000).code == "limit-number"


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("whlie x:\n    pass\n", "write while"),
        ("if a:\n    b\nesle:\n    c\n", "write else"),
        ("if a:\n    b\nelse if c:\n    d\n", "write elif"),
        ("print x + 1  # why\n", "write print(x + 1)"),
        ("x++\n", "write x += 1"),
        ("x = a && b\n", "write and"),
        ("x = 2y\n", "write 2*y"),
        ("x = X'\n", "write X.T"),
        ("for i in x\n    y\n", "write for i in x:"),
        ("if x = 1: y\n", "to compare, write =="),
    ],
)
def test_help(text: str, help: str) -> None:
    assert help in refused(text).help


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 20000 + "1" + ")" * 20000,
        "x = " + "lambda: " * 20000 + "1",
        "x = " + "a if b else " * 20000 + "c",
        "if a: b\n" + "elif c: d\n" * 20000,
        "".join(" " * i + "if x:\n" for i in range(500)) + " " * 500 + "y",
        "(" * 20000 + "a" + ",)" * 20000 + " = 1",
    ],
    ids=lambda text: text[:12],
)
def test_depth(text: str) -> None:
    assert len(parse_program(text)) == 1


def test_deep_texts_that_are_wrong() -> None:
    for text in ("(" * 20000, "x = " + "[" * 20000 + ")", "x = f'" + "{" * 20001 + "'"):
        assert refused(text).type == "SyntaxError"


def test_tables_are_those_of_the_grammars() -> None:
    texts = [(GRAMMARS / name).read_text(encoding="utf-8") for name in ("program.lark", "expression.lark")]
    made = generate.module_text(generate.compile_grammar(*texts), "program")
    committed = pathlib.Path(program_tables.__file__).read_text(encoding="utf-8")
    assert made == committed, "run: python -m autodiff.syntax.generate"
    assert zlib.crc32("".join(texts).encode()) == program_tables.TABLES.crc


def test_edited_grammars_are_compiled_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(name: str) -> bytes:
        return (GRAMMARS / name).read_bytes().replace(b'"pass"', b'"nothing"')

    monkeypatch.setattr(program, "read_grammar", read)
    monkeypatch.setattr(program, "_layout", None)
    assert len(parse_program("nothing\n")) == 1
    monkeypatch.setattr(program, "read_grammar", lambda name: None)
    assert program._tables() is program_tables.TABLES


def test_every_function_of_the_grammar_exists_and_is_used() -> None:
    assert {name for _, _, name in program_tables.TABLES.rules} - {""} == set(BUILDERS)


def test_expressions_do_not_import_the_tables_of_programs() -> None:
    code = (
        "import sys\nfrom autodiff.syntax.parse import parse\nparse('x+1')\n"
        "print([m for m in sys.modules if 'program' in m])\n"
        "from autodiff.syntax.program import parse_program\nparse_program('x = 1')\n"
        "print([m for m in sys.modules if 'lark' in m or 'mistakes' in m])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["[]", "[]"]
