"""What was meant by a program that does not parse.

As in `mistakes`, each function knows one mistake by the tokens around the place where the parser stopped. The first
line of a message is Python's where Python has one. Imported only when there is a mistake.
"""

from __future__ import annotations

import re

from autodiff.errors import AutodiffError, Label, Source, Span
from autodiff.syntax import characters, program
from autodiff.syntax.lalr import UnexpectedError
from autodiff.syntax.literals import PYTHON_WORDS
from autodiff.syntax.place import Place, Token, error, quoted, suggested
from autodiff.syntax.products import adjoined

CLOSERS = {"(": ")", "[": "]", "{": "}"}
BLOCKS = ("if", "elif", "else", "for", "while", "with", "try", "except", "finally", "def", "class")
STATEMENTS = (*BLOCKS, "return", "import", "from", "break", "continue", "pass", "raise", "assert", "global", "lambda")
ABSENT = {
    "async": "async is not part of the language",
    "await": "await is not part of the language",
    "match": "match is not part of the language",
}


class Line(Place):
    """Where the parser stopped, among the tokens of the program; `row` is what the parser would have taken."""

    def __init__(self, source: Source, unexpected: UnexpectedError, begin: int, end: int | None) -> None:
        text = source.text
        tokens: list[Token] = []
        self.brackets: list[Token] = []  # those that are open at the end of the text
        for kind, s, e in program.parser().tokens(text, begin, end):
            if kind == "NEWLINE" and self.brackets:
                continue
            token = Token(kind, text[s:e], s, e)
            if kind in ("LPAR", "LSQB", "LBRACE"):
                self.brackets.append(token)
            elif kind in ("RPAR", "RSQB", "RBRACE") and self.brackets:
                self.brackets.pop()
            tokens.append(token)
        super().__init__(source, unexpected.start, tokens)
        self.unexpected = unexpected
        self.begin = self.at
        while self.begin > 0 and tokens[self.begin - 1].kind != "NEWLINE":
            self.begin -= 1
        self.first = self.token(self.begin)  # of the logical line

    def expects(self, name: str) -> bool:
        """Whether the parser would have taken a token of this name (a keyword, or a terminal)."""
        numbers, row = program.numbers(), self.unexpected.row
        return bool(row) and name in numbers and row[numbers[name]] != 0

    def is_a(self, name: str) -> bool:
        """Whether the parser found a token of this name, such as a DEDENT, which has no text."""
        return self.unexpected.token == program.numbers()[name]

    def number(self, at: int) -> int:
        """The line, from 1, of a place in the text."""
        return len(re.findall(r"\r\n?|\n", self.text[:at])) + 1


def explain(source: Source, unexpected: UnexpectedError, begin: int = 0, end: int | None = None) -> AutodiffError:
    """The error for a program whose parse stopped, or for a piece of it that was parsed alone."""
    line = Line(source, unexpected, begin, end)
    found = (
        _string(line)
        or _brackets(line)
        or _indentation(line)
        or characters.quote(line)
        or characters.stray_character(line)
        or _owner(line)
        or _absent(line)
        or _colon(line)
        or _assigned(line)
        or _misspelt(line)
        or _operator(line)
        or _side_by_side(line)
    )
    return found or _anything(line)


def _string(line: Line) -> AutodiffError | None:
    """A string without an end."""
    found, text = line.found, line.text
    opening = re.compile(r"[rRuUbBfF]{0,2}(\"\"\"|'''|[\"'])").match(text, found.start) if found is not None else None
    if found is None or found.kind or opening is None:
        return None
    quote = opening[1]
    triple = len(quote) == 3
    if opening[0] == "'" and line.adjacent:
        return None  # X', a transpose
    number = line.number(len(text) if triple else found.start)
    message = f"unterminated {'triple-quoted ' if triple else ''}string literal (detected at line {number})"
    span = line.span(opening.start(1), opening.end(1))
    return error("bad-quotes", span, message, "opened here", f"close it with {quote}")


def _brackets(line: Line) -> AutodiffError | None:
    found, bracket = line.found, line.bracket
    if found is not None and found.text in (")", "]", "}"):
        span = line.span(found.start, found.end)
        if bracket is None:
            return error("unopened-bracket", span, f"unmatched '{found.text}'", "opened nowhere", "remove it")
        if CLOSERS[bracket.text] != found.text:
            message = f"closing parenthesis '{found.text}' does not match opening parenthesis '{bracket.text}'"
            opened, closed = line.number(bracket.start), line.number(found.start)
            if opened != closed:
                message += f" on line {opened}"
            label = Label(line.span(bracket.start, bracket.end), "opened here")
            help = f"write {CLOSERS[bracket.text]}"
            return error("unclosed-bracket", span, message, f"expected {CLOSERS[bracket.text]}", help, labels=[label])
        return None
    if bracket is None or bracket not in line.brackets:
        return None
    at = len(line.text) if found is None else found.start
    if found is None or line.number(bracket.start) < line.number(at):
        span = line.span(bracket.start, bracket.end)
        labels = [Label(line.span(at, at if found is None else found.end), "not expected inside the brackets")]
        help = f"add the missing {CLOSERS[bracket.text]}"
        message = f"'{bracket.text}' was never closed"
        return error("unclosed-bracket", span, message, "opened here", help, labels=labels if found else [])
    return None


def _indentation(line: Line) -> AutodiffError | None:
    at = line.unexpected.start
    if line.is_a("INDENT"):
        begin = max(line.text.rfind("\n", 0, at), line.text.rfind("\r", 0, at)) + 1
        help = "remove these blanks"
        return _indent_error(line.span(begin, at), "unexpected indent", "no block begins here", help)
    if line.expects("INDENT"):
        header = _header(line, at)
        if header is None:
            return None
        kind = "definition" if header.text in ("def", "class") else "statement"
        name = {"def": "function", "class": "class"}.get(header.text, f"'{header.text}'")
        message = f"expected an indented block after {name} {kind} on line {line.number(header.start)}"
        begin = line.found.start if line.found is not None else at
        span = line.span(begin, line.found.end if line.found is not None else at)
        label = Label(line.span(header.start, header.end), "this needs a block")
        help = "indent the lines that belong to it; for none, write pass"
        return _indent_error(span, message, "not indented", help, label)
    return None


def _indent_error(span: Span, message: str, says: str, help: str, *labels: Label) -> AutodiffError:
    return AutodiffError("syntax", message, type="IndentationError", span=span, says=says, help=help, labels=labels)


def _header(line: Line, at: int) -> Token | None:
    """The word that opened the block that is missing: the first of the line that ends with a colon."""
    end = max((i for i, t in enumerate(line.tokens) if t.text == ":" and t.start < max(at, 1)), default=None)
    if end is None:
        return None
    while end > 0 and line.tokens[end - 1].kind != "NEWLINE":
        end -= 1
    return line.tokens[end]


def _absent(line: Line) -> AutodiffError | None:
    """What Python has and this language has not."""
    for token in (line.first, line.before, line.found):
        if token is None or token.text not in ABSENT or token.kind != "NAME":
            continue
        if token.text == "match" and not (token is line.first and _ends_with_colon(line)):
            continue
        help = "write if and elif" if token.text == "match" else "write plain functions and calls"
        return error("syntax", line.span(token.start, token.end), ABSENT[token.text], "unknown", help)
    return None


def _ends_with_colon(line: Line) -> bool:
    end = line.begin
    while end < len(line.tokens) and line.tokens[end].kind != "NEWLINE":
        end += 1
    return end > line.begin and line.tokens[end - 1].text == ":"


def _at_line_end(line: Line) -> bool:
    return line.is_a("NEWLINE") or line.unexpected.token == program.parser().end


def _colon(line: Line) -> AutodiffError | None:
    first = line.first
    if first is None or first.text not in BLOCKS or line.bracket is not None or not line.expects("COLON"):
        return None
    if line.before is first and first.text not in ("else", "try", "finally", "except"):
        return None
    if first.text == "else" and line.found is not None and line.found.text == "if":
        span = line.span(first.start, line.found.end)
        return error("syntax", span, "expected ':'", "else takes no condition", "write elif")
    forced = first.text in ("else", "try", "finally", "def", "class")
    if _at_line_end(line) or (forced and line.found is not None and line.found.text != "="):
        assert line.before is not None
        at = line.before.end
        written = suggested(line.text[first.start : at])
        help = f"write {written}:" if written else "end the line with a colon"
        return error("syntax", line.span(at, at), "expected ':'", "a colon is missing here", help)
    return None


def _assigned(line: Line) -> AutodiffError | None:
    found, first = line.found, line.first
    if found is None or found.text != "=" or line.before is None:
        return None
    span = line.span(found.start, found.end)
    if line.in_call and line.before.ends_operand:
        message = 'expression cannot contain assignment, perhaps you meant "=="?'
        if line.before.text in ("True", "False", "None"):
            message = f"cannot assign to {line.before.text}"
        return error("assignment", span, message, "a keyword argument has a name before its =", "to compare, write ==")
    if line.bracket is not None or (first is not None and first.text in ("if", "elif", "while")):
        message = "invalid syntax. Maybe you meant '==' or ':=' instead of '='?"
        return error("assignment", span, message, "= does not compare", "to compare, write ==")
    return error("assignment", span, "invalid syntax", "nothing is assigned here", "to compare, write ==")


def _misspelt(line: Line) -> AutodiffError | None:
    """A word that is nearly a statement's, and `print x`."""
    first, found = line.first, line.found
    if first is None:
        return None
    if first.kind != "NAME" or line.bracket is not None:
        return None
    after = line.token(line.begin + 1)
    if first.text in ("print", "exec") and after is found and found is not None and found.kind != "NEWLINE":
        rest = line.text[found.start :].splitlines()[0].partition("#")[0].strip()
        message = f"Missing parentheses in call to '{first.text}'. Did you mean {first.text}(...)?"
        write = suggested(f"{first.text}({rest})")
        span = line.span(first.start, found.end)
        return error("syntax", span, message, "a call has brackets", f"write {write}" if write else "write brackets")
    import difflib

    word = {"elseif": "elif", "elsif": "elif", "function": "def", "func": "def", "catch": "except", "foreach": "for"}
    meant = word.get(first.text) or next(iter(difflib.get_close_matches(first.text, STATEMENTS, 1, 0.6)), None)
    if meant is None or after is None or not (after is found or after.text == ":" or line.before is after):
        return None
    says, help = f"not a statement; {meant} is one", f"write {meant}"
    return error("syntax", line.span(first.start, first.end), "invalid syntax", says, help)


def _owner(line: Line) -> AutodiffError | None:
    """An `else` or an `except` without what it belongs to, a `try` without an `except`."""
    at, first = line.unexpected.start, line.first
    if line.expects("except") and line.expects("finally"):
        span = line.span(at, line.found.end if line.found is not None else at)
        help = "write except Exception: and what to do then"
        return error("syntax", span, "expected 'except' or 'finally' block", "the try above has neither", help)
    owners = {"else": "if, for, while or try", "elif": "if", "except": "try", "finally": "try"}
    if first is not None and line.found is first and first.text in owners:
        help = f"indent it as the {owners[first.text]} that it belongs to"
        says = "belongs to no statement above"
        return error("syntax", line.span(first.start, first.end), "invalid syntax", says, help)
    return None


def _operator(line: Line) -> AutodiffError | None:
    """Operators that other languages have."""
    found, before = line.found, line.before
    if before is None:
        return None
    twice = line.token(line.at - 2)
    if _at_line_end(line) and twice is not None and twice.text == before.text and before.text in ("+", "-"):
        span = line.span(twice.start, before.end)
        variable = line.token(line.at - 3)
        name = suggested(variable.text) if variable is not None and variable.kind == "NAME" else "x"
        says, help = f"there is no operator {before.text * 2}", f"write {name} {before.text}= 1"
        return error("syntax", span, "invalid syntax", says, help)
    if found is None:
        return None
    both = before.text + found.text
    meant = {"&&": "and", "||": "or", "<>": "!=", "=>": ">=", "=<": "<=", "===": "==", "!==": "!=", "::": ":"}.get(both)
    if before.end == found.start and meant is not None:
        span = line.span(before.start, found.end)
        return error("syntax", span, "invalid syntax", f"there is no operator {both}", f"write {meant}")
    return None


def _side_by_side(line: Line) -> AutodiffError | None:
    """Two operands with nothing between them."""
    found, before = line.found, line.before
    if found is None or before is None or not (before.ends_operand and found.starts_operand):
        return None
    if before.kind == "NUMBER" and before.end == found.start:
        return adjoined(line)
    if line.bracket is not None:
        message = "invalid syntax. Perhaps you forgot a comma?"
        return error(
            "syntax", line.span(before.start, found.end), message, "two side by side", "write a comma or an operator"
        )
    if before.kind in ("NUMBER", "SUPERSCRIPT") or (before.text in (")", "]") and found.text != "("):
        return adjoined(line)
    return None


def _anything(line: Line) -> AutodiffError:
    """What was expected, and what was found."""
    found, before, at = line.found, line.before, line.unexpected.start
    missing = before is not None and before.kind != "NEWLINE" and not before.ends_operand
    if _at_line_end(line) or found is None:
        says = "something is missing here" if before is None else f"expected more after {before.spoken}"
        code = "unexpected-end" if missing else "syntax"
        return error(code, line.span(at, at), "invalid syntax", says, "complete the line")
    span = line.span(found.start, found.end)
    if found.text in PYTHON_WORDS:
        says = f"the word {found.text} cannot stand here"
    elif missing:
        assert before is not None
        says = f"expected an operand after {before.spoken}"
    else:
        says = f"{quoted(found.text)} cannot stand here"
    help = "expected ':' before it" if line.expects("COLON") and line.bracket is None and not missing else ""
    return error("syntax", span, "invalid syntax", says, *([help] if help else []))
