"""Places in a source text, and errors that carry facts.

An error knows *what* went wrong (a stable code, PyTorch's message where PyTorch has one, the operands
concerned) and, once the layer that knows the text has added it, *where*.  How it looks is the business of
`autodiff.report`; which exit status it has is in `EXIT_CODES` and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Source:
    """A text that expressions are read from: `name` is its place in a request (`expr`, `vars.x`, `let.y` …)."""

    __slots__ = ("name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    def __repr__(self) -> str:
        return f"Source({self.name!r})"


class Span(NamedTuple):
    """Half-open range of code points of a source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]


class Label(NamedTuple):
    """A remark on a piece of the source, such as "x has shape [2, 3]"."""

    span: Span
    text: str


class AutodiffError(Exception):
    """What a user can do wrong, as facts.

    `type` is the class that PyTorch (or Python) would have raised, `message` its first line.  `operands` holds
    the positions of the arguments that are at fault, for the layer that knows their text; `says` stands beside
    the place; `help` says how to get out, one way a string.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        type: str = "RuntimeError",
        span: Span | None = None,
        says: str = "",
        labels: Iterable[Label] = (),
        help: Iterable[str] | str = (),
        operands: Iterable[int] = (),
        source: Source | None = None,
    ) -> None:
        assert code in EXIT_CODES, code
        super().__init__(message)
        self.code = code
        self.message = message
        self.type = type
        self.span = span
        self._source = source
        self.says = says
        self.labels = list(labels)
        self.help = [help] if isinstance(help, str) else list(help)
        self.operands = tuple(operands)

    @property
    def source(self) -> Source | None:
        """The text that the error is in; without a span when only that much is known (data that came as JSON)."""
        return self.span.source if self.span is not None else self._source

    def found_in(self, source: Source) -> None:
        """Say which text the error is in, unless that is known already."""
        self._source = self._source or source

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.code]


FAILED, USAGE, SYNTAX, EVALUATION, INTERNAL = 1, 2, 3, 4, 70

# The one table of codes. `autodiff explain` has a page for each of them; a test compares the two.
EXIT_CODES: dict[str, int] = {
    # 2: usage
    "usage": USAGE,
    "unreadable-file": USAGE,
    "unwritable-file": USAGE,
    "bad-request": USAGE,
    "unknown-wrt": USAGE,
    "bad-key": USAGE,
    "bad-answers": USAGE,
    # 3: text that does not parse
    "bad-json": SYNTAX,
    "syntax": SYNTAX,
    "unexpected-end": SYNTAX,
    "unclosed-bracket": SYNTAX,
    "unopened-bracket": SYNTAX,
    "unknown-character": SYNTAX,
    "implicit-product": SYNTAX,
    "assignment": SYNTAX,
    "transpose-mark": SYNTAX,
    "bad-quotes": SYNTAX,
    "bad-number": SYNTAX,
    # 4: evaluation and autograd
    "unknown-name": EVALUATION,
    "unknown-function": EVALUATION,
    "unknown-attribute": EVALUATION,
    "not-callable": EVALUATION,
    "not-reachable": EVALUATION,
    "unknown-argument": EVALUATION,
    "missing-argument": EVALUATION,
    "too-many-arguments": EVALUATION,
    "argument-type": EVALUATION,
    "bad-value": EVALUATION,
    "bad-dtype": EVALUATION,
    "ragged-list": EVALUATION,
    "shape-mismatch": EVALUATION,
    "matmul-shape": EVALUATION,
    "bad-rank": EVALUATION,
    "not-square": EVALUATION,
    "dim-out-of-range": EVALUATION,
    "index-out-of-range": EVALUATION,
    "too-many-indices": EVALUATION,
    "bad-index": EVALUATION,
    "bad-view": EVALUATION,
    "not-contiguous": EVALUATION,
    "singular-matrix": EVALUATION,
    "not-positive-definite": EVALUATION,
    "several-results": EVALUATION,
    "no-conversion": EVALUATION,
    "needs-value": EVALUATION,
    "needs-shape": EVALUATION,
    "no-formula": EVALUATION,
    "non-scalar-output": EVALUATION,
    "no-grad-path": EVALUATION,
    "gradient-shape": EVALUATION,
    "missing-tangent": EVALUATION,
    "tangent-shape": EVALUATION,
    "integer-gradient": EVALUATION,
    "not-differentiable": EVALUATION,
    "limit-size": EVALUATION,
    "limit-number": EVALUATION,
    "limit-nesting": EVALUATION,
    "limit-steps": EVALUATION,
    "limit-memory": EVALUATION,
    "limit-time": EVALUATION,
    "unknown-module": EVALUATION,
    "uncaught": EVALUATION,
    # 70: ours
    "internal": INTERNAL,
}

# The exit codes of verdicts on answers, which are no errors of the command.
VERDICT_CODES = {"right": 0, "wrong": FAILED, "undecided": 5, "invalid": 6}
