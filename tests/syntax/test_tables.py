"""The committed parse tables are the grammar's, and nothing but their making needs Lark."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import zlib

import pytest

import autodiff.syntax.parse as parse_module
from autodiff.errors import Source
from autodiff.syntax import generate, tables
from autodiff.syntax.actions import BUILDERS
from autodiff.syntax.lalr import Parser, UnexpectedError
from autodiff.syntax.tree import Binary

GRAMMAR = pathlib.Path(__file__).parents[2] / "grammar" / "expression.lark"
SOURCES = str(pathlib.Path(parse_module.__file__).parents[2])


def run(code: str, **environment: str) -> str:
    code = f"import sys; sys.path.insert(0, {SOURCES!r})\n{code}"
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, env=os.environ | environment
    ).stdout.strip()


def test_tables_are_those_of_the_grammar() -> None:
    made = generate.module_text(generate.compile_grammar(GRAMMAR.read_text(encoding="utf-8")))
    committed = pathlib.Path(tables.__file__).read_text(encoding="utf-8")
    assert made == committed, "run: python -m autodiff.syntax.generate"


def test_tables_do_not_depend_on_the_order_of_sets() -> None:
    code = (
        "import zlib, autodiff.syntax.generate as g\n"
        f"print(zlib.crc32(g.module_text(g.compile_grammar(open({str(GRAMMAR)!r}, encoding='utf-8').read())).encode()))"
    )
    assert run(code, PYTHONHASHSEED="1") == run(code, PYTHONHASHSEED="2")


def test_stamp_is_that_of_the_grammar() -> None:
    assert zlib.crc32(GRAMMAR.read_bytes()) == tables.TABLES.crc


def test_every_function_of_the_grammar_exists_and_is_used() -> None:
    assert {name for _, _, name in tables.TABLES.rules} - {""} == set(BUILDERS)


def test_parsing_imports_neither_lark_nor_the_messages() -> None:
    code = (
        "from autodiff.syntax.parse import parse\n"
        "parse('2*(x+1)^2')\n"
        "print([m for m in ('lark', 'autodiff.syntax.generate', 'autodiff.syntax.mistakes') if m in sys.modules])"
    )
    assert run(code) == "[]"


def test_an_edited_grammar_is_compiled_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    edited = GRAMMAR.read_text(encoding="utf-8").replace('| primary "^" factor', '| primary "$" factor')
    assert edited.count('"$"') == 1
    monkeypatch.setattr(parse_module, "_grammar", edited.encode)
    monkeypatch.setattr(parse_module, "_parser", None)
    tree = parse_module.parse("x$y")
    assert isinstance(tree, Binary)
    assert tree.op == "$"


def test_a_missing_grammar_leaves_the_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse_module, "_grammar", lambda: None)
    assert parse_module._tables() is tables.TABLES


def test_conflicts_are_errors() -> None:
    ambiguous = GRAMMAR.read_text(encoding="utf-8").replace("| sum SIGN product ", "| sum SIGN sum ")
    with pytest.raises(Exception, match=r"conflict|collision"):
        generate.compile_grammar(ambiguous)


def test_rules_without_a_function_are_errors() -> None:
    unnamed = GRAMMAR.read_text(encoding="utf-8").replace(
        '| "~" factor                                     -> unary', '| "~" factor'
    )
    with pytest.raises(Exception, match="no function"):
        generate.compile_grammar(unnamed)


def test_unexpected_carries_the_place() -> None:
    with pytest.raises(UnexpectedError) as raised:
        Parser(tables.TABLES, BUILDERS).parse(Source("expr", "x + * y"))
    assert raised.value.start == 4


def test_line_ends_of_a_checkout_do_not_matter(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "autodiff"
    (package / "grammar").mkdir(parents=True)
    (package / "grammar" / "expression.lark").write_bytes(GRAMMAR.read_bytes().replace(b"\n", b"\r\n"))
    monkeypatch.setattr(parse_module, "__file__", str(package / "syntax" / "parse.py"))
    assert parse_module._grammar() == GRAMMAR.read_bytes()
    assert parse_module._tables() is tables.TABLES
