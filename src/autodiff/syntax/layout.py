"""Lines and indentation: the tokens of a program as its grammar wants them.

Inside brackets the ends of lines are blanks. Outside, a line that stands deeper than the one before gives an INDENT
after the NEWLINE, one that goes back a DEDENT for every block that it ends. Columns are counted as Python counts them:
a tab goes to the next multiple of eight, and blocks that would nest otherwise with tabs of one blank are refused.

NEWLINE and DEDENT lie where the line ends that they close, and so does the span of a block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NoReturn

from autodiff.errors import AutodiffError, Source, Span
from autodiff.syntax.lalr import Parser, UnexpectedError

_LEAD = re.compile("\ufeff?(?:[ \\t\\f\\xa0]*(?:#[^\\r\\n]*)?(?:\\r\\n?|\\n))*[ \\t\\f\\xa0]*(?:#[^\\r\\n]*\\Z)?")
_BLANKS = " \t\f\xa0\ufeff"
TAB = 8


class Layout:
    """The numbers that the tokens concerned have in a parser's tables."""

    def __init__(self, parser: Parser) -> None:
        tables = parser.tables
        numbers = {name: i for i, (name, _) in enumerate(tables.terminals)}
        first = len(tables.terminals) + len(tables.keywords)
        self.parser = parser
        self.newline = numbers["NEWLINE"]
        self.openers = {numbers["LPAR"]: ")", numbers["LSQB"]: "]", numbers["LBRACE"]: "}"}
        self.closers = {numbers["RPAR"], numbers["RSQB"], numbers["RBRACE"]}
        self.indent = first + tables.declared.index("INDENT")
        self.dedent = first + tables.declared.index("DEDENT")
        # What every token does: nothing, opens, closes, ends a line.
        self.roles = [0] * (parser.end + 1)
        for number in self.openers:
            self.roles[number] = 1
        for number in self.closers:
            self.roles[number] = 2
        self.roles[self.newline] = 3

    def is_empty(self, source: Source) -> bool:
        """Whether a program has no statement: the grammar has none either."""
        return next(self.lines(source))[0] == self.parser.end

    def lines(self, source: Source) -> Iterator[tuple[int, int, int]]:
        """The tokens of a program, the end last. Raises AutodiffError where the indentation is at fault."""
        text = source.text
        lead = _LEAD.match(text)
        assert lead is not None
        begin = lead.end()
        if begin < len(text) and _columns(text, begin) != (0, 0):
            unexpected_indent(source, begin)
        roles, newline, end_token = self.roles, self.newline, self.parser.end
        stack = [(0, 0)]
        depth = last = 0
        fresh = True  # nothing stands on this line yet
        for token, start, end in self.parser.scan(text, begin):
            role = roles[token]
            if not role:
                if token == end_token:
                    break
                fresh = False
                last = end
                yield token, start, end
            elif role == 3:
                if depth or fresh:
                    continue
                yield newline, last, last
                fresh = True
                if end == len(text):
                    continue
                columns = _columns(text, end)
                if columns == stack[-1]:
                    continue
                _check_tabs(source, columns, stack[-1], end)
                if columns > stack[-1]:
                    stack.append(columns)
                    yield self.indent, end, end
                else:
                    while columns < stack[-1]:
                        stack.pop()
                        yield self.dedent, last, last
                    if columns != stack[-1]:
                        _check_tabs(source, columns, stack[-1], end)
                        _unindent(source, end)
            else:
                depth += 1 if role == 1 else -1
                fresh = False
                last = end
                yield token, start, end
        if depth > 0:
            raise UnexpectedError(len(text), end_token)
        if not fresh:
            yield newline, last, last
        for _ in stack[1:]:
            yield self.dedent, last, last
        yield end_token, len(text), len(text)

    def field(self, start: int, end: int, text: str) -> Iterator[tuple[int, int, int]]:
        """The tokens of an f-string's field, as of a program of one line."""
        for token, s, e in self.parser.scan(text, start, end):
            if token != self.newline and token != self.parser.end:
                yield token, s, e
        yield self.newline, end, end
        yield self.parser.end, end, end


def _columns(text: str, at: int) -> tuple[int, int]:
    """How far `at` is indented, with tabs to the next multiple of eight, and with tabs of one."""
    if at and text[at - 1] in "\n\r":
        return 0, 0
    begin = at
    while begin and text[begin - 1] in _BLANKS:
        begin -= 1
    blanks = text[begin:at].removeprefix("\ufeff").rpartition("\f")[2]
    if "\t" not in blanks:
        return len(blanks), len(blanks)
    return len(blanks.expandtabs(TAB)), len(blanks)


def _line_start(source: Source, at: int) -> int:
    return max(source.text.rfind("\n", 0, at), source.text.rfind("\r", 0, at)) + 1


def _check_tabs(source: Source, columns: tuple[int, int], above: tuple[int, int], at: int) -> None:
    if (columns[0] > above[0]) != (columns[1] > above[1]) or (columns[0] == above[0]) != (columns[1] == above[1]):
        message = "inconsistent use of tabs and spaces in indentation"
        help = "indent with spaces alone, four for each level"
        raise _indentation(source, at, message, "tabs and spaces are mixed here", help, "TabError")


def unexpected_indent(source: Source, at: int) -> NoReturn:
    """Raises for a line that is deeper than the one before, where no block begins."""
    says = "deeper than the line before, and no block begins here"
    raise _indentation(source, at, "unexpected indent", says, "remove these blanks")


def _unindent(source: Source, at: int) -> NoReturn:
    message = "unindent does not match any outer indentation level"
    help = "indent this line as the block that it belongs to"
    raise _indentation(source, at, message, "no block above is indented by as much", help)


def _indentation(
    source: Source, at: int, message: str, says: str, help: str, type: str = "IndentationError"
) -> AutodiffError:
    """An error of the blanks before `at`."""
    span = Span(source, _line_start(source, at), at)
    return AutodiffError("syntax", message, type=type, span=span, says=says, help=help)
