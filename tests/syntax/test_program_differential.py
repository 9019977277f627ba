# ruff: noqa: N802  # methods have the names of the nodes that they convert
"""Programs are read as Python reads them: both trees, in one plain form, with the places of their nodes."""

from __future__ import annotations

import ast
import json
import pathlib
import random
from fractions import Fraction
from typing import Any

import pytest

from autodiff.errors import Span
from autodiff.syntax import statements as st
from autodiff.syntax import tree as tr
from autodiff.syntax.program import parse_program

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "programs.jsonl"
OPERATORS = {
    "Add": "+",
    "Sub": "-",
    "Mult": "*",
    "Div": "/",
    "FloorDiv": "//",
    "Mod": "%",
    "MatMult": "@",
    "Pow": "**",
    "LShift": "<<",
    "RShift": ">>",
    "BitOr": "|",
    "BitAnd": "&",
    "USub": "-",
    "UAdd": "+",
    "Invert": "~",
    "Not": "not",
    "And": "and",
    "Or": "or",
    "Eq": "==",
    "NotEq": "!=",
    "Lt": "<",
    "LtE": "<=",
    "Gt": ">",
    "GtE": ">=",
    "Is": "is",
    "IsNot": "is not",
    "In": "in",
    "NotIn": "not in",
}


def sign(operator: ast.AST) -> str:
    return OPERATORS[type(operator).__name__]


class FromPython:
    """Python's own tree as plain tuples, each headed by its kind and, outside of f-strings, its place."""

    def __init__(self, text: str) -> None:
        lines = text.split("\n")
        self.offsets = [0]
        for line in lines:
            self.offsets.append(self.offsets[-1] + len(line) + 1)
        self.inside = 0

    def place(self, node: Any) -> Any:
        if self.inside:
            return None
        return (
            self.offsets[node.lineno - 1] + node.col_offset,
            self.offsets[node.end_lineno - 1] + node.end_col_offset,
        )

    def all(self, nodes: Any) -> list[Any]:
        return [self.form(node) for node in nodes]

    def form(self, node: Any) -> Any:
        return None if node is None else getattr(self, type(node).__name__)(node)

    # expressions

    def Constant(self, node: ast.Constant) -> Any:
        value = node.value
        if isinstance(value, str):
            return ("str", self.place(node), value)
        return ("const", self.place(node), type(value).__name__, value)

    def Name(self, node: ast.Name) -> Any:
        return ("name", self.place(node), node.id)

    def UnaryOp(self, node: ast.UnaryOp) -> Any:
        return ("unary", self.place(node), sign(node.op), self.form(node.operand))

    def BinOp(self, node: ast.BinOp) -> Any:
        return ("binary", self.place(node), sign(node.op), self.form(node.left), self.form(node.right))

    def BoolOp(self, node: ast.BoolOp) -> Any:
        first, *rest = node.values
        whole = self.form(first)
        for value in rest:
            whole = ("binary", "bool", sign(node.op), whole, self.form(value))
        return whole

    def Compare(self, node: ast.Compare) -> Any:
        return ("compare", self.place(node), [sign(o) for o in node.ops], self.all([node.left, *node.comparators]))

    def Call(self, node: ast.Call) -> Any:
        named = [(k.arg, self.form(k.value)) for k in node.keywords if k.arg]
        double = [self.form(k.value) for k in node.keywords if not k.arg]
        return ("call", self.place(node), self.form(node.func), self.all(node.args), named, double)

    def Attribute(self, node: ast.Attribute) -> Any:
        return ("attribute", self.place(node), self.form(node.value), node.attr)

    def Subscript(self, node: ast.Subscript) -> Any:
        items = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return ("index", self.place(node), self.form(node.value), self.all(items), isinstance(node.slice, ast.Tuple))

    def Slice(self, node: ast.Slice) -> Any:
        return ("slice", self.form(node.lower), self.form(node.upper), self.form(node.step))

    def List(self, node: ast.List) -> Any:
        return ("list", self.place(node), self.all(node.elts))

    def Tuple(self, node: ast.Tuple) -> Any:
        return ("tuple", self.place(node), self.all(node.elts))

    def Set(self, node: ast.Set) -> Any:
        return ("set", self.place(node), self.all(node.elts))

    def Dict(self, node: ast.Dict) -> Any:
        return ("dict", self.place(node), list(zip(self.all(node.keys), self.all(node.values), strict=True)))

    def Starred(self, node: ast.Starred) -> Any:
        return ("starred", self.place(node), self.form(node.value))

    def NamedExpr(self, node: ast.NamedExpr) -> Any:
        assert isinstance(node.target, ast.Name)
        return ("named", self.place(node), node.target.id, self.form(node.value))

    def IfExp(self, node: ast.IfExp) -> Any:
        return ("conditional", self.place(node), self.form(node.test), self.form(node.body), self.form(node.orelse))

    def Lambda(self, node: ast.Lambda) -> Any:
        return ("lambda", self.place(node), self.form(node.args), self.form(node.body))

    def arguments(self, node: ast.arguments) -> Any:
        plain = [*((a, "positional") for a in node.posonlyargs), *((a, "plain") for a in node.args)]
        defaults = [None] * (len(plain) - len(node.defaults)) + list(node.defaults)
        found: list[Any] = [(a.arg, kind, self.form(d)) for (a, kind), d in zip(plain, defaults, strict=True)]
        if node.vararg:
            found.append((node.vararg.arg, "*", None))
        found += [(a.arg, "keyword", self.form(d)) for a, d in zip(node.kwonlyargs, node.kw_defaults, strict=True)]
        if node.kwarg:
            found.append((node.kwarg.arg, "**", None))
        return found

    def comprehension(self, node: ast.comprehension) -> Any:
        return ("clause", self.form(node.target), self.form(node.iter), self.all(node.ifs))

    def ListComp(self, node: ast.ListComp) -> Any:
        return ("comprehension", "list", None, self.form(node.elt), self.all(node.generators))

    def SetComp(self, node: ast.SetComp) -> Any:
        return ("comprehension", "set", None, self.form(node.elt), self.all(node.generators))

    def GeneratorExp(self, node: ast.GeneratorExp) -> Any:
        return ("comprehension", "generator", None, self.form(node.elt), self.all(node.generators))

    def DictComp(self, node: ast.DictComp) -> Any:
        return ("comprehension", "dict", self.form(node.key), self.form(node.value), self.all(node.generators))

    def JoinedStr(self, node: ast.JoinedStr) -> Any:
        place = self.place(node)
        self.inside += 1
        parts = [v.value if isinstance(v, ast.Constant) else self.form(v) for v in node.values]
        self.inside -= 1
        return ("fstring", place, parts)

    def FormattedValue(self, node: ast.FormattedValue) -> Any:
        conversion = "" if node.conversion < 0 else chr(node.conversion)
        spec = None
        if node.format_spec is not None:
            assert isinstance(node.format_spec, ast.JoinedStr)
            parts = [v.value if isinstance(v, ast.Constant) else self.form(v) for v in node.format_spec.values]
            spec = parts
        return ("formatted", self.form(node.value), conversion, spec)

    def Yield(self, node: ast.Yield) -> Any:
        return ("yield", self.place(node), self.form(node.value))

    # statements

    def Expr(self, node: ast.Expr) -> Any:
        return ("expr", self.form(node.value))

    def Assign(self, node: ast.Assign) -> Any:
        return ("assign", self.place(node), self.all(node.targets), self.form(node.value))

    def AugAssign(self, node: ast.AugAssign) -> Any:
        return ("augmented", self.place(node), self.form(node.target), sign(node.op), self.form(node.value))

    def AnnAssign(self, node: ast.AnnAssign) -> Any:
        return ("annotated", self.place(node), self.form(node.target), self.form(node.value))

    def Delete(self, node: ast.Delete) -> Any:
        return ("delete", self.place(node), self.all(node.targets))

    def If(self, node: ast.If) -> Any:
        return ("if", self.place(node), self.form(node.test), self.all(node.body), self.all(node.orelse))

    def While(self, node: ast.While) -> Any:
        return ("while", self.place(node), self.form(node.test), self.all(node.body), self.all(node.orelse))

    def For(self, node: ast.For) -> Any:
        head = (self.form(node.target), self.form(node.iter))
        return ("for", self.place(node), *head, self.all(node.body), self.all(node.orelse))

    def FunctionDef(self, node: ast.FunctionDef) -> Any:
        head = (node.name, self.form(node.args), self.all(node.decorator_list))
        return ("def", self.place(node), *head, self.all(node.body))

    def ClassDef(self, node: ast.ClassDef) -> Any:
        return (
            "class",
            self.place(node),
            node.name,
            self.all(node.bases),
            self.all(node.decorator_list),
            self.all(node.body),
        )

    def With(self, node: ast.With) -> Any:
        items = [(self.form(i.context_expr), self.form(i.optional_vars)) for i in node.items]
        return ("with", self.place(node), items, self.all(node.body))

    def Try(self, node: ast.Try) -> Any:
        handlers = [(self.place(h), self.form(h.type), h.name, self.all(h.body)) for h in node.handlers]
        return ("try", self.place(node), self.all(node.body), handlers, self.all(node.orelse), self.all(node.finalbody))

    def Return(self, node: ast.Return) -> Any:
        return ("return", self.place(node), self.form(node.value))

    def Raise(self, node: ast.Raise) -> Any:
        return ("raise", self.place(node), self.form(node.exc), self.form(node.cause))

    def Assert(self, node: ast.Assert) -> Any:
        return ("assert", self.place(node), self.form(node.test), self.form(node.msg))

    def Break(self, node: ast.Break) -> Any:
        return ("break", self.place(node))

    def Continue(self, node: ast.Continue) -> Any:
        return ("continue", self.place(node))

    def Pass(self, node: ast.Pass) -> Any:
        return ("pass", self.place(node))

    def Global(self, node: ast.Global) -> Any:
        return ("scope", self.place(node), "global", node.names)

    def Nonlocal(self, node: ast.Nonlocal) -> Any:
        return ("scope", self.place(node), "nonlocal", node.names)

    def Import(self, node: ast.Import) -> Any:
        return ("import", self.place(node), [(a.name, a.asname, self.place(a)) for a in node.names])

    def ImportFrom(self, node: ast.ImportFrom) -> Any:
        names = [(a.name, a.asname, self.place(a)) for a in node.names]
        return ("from", self.place(node), node.module or "", node.level, names)


class FromOurs:
    """Our tree in the same form."""

    def __init__(self) -> None:
        self.inside = 0

    def at(self, span: Span) -> Any:
        return None if self.inside else (span.start, span.end)

    def all(self, nodes: Any) -> list[Any]:
        return [self.form(node) for node in nodes]

    def form(self, node: Any) -> Any:
        return None if node is None else getattr(self, type(node).__name__)(node, self.at(node.span))

    def Number(self, node: tr.Number, at: Any) -> Any:
        value = float(node.value) if isinstance(node.value, Fraction) else node.value
        assert node.decimal == isinstance(node.value, Fraction)
        return ("const", at, type(value).__name__, value)

    def String(self, node: tr.String, at: Any) -> Any:
        return ("str", at, node.value)

    def Constant(self, node: tr.Constant, at: Any) -> Any:
        return ("const", at, type(node.value).__name__, node.value)

    def Name(self, node: tr.Name, at: Any) -> Any:
        return ("name", at, node.id)

    def Unary(self, node: tr.Unary, at: Any) -> Any:
        return ("unary", at, node.op, self.form(node.operand))

    def Binary(self, node: tr.Binary, at: Any) -> Any:
        if node.op in ("and", "or"):  # Python has one node for a chain of them
            at = "bool"
        return ("binary", at, node.op, self.form(node.left), self.form(node.right))

    def Compare(self, node: tr.Compare, at: Any) -> Any:
        return ("compare", at, node.ops, self.all(node.operands))

    def Call(self, node: tr.Call, at: Any) -> Any:
        args = [self.form(a) for a in node.args if not isinstance(a, st.DoubleStarred)]
        double = [self.form(a.value) for a in node.args if isinstance(a, st.DoubleStarred)]
        return (
            "call",
            at,
            self.form(node.function),
            args,
            [(k.name, self.form(k.value)) for k in node.keywords],
            double,
        )

    def Attribute(self, node: tr.Attribute, at: Any) -> Any:
        assert node.name_span.text == node.name
        return ("attribute", at, self.form(node.value), node.name)

    def Index(self, node: tr.Index, at: Any) -> Any:
        items, several = node.items, node.tuple
        if not several and isinstance(items[0], tr.TupleOf):
            items, several = items[0].items, True
        return ("index", at, self.form(node.value), self.all(items), several)

    def Slice(self, node: tr.Slice, at: Any) -> Any:
        return ("slice", self.form(node.start), self.form(node.stop), self.form(node.step))

    def ListOf(self, node: tr.ListOf, at: Any) -> Any:
        return ("list", at, self.all(node.items))

    def TupleOf(self, node: tr.TupleOf, at: Any) -> Any:
        return ("tuple", at, self.all(node.items))

    def SetOf(self, node: st.SetOf, at: Any) -> Any:
        return ("set", at, self.all(node.items))

    def DictOf(self, node: st.DictOf, at: Any) -> Any:
        return ("dict", at, [(self.form(k), self.form(v)) for k, v in node.items])

    def Starred(self, node: st.Starred, at: Any) -> Any:
        return ("starred", at, self.form(node.value))

    def Named(self, node: st.Named, at: Any) -> Any:
        return ("named", at, node.name, self.form(node.value))

    def Conditional(self, node: st.Conditional, at: Any) -> Any:
        return ("conditional", at, self.form(node.test), self.form(node.body), self.form(node.orelse))

    def Lambda(self, node: st.Lambda, at: Any) -> Any:
        return ("lambda", at, self.parameters(node.parameters), self.form(node.body))

    def parameters(self, parameters: list[st.Parameter]) -> Any:
        return [(p.name, p.kind, self.form(p.default)) for p in parameters]

    def Clause(self, node: st.Clause, at: Any) -> Any:
        return ("clause", self.form(node.target), self.form(node.iterable), self.all(node.conditions))

    def Comprehension(self, node: st.Comprehension, at: Any) -> Any:
        return ("comprehension", node.kind, self.form(node.key), self.form(node.value), self.all(node.clauses))

    def FString(self, node: st.FString, at: Any) -> Any:
        self.inside += 1
        parts = [p.value if isinstance(p, tr.String) else self.form(p) for p in node.parts]
        self.inside -= 1
        return ("fstring", at, parts)

    def Formatted(self, node: st.Formatted, at: Any) -> Any:
        spec = None
        if isinstance(node.spec, tr.String):
            spec = [node.spec.value] if node.spec.value else []
        elif node.spec is not None:
            assert isinstance(node.spec, st.FString)
            spec = [p.value if isinstance(p, tr.String) else self.form(p) for p in node.spec.parts]
        return ("formatted", self.form(node.value), node.conversion, spec)

    def Yield(self, node: st.Yield, at: Any) -> Any:
        return ("yield", at, self.form(node.value))

    def ExprStatement(self, node: st.ExprStatement, at: Any) -> Any:
        return ("expr", self.form(node.value))

    def Assign(self, node: st.Assign, at: Any) -> Any:
        return ("assign", at, self.all(node.targets), self.form(node.value))

    def AugAssign(self, node: st.AugAssign, at: Any) -> Any:
        assert node.op_span.text == node.op + "="
        return ("augmented", at, self.form(node.target), node.op, self.form(node.value))

    def AnnAssign(self, node: st.AnnAssign, at: Any) -> Any:
        return ("annotated", at, self.form(node.target), self.form(node.value))

    def Delete(self, node: st.Delete, at: Any) -> Any:
        return ("delete", at, self.all(node.targets))

    def If(self, node: st.If, at: Any) -> Any:
        return ("if", at, self.form(node.test), self.all(node.body), self.all(node.orelse))

    def While(self, node: st.While, at: Any) -> Any:
        return ("while", at, self.form(node.test), self.all(node.body), self.all(node.orelse))

    def For(self, node: st.For, at: Any) -> Any:
        head = (self.form(node.target), self.form(node.iterable))
        return ("for", at, *head, self.all(node.body), self.all(node.orelse))

    def Def(self, node: st.Def, at: Any) -> Any:
        assert node.name_span.text == node.name
        head = (node.name, self.parameters(node.parameters), self.all(node.decorators))
        return ("def", at, *head, self.all(node.body))

    def Class(self, node: st.Class, at: Any) -> Any:
        assert node.name_span.text == node.name
        return ("class", at, node.name, self.all(node.bases), self.all(node.decorators), self.all(node.body))

    def With(self, node: st.With, at: Any) -> Any:
        return ("with", at, [(self.form(a), self.form(b)) for a, b in node.items], self.all(node.body))

    def Try(self, node: st.Try, at: Any) -> Any:
        handlers = [(self.at(h.span), self.form(h.kind), h.name, self.all(h.body)) for h in node.handlers]
        return ("try", at, self.all(node.body), handlers, self.all(node.orelse), self.all(node.finalbody))

    def Return(self, node: st.Return, at: Any) -> Any:
        return ("return", at, self.form(node.value))

    def Raise(self, node: st.Raise, at: Any) -> Any:
        return ("raise", at, self.form(node.value), self.form(node.cause))

    def Assert(self, node: st.Assert, at: Any) -> Any:
        return ("assert", at, self.form(node.test), self.form(node.message))

    def Break(self, node: st.Break, at: Any) -> Any:
        return ("break", at)

    def Continue(self, node: st.Continue, at: Any) -> Any:
        return ("continue", at)

    def Pass(self, node: st.Pass, at: Any) -> Any:
        return ("pass", at)

    def Scope(self, node: st.Scope, at: Any) -> Any:
        return ("scope", at, node.kind, node.names)

    def Import(self, node: st.Import, at: Any) -> Any:
        return ("import", at, [(name, alias, self.at(span)) for name, alias, span in node.names])

    def ImportFrom(self, node: st.ImportFrom, at: Any) -> Any:
        names = [(name, alias, self.at(span)) for name, alias, span in node.names]
        return ("from", at, node.module, node.level, names)


def agree(text: str) -> None:
    assert FromOurs().all(parse_program(text)) == FromPython(text).all(ast.parse(text).body)


@pytest.mark.parametrize("case", GOLDEN.read_text(encoding="utf-8").splitlines(), ids=lambda c: json.loads(c)["id"])
def test_recorded_programs(case: str) -> None:
    agree(json.loads(case)["program"])


SNIPPETS = (pathlib.Path(__file__).parent / "programs" / "right.txt").read_text(encoding="utf-8").split("---\n")


@pytest.mark.parametrize("text", SNIPPETS)
def test_snippets(text: str) -> None:
    agree(text)


def test_snippets_in_every_place() -> None:
    """Each snippet inside a function, a class and a loop, with other indentation and other ends of lines."""
    for text in SNIPPETS:
        if '"""' in text or "'''" in text or "\\\n" in text or "\t" in text or "import *" in text:
            continue
        inner = "".join(f"   {line}" for line in text.splitlines(keepends=True))
        agree(f"def outer(v):\n while v:\n  try:\n{inner}   pass\n  except E: pass\nend\n")
        agree(text.rstrip("\n"))
        assert len(parse_program(text.replace("\n", "\r\n"))) == len(ast.parse(text).body)


class Writer:
    """Source texts drawn from a small grammar."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def name(self) -> str:
        return str(self.pick("a", "b", "x1", "_y", "torch", "match", "data"))

    def several(self, make: Any, depth: int, least: int = 0) -> str:
        return ", ".join(make(depth) for _ in range(self.random.randint(least, 3)))

    def expr(self, depth: int) -> str:
        if depth <= 0:
            return str(self.pick(self.name(), "1", "2.5", "'s'", "None", "True", "...", "0x1f", '"t" "u"', "f'{a}z'"))
        d = depth - 1
        e = self.expr
        return str(
            self.pick(
                lambda: f"{e(d)} {self.pick('+', '-', '*', '/', '//', '%', '@', '**', '<<', '>>', '&', '|')} {e(d)}",
                lambda: f"{e(d)} {self.pick('and', 'or', '<', '==', '>=', 'in', 'not in', 'is', 'is not')} {e(d)}",
                lambda: f"({self.pick('-', '+', '~', 'not ', '')}{e(d)})",
                lambda: f"-{e(d)}",
                lambda: f"({e(d)}).{self.name()}",
                lambda: f"{self.name()}({self.several(e, d)})",
                lambda: f"{self.name()}({e(d)}, *{self.name()}, k={e(d)}, **{self.name()})",
                lambda: f"{self.name()}[{e(d)}:{e(d)}, ...]",
                lambda: f"{self.name()}[{e(d)}]",
                lambda: f"({e(d)} if {e(d)} else {e(d)})",
                lambda: f"({e(d)}, {self.several(e, d)})",
                lambda: f"[{self.several(e, d)}]",
                lambda: f"[*{self.name()}, {e(d)}]",
                lambda: f"{{{e(d)}: {e(d)}, **{self.name()}}}",
                lambda: f"{{{self.several(e, d, 1)}}}",
                lambda: f"(lambda {self.name()}, *r, k={e(d)}: {e(d)})",
                lambda: f"[({e(d)}) for {self.name()}, z in ({e(d)}) if ({e(d)})]",
                lambda: f"sum(({e(d)}) for {self.name()} in ({e(d)}))",
                lambda: f"{{({e(d)}): ({e(d)}) for {self.name()} in {self.name()}}}",
                lambda: f"(w := {e(d)})",
                lambda: f'f"p{{{self.name()}[0]!r:>{{{self.name()}}}}}q{{{{{{{self.name()}.b}}"',
            )()
        )

    def target(self) -> str:
        n = self.name
        return str(self.pick(n(), f"{n()}.{n()}", f"{n()}[{self.expr(1)}]", f"{n()}, *{n()}", f"[{n()}, ({n()}, c)]"))

    def simple(self) -> str:
        e, n = self.expr, self.name
        single = self.pick(n(), f"{n()}.b", f"{n()}[{e(1)}]")
        return str(
            self.pick(
                e(3),
                f"{self.target()} = {e(3)}",
                f"{self.target()} = {self.target()} = {e(2)}, {e(1)}",
                f"{single} {self.pick('+', '-', '*', '**', '@', '//', '|', '<<')}= {e(2)}",
                f"{n()}: {e(1)} = {e(2)}",
                f"assert {e(2)}, {e(1)}",
                f"raise {e(1)} from {e(1)}",
                f"del {n()}, {n()}[{e(1)}]",
                f"import {n()}.{n()} as {n()}",
                f"from .{n()} import {n()}, {n()} as {n()}",
                "pass",
            )
        )

    def block(self, depth: int, indent: str) -> str:
        lines = []
        for _ in range(self.random.randint(1, 3)):
            lines.append(self.pick("", "", "", "\n", f"{indent}# note\n", "# margin\n"))
            lines.append(indent + self.statement(depth, indent))
        return "".join(lines)

    def suite(self, depth: int, indent: str) -> str:
        if self.random.random() < 0.2:
            return f" {self.simple()}; {self.simple()}\n"
        return "\n" + self.block(depth - 1, indent + self.pick(" ", "  ", "    ", "\t"))

    def statement(self, depth: int, indent: str) -> str:
        if depth <= 0 or self.random.random() < 0.5:
            return self.simple() + str(self.pick("\n", "\n", "  # why\n", f"; {self.simple()}\n"))
        e, n = self.expr, self.name

        def rest() -> str:
            return self.suite(depth, indent)

        def tail() -> str:
            return str(self.pick("", f"{indent}else:{rest()}"))

        return str(
            self.pick(
                lambda: f"if {e(2)}:{rest()}{indent}elif {e(1)}:{rest()}{tail()}",
                lambda: f"while {e(2)}:{rest()}{tail()}",
                lambda: f"for {self.target()} in {e(2)}, {e(1)}:{rest()}{tail()}",
                lambda: f"with {e(1)} as {n()}, {e(2)}:{rest()}",
                lambda: f"with ({e(1)} as {n()}, {e(2)}):{rest()}",
                lambda: f"try:{rest()}{indent}except {n()} as e:{rest()}{tail()}{indent}finally:{rest()}",
                lambda: f"def {n()}(p, /, q: {e(1)}, r={e(1)}, *s, t, u={e(2)}, **v) -> {e(1)}:{rest()}",
                lambda: f"@{e(2)}\n{indent}def {n()}():{rest()}",
                lambda: f"class {n()}({e(1)}):{rest()}",
            )()
        )

    def program(self) -> str:
        return self.block(3, "")


def drawn(seeds: range) -> int:
    """How many of the drawn texts are programs to Python; those must agree."""
    count = 0
    for seed in seeds:
        text = Writer(seed).program()
        try:
            ast.parse(text)
        except SyntaxError:
            continue
        agree(text)
        count += 1
    return count


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_drawn_programs() -> None:
    assert drawn(range(60)) > 30


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
def test_many_drawn_programs() -> None:
    assert drawn(range(60, 6000)) > 3000
