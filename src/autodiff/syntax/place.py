"""Where a parse stopped, with the tokens around it: what the authors of messages read."""

from __future__ import annotations

from typing import NamedTuple

from autodiff.errors import AutodiffError, Label, Source, Span
from autodiff.syntax.lalr import UnexpectedError
from autodiff.syntax.parse import parser

SPOKEN = {",": "the comma", ".": "the dot", ":": "the colon"}
LONGEST = 40  # of a quotation in a message


class Token(NamedTuple):
    """A token; `kind` is the terminal's name in the grammar, or empty for a character that is no token."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def ends_operand(self) -> bool:
        return self.kind in ("NAME", "NUMBER", "STRING", "SUPERSCRIPT", "ELLIPSIS") or self.text in _OPERAND_ENDS

    @property
    def starts_operand(self) -> bool:
        return self.kind in ("NAME", "NUMBER", "STRING", "ELLIPSIS") or self.text in _OPERAND_STARTS

    @property
    def spoken(self) -> str:
        return SPOKEN.get(self.text, quoted(self.text))


_OPERAND_ENDS = frozenset([")", "]", "True", "False", "None"])
_OPERAND_STARTS = frozenset(["(", "[", "True", "False", "None"])


class Place:
    """Where the parser stopped: `found` (None at the end), what comes before and after it, and the open brackets."""

    def __init__(self, source: Source, start: int, tokens: list[Token] | None = None) -> None:
        self.source = source
        self.text = text = source.text
        if tokens is None:
            tokens = [Token(kind, text[s:e], s, e) for kind, s, e in parser().tokens(text)]
        self.tokens = tokens
        self.at = next((i for i, token in enumerate(self.tokens) if token.start >= start), len(self.tokens))
        self.found = self.token(self.at)
        self.before = self.token(self.at - 1)
        self.after = self.token(self.at + 1)
        self.open: list[int] = []
        for i, token in enumerate(self.tokens[: self.at]):
            if token.kind in ("LPAR", "LSQB", "LBRACE"):
                self.open.append(i)
            elif token.kind in ("RPAR", "RSQB", "RBRACE"):
                self.open.pop()

    def token(self, i: int) -> Token | None:
        return self.tokens[i] if 0 <= i < len(self.tokens) else None

    @property
    def bracket(self) -> Token | None:
        """The innermost open bracket."""
        return self.tokens[self.open[-1]] if self.open else None

    @property
    def in_call(self) -> bool:
        """Whether the innermost open bracket is that of a call."""
        if not self.open or self.tokens[self.open[-1]].text != "(":
            return False
        before = self.token(self.open[-1] - 1)
        return before is not None and before.ends_operand

    @property
    def adjacent(self) -> bool:
        """Whether nothing stands between the operand before and what was found."""
        before, found = self.before, self.found
        return before is not None and found is not None and before.ends_operand and before.end == found.start

    def span(self, start: int, end: int) -> Span:
        return Span(self.source, start, end)

    def left(self) -> str:
        """The operand that ends before the place: `x`, `f(x).T`, `(x+1)`."""
        return self.text[self.tokens[_operand_start(self.tokens, self.at - 1)].start : self.tokens[self.at - 1].end]

    def right(self) -> str:
        """The operand that starts at the place, or no text where none does."""
        if self.found is None or not self.found.starts_operand:
            return ""
        return self.text[self.found.start : self.tokens[_operand_end(self.tokens, self.at)].end]


def _operand_start(tokens: list[Token], i: int) -> int:
    while True:
        if tokens[i].kind == "SUPERSCRIPT" and i > 0 and tokens[i - 1].ends_operand:
            i -= 1
            continue
        if tokens[i].text in (")", "]"):
            depth = 0
            for j in range(i, -1, -1):
                depth += (tokens[j].text in (")", "]")) - (tokens[j].text in ("(", "["))
                if not depth:
                    break
            i = j
            if i > 0 and tokens[i - 1].ends_operand:
                i -= 1
                continue
        if i > 1 and tokens[i].kind == "NAME" and tokens[i - 1].text == "." and tokens[i - 2].ends_operand:
            i -= 2
            continue
        return i


def _operand_end(tokens: list[Token], i: int) -> int:
    depth = 0
    for j in range(i, len(tokens)):
        depth += (tokens[j].text in ("(", "[")) - (tokens[j].text in (")", "]"))
        if depth:
            continue
        following = tokens[j + 1] if j + 1 < len(tokens) else None
        if following is None:
            return j
        dotted = following.text == "." or tokens[j].text == "."
        if not (dotted or following.text in ("(", "[") or following.kind == "SUPERSCRIPT"):
            return j
    return i


def quoted(text: str) -> str:
    """A piece of the text on one line, without what cannot be seen, and not too long."""
    if len(text) > LONGEST:
        text = text[: LONGEST - 10] + "…" + text[-9:]
    return "".join(c if c.isprintable() else " " if c.isspace() else f"<{code_point(c)}>" for c in text)


def suggested(text: str) -> str | None:
    """A piece of the text as part of a repair, if it can be shown as it is."""
    return text if text.isprintable() and len(text) <= LONGEST else None


def parses(text: str) -> bool:
    """Whether a repair is an expression."""
    try:
        parser().parse(Source("repaired", text))
    except (UnexpectedError, AutodiffError):
        return False
    return True


def code_point(character: str) -> str:
    """`U+XXXX`."""
    return f"U+{ord(character):04X}"


def error(
    code: str, span: Span, message: str, says: str, *help: str, labels: list[Label] | None = None
) -> AutodiffError:
    return AutodiffError(code, message, type="SyntaxError", span=span, says=says, help=help, labels=labels or [])
