"""The parse tables, made from the grammars by Lark: `python -m autodiff.syntax.generate` rewrites `tables.py`
(expressions) and `program_tables.py`.

The only importer of Lark. The tables are committed, so that nothing has to be built (nor Lark installed) to parse; a
test holds them equal to the grammar, and `parse` rebuilds them in memory when the grammar beside it was edited.
"""

from __future__ import annotations

import logging
import pathlib
import zlib

import lark
from lark.grammar import Rule
from lark.lexer import BasicLexer, UnlessCallback
from lark.parsers.lalr_analysis import ParseTable, Shift

from autodiff.syntax.lalr import Tables

HEADER = '''\
# fmt: off
# ruff: noqa
"""Made from grammar/{name}.lark by `python -m autodiff.syntax.generate`; not to be edited."""

from __future__ import annotations

from autodiff.syntax.lalr import Tables, unpacked

'''


class _Conflicts(logging.Handler):
    """Lark resolves a shift/reduce conflict silently; here it is an error."""

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        if "conflict" in message:
            raise lark.GrammarError(message)


def compile_grammar(grammar: str, imported: str = "") -> Tables:
    """Compile a Lark grammar; the same text gives the same tables, number by number.

    `imported` is the text of the one grammar that it may import from.
    """

    def load(_base: object, path: str) -> tuple[str, str]:
        return path, imported

    handlers, level = lark.logger.handlers, lark.logger.level
    lark.logger.handlers = [_Conflicts()]
    lark.logger.setLevel(logging.DEBUG)
    try:
        compiled = lark.Lark(grammar, parser="lalr", lexer="basic", debug=True, import_paths=[load])
    finally:
        lark.logger.handlers = handlers
        lark.logger.setLevel(level)

    lexer = BasicLexer(compiled.lexer_conf)
    terminals = [(t.name, t.pattern.to_regexp()) for t in lexer.scanner.terminals]
    # Lark matches keywords with the pattern of names first, and then looks them up.
    [(word, lookup)] = lexer.callback.items()
    assert isinstance(lookup, UnlessCallback)
    # Nothing else starts like a name, and most tokens are names or blanks: those first, and a text is read faster.
    terminals.sort(key=lambda terminal: (terminal[0] != word, terminal[0] != "BLANK"))
    kinds = [name for name, _ in terminals]
    keywords = {t.name: t.pattern.value for t in lookup.scanner.terminals}
    table: ParseTable = compiled.parser.parser._parse_table
    shifted = {name for row in table.states.values() for name, (kind, _) in row.items() if kind is Shift}
    lefts = sorted({str(rule.origin.name) for rule in compiled.rules})
    declared = sorted(shifted - {*kinds, *keywords, *lefts} - {"start", "$END"})
    columns = [*kinds, *sorted(keywords), *declared, "$END"]

    start, accept = table.start_states["start"], table.end_states["start"]
    numbers = {start: 0}  # breadth first by name, which does not depend on the order of sets
    queue = [start]
    for state in queue:
        for _, (kind, target) in sorted(table.states[state].items()):
            if kind is Shift and target not in numbers:
                numbers[target] = len(numbers)
                queue.append(target)

    rules = [_rule(rule, lefts) for rule in compiled.rules]
    rule_numbers = {rule: i for i, rule in enumerate(compiled.rules)}
    actions, gotos = [], []
    for state in queue:
        row = table.states[state]
        cells = []
        for column in columns:
            kind, target = row.get(column, (None, None))
            cells.append(0 if kind is None else numbers[target] if kind is Shift else ~rule_numbers[target])
        actions.append(tuple(cells))
        gotos.append(tuple(numbers[row[left][1]] if left in row else 0 for left in lefts))

    return Tables(
        lark=lark.__version__,
        crc=zlib.crc32((grammar + imported).encode()),
        terminals=tuple((_local(name), pattern) for name, pattern in terminals),
        ignored=tuple(sorted(kinds.index(name) for name in lexer.ignore_types)),
        word=kinds.index(word),
        keywords=tuple(keywords[name] for name in sorted(keywords)),
        declared=tuple(declared),
        rules=tuple(rules),
        accept=numbers[accept],
        actions=tuple(actions),
        gotos=tuple(gotos),
    )


def _rule(rule: Rule, lefts: list[str]) -> tuple[int, int, str]:
    length = len(rule.expansion)
    name = _local(rule.alias or "")
    if not length or (length > 1 and not name):
        raise lark.GrammarError(f"a rule of {rule.origin.name} is empty, or has no function that builds a node: {rule}")
    return lefts.index(rule.origin.name), length, name


def _local(name: str) -> str:
    """A name as the grammar that it was imported from has it."""
    return name.removeprefix("expression__")


def module_text(tables: Tables, name: str = "expression") -> str:
    """The module of tables made from grammar/NAME.lark, as text."""
    lines = [HEADER.format(name=name), "TABLES = Tables(\n"]
    fields = ("lark", "crc", "terminals", "ignored", "word", "keywords", "declared", "rules", "accept")
    for field in fields:
        value = getattr(tables, field)
        if isinstance(value, tuple) and value and isinstance(value[0], tuple):
            rows = "".join(f"        {row!a},\n" for row in value)
            lines.append(f"    {field}=(\n{rows}    ),\n")
        else:
            lines.append(f"    {field}={value!a},\n")
    for field in ("actions", "gotos"):
        rows = "\n".join(_packed(row) for row in getattr(tables, field))
        lines.append(f'    {field}=unpacked({len(getattr(tables, field)[0])}, """\\\n{rows}"""),\n')
    return "".join([*lines, ")\n"])


def _packed(row: tuple[int, ...]) -> str:
    """The cells of a row that are not 0, each with its column: thousands of literals would be slow to import."""
    return " ".join(f"{column} {cell}" for column, cell in enumerate(row) if cell)


def main() -> None:
    here = pathlib.Path(__file__).parent
    grammars = here.parents[2] / "grammar"
    expression = (grammars / "expression.lark").read_text(encoding="utf-8")
    program = (grammars / "program.lark").read_text(encoding="utf-8")
    texts = {
        "tables.py": module_text(compile_grammar(expression)),
        "program_tables.py": module_text(compile_grammar(program, expression), "program"),
    }
    for name, text in texts.items():
        (here / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
