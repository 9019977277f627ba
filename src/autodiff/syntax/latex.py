"""LaTeX as the expression that it means, for a repair: `\\frac{1}{2} x^{2}` → `1/2*x^2`.

Only what is common is known; for anything else there is no repair.  Imported only when there is a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Collection

TOKEN = re.compile(r"\\[A-Za-z]+\*?|\\.|[A-Za-z]+|\d+(?:\.\d+)?|\S")
DEEPEST = 30  # groups within groups; LaTeX that people write has a handful
MATRIX = re.compile(r"\w+\.T|[A-Z]")
SIMPLE = re.compile(r"[\w.]+|\w+\([^()]*\)")

GREEK = re.compile(
    "(?:var)?(?:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|mu|nu|xi|pi|rho|sigma|tau|upsilon|phi|chi|psi"
    "|omega)",
    re.IGNORECASE,
)
NAMES = {"lambda": "lam", "infty": "inf", "ell": "l", "varepsilon": "epsilon", "varphi": "phi", "vartheta": "theta"}
FUNCTION = re.compile("a?(?:sin|cos|tan)h?|exp|log|ln|max|min|det")
FUNCTIONS = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "tr": "trace", "Tr": "trace", "lg": "log10"}
OPERATORS = {"cdot": "*", "times": "*", "ast": "*", "odot": "*", "circ": "*", "div": "/", "le": "<=", "leq": "<="}
OPERATORS |= {"ge": ">=", "geq": ">=", "ne": "!=", "neq": "!=", "lt": "<", "gt": ">"}
FONT = re.compile(r"math\w+|text\w*|boldsymbol|bm|vec|hat|bar|tilde|operatorname")
BLANK = re.compile(r"left|right|q?quad|displaystyle|[bB]igg?[lr]?|limits|nolimits|[,;:! ]")
BARS = {"|": ("|", "abs"), "\\|": ("\\|", "norm"), "\\lvert": ("\\rvert", "abs"), "\\lVert": ("\\rVert", "norm")}
CLOSERS = {"(": ")", "[": "]", "{": "}", "\\{": "\\}"}


class UnknownError(Exception):
    """Something that is not known here."""


def translated(text: str) -> str | None:
    """The expression that LaTeX stands for, None where that is not clear."""
    tokens = [t for t in TOKEN.findall(text) if t not in ("$", "\\(", "\\)", "\\[", "\\]", "&")]
    tokens = [t for t in tokens if not (t.startswith("\\") and BLANK.fullmatch(t[1:]))]
    reader = _Reader(tokens)
    try:
        written = reader.terms(())
    except (UnknownError, IndexError):
        return None
    return written if reader.at == len(tokens) and written else None


class _Reader:
    """Reads tokens from `at` on."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.indexes: list[str] = []

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def terms(self, ends: Collection[str], single: bool = False) -> str:
        """Everything up to one of the tokens; of a `single` term, up to a sum as well."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise UnknownError
        out: list[str] = []
        operand = False
        while (token := self.peek()) and token not in ends:
            name = token[1:] if token.startswith("\\") else token
            if token in "+-=,<>*/" or name in OPERATORS:
                if single and token in "+-=,":
                    break
                out.append(f" {token} " if token in "+-=<>" and operand else OPERATORS.get(name, token))
                self.at += 1
                operand = False
                continue
            factor = self.scripted(self.operand())
            if operand:
                matrices = MATRIX.fullmatch(out[-1]) or MATRIX.fullmatch(factor)
                out.append(" @ " if matrices else "*")
            out.append(factor)
            operand = True
        self.depth -= 1
        return "".join(out)

    def group(self) -> str:
        """One argument of a command: `{…}`, or a single token."""
        token = self.take()
        if token in CLOSERS:
            inside = self.terms((CLOSERS[token],))
            self.at += 1
            return inside
        if len(token) > 1 and token.isdigit():  # \frac12
            self.at -= 1
            self.tokens[self.at : self.at + 1] = list(token)
            token = self.take()
        if token.startswith("\\") or not (token.isalnum() or token == "."):
            self.at -= 1
            return self.operand()
        return token

    def operand(self) -> str:
        """A name, number, bracket, or command with its arguments."""
        token = self.take()
        if token in BARS:
            end, function = BARS[token]
            inside = self.terms((end,))
            self.at += 1
            if function == "norm" and self.peek() == "_":
                self.at += 1
                order = self.group()
                inside += "" if order in ("2", "F") else f", {order}"
            return f"{function}({inside})"
        if token in CLOSERS:
            inside = self.terms((CLOSERS[token],))
            self.at += 1
            return f"({inside})" if token != "{" or not SIMPLE.fullmatch(inside) else inside
        if token.startswith("\\"):
            return self.command(token[1:])
        if token in ("sum", "prod") and self.peek() == "_":
            return self.added(token)
        if token[0].isalnum():
            return token
        raise UnknownError

    def command(self, name: str) -> str:
        if name in ("frac", "dfrac", "tfrac"):
            above, below = self.group(), self.group()
            if above.startswith("d") and below.startswith("d"):  # a derivative
                raise UnknownError
            return f"{grouped(above)}/{grouped(below)}"
        if name == "sqrt":
            if self.peek() == "[":
                root = self.group()
                return f"{grouped(self.group())}^(1/{root})"
            return f"sqrt({self.group()})"
        if FONT.fullmatch(name):
            inside = self.group()
            named = name == "operatorname" or (len(inside) > 1 and self.peek() == "(")
            return self.called(FUNCTIONS.get(inside, inside)) if named else inside
        if name in ("sum", "prod"):
            return self.added(name)
        if name in FUNCTIONS or FUNCTION.fullmatch(name):
            return self.called(FUNCTIONS.get(name, name))
        if name in NAMES or GREEK.fullmatch(name):
            return NAMES.get(name, name)
        raise UnknownError

    def called(self, function: str) -> str:
        power = ""
        if self.peek() == "^":
            self.at += 1
            power = self.power()
        bracket = self.peek() in ("(", "{", "[")
        inside = self.group() if bracket else self.scripted(self.operand())
        return f"{function}({inside}){power}"

    def added(self, function: str) -> str:
        while self.peek() in ("_", "^"):
            below = self.take() == "_"
            start = self.at
            self.group()
            written = [t for t in self.tokens[start : self.at] if t not in "{}"]
            if below and written:
                self.indexes.append(written[0])
        return f"{function}({self.terms((')', ']', '}'), single=True)})"

    def scripted(self, base: str) -> str:
        """What stands above and below an operand."""
        while self.peek() in ("^", "_", "'"):
            token = self.take()
            if token == "'":
                raise UnknownError
            if token == "^":
                base = grouped(base) + self.power()
                continue
            below = self.group()
            if below not in self.indexes:
                base = f"{base}_{below}"
        return base

    def power(self) -> str:
        start = self.at
        exponent = self.raw_transpose()
        if exponent:
            return ".T"
        self.at = start
        written = self.group()
        return f"^{written}" if re.fullmatch(r"-?[\w.]+", written) else f"^({written})"

    def raw_transpose(self) -> bool:
        token = self.take()
        if token != "{":
            return token in ("T", "\\top", "\\intercal", "\\prime")
        inside = []
        while self.peek() and (token := self.take()) != "}":
            inside.append(token)
        return [t for t in inside if t not in ("{", "\\mathsf", "\\mathrm")] in (["T"], ["\\top"], ["\\intercal"])


def grouped(text: str) -> str:
    """An operand, in brackets where another sign would tear it apart."""
    if SIMPLE.fullmatch(text) or (text.startswith("(") and text.endswith(")") and ")" not in text[1:-1]):
        return text
    return f"({text})"
