"""What a word that is being typed may become: names, attributes, arguments, modules.

    text before the cursor ──tokens──▶ what stands before the word ──guess──▶ the names that go there

Nothing that a program defined is run for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from autodiff.program import kinds
from autodiff.program.guesses import Guess, guess, members_of
from autodiff.program.kinds.modules import find_module, module_names
from autodiff.program.session import PREDEFINED, Session
from autodiff.program.signatures import parameters
from autodiff.syntax.program import parse_program, parser
from autodiff.syntax.statements import ExprStatement

INDENT = "    "
WORD = re.compile(r"(?:[^\W\d]\w*)?\Z")
MODULE = re.compile(r"\s*(?:import\s+(?:[\w., ]*,\s*)?|from\s+)([\w.]*)\Z")
MEMBER = re.compile(r"\s*from\s+([\w.]+)\s+import\s+\(?(?:[\w, ]*,\s*)?(\w*)\Z")
OPENERS, CLOSERS = ("LPAR", "LSQB", "LBRACE"), ("RPAR", "RSQB", "RBRACE")

Tokens = list[tuple[str, int, int]]  # kind, start, end


def complete(session: Session, before: str, line: str) -> tuple[int, list[str]]:
    """Where in the line the word at its end begins, and what it may become, in order.

    `before` has the lines above that belong to the same statement.
    """
    if not line.strip():
        return len(line), [INDENT]
    match = MODULE.match(line)
    if match is not None:
        return match.start(1), _starting(match[1], module_names())
    match = MEMBER.match(line)
    if match is not None:
        module = find_module(match[1])
        return match.start(2), [] if module is None else _starting(match[2], members_of(Guess(module), match[2]))
    found = WORD.search(line)
    assert found is not None
    text = f"{before}\n{line}" if before else line
    return found.start(), _words(session, text, len(text) - len(found[0]), found[0])


def _words(session: Session, text: str, at: int, word: str) -> list[str]:
    tokens: Tokens = [token for token in parser().tokens(text, 0, at) if token[0] != "NEWLINE"]
    if _inside_text(text, tokens, at):
        return []
    if tokens and tokens[-1][0] == "NUMBER" and tokens[-1][2] == at:
        return []
    if tokens and text[tokens[-1][1] : tokens[-1][2]] == ".":
        receiver = _primary(session, text, tokens, len(tokens) - 2)
        return [] if receiver is None else _starting(word, members_of(receiver, word))
    arguments = _arguments(session, text, tokens)
    names = set(session.names()) | _written(text, tokens)
    if word:
        names |= {*kinds.BUILTINS, *PREDEFINED, *filter(str.isidentifier, parser().tables.keywords)}
    return [*_starting(word, arguments, "="), *_starting(word, names)]


def _written(text: str, tokens: Tokens) -> set[str]:
    """The names in the text itself, which may be parameters that have no value yet."""
    kinds_before = ["", *(kind for kind, _, _ in tokens)]
    return {
        text[s:e]
        for (kind, s, e), before in zip(tokens, kinds_before, strict=False)
        if (kind == "NAME") > (before == "DOT")
    }


def _starting(word: str, names: Iterable[str], end: str = "") -> list[str]:
    """The names that begin as the word does, those that begin with _ only if it does."""
    return sorted(
        name + end for name in set(names) if name.startswith(word) and (word or not name.startswith("_")) and name
    )


def _inside_text(text: str, tokens: Tokens, at: int) -> bool:
    """Whether a string or a comment is being typed."""
    if any(not kind and text[start] in "'\"" for kind, start, _ in tokens):
        return True
    end = tokens[-1][2] if tokens else 0
    return "#" in text[end:at].rpartition("\n")[2]


def _primary(session: Session, text: str, tokens: Tokens, last: int) -> Guess | None:
    """What the operand is that ends with this token; None where that is not known."""
    first = _begin(tokens, last)
    if first is None:
        return None
    if first and text[tokens[first - 1][1] : tokens[first - 1][2]] in ("def", "class"):
        return None
    trees = parse_program(text[tokens[first][1] : tokens[last][2]])
    tree = trees[0] if len(trees) == 1 else None
    return guess(session, tree.value) if isinstance(tree, ExprStatement) else None


def _begin(tokens: Tokens, last: int) -> int | None:
    """The first token of the operand that ends with this one: names, dots, calls and indexes."""
    at = last
    while at >= 0:
        kind = tokens[at][0]
        if kind in CLOSERS:
            opener = _opener(tokens, at)
            if opener is None:
                return None
            if opener and tokens[opener][0] != "LBRACE" and tokens[opener - 1][0] in ("NAME", "STRING", *CLOSERS):
                at = opener - 1
                continue
            return opener
        if kind not in ("NAME", "STRING"):
            return None
        if at < 2 or tokens[at - 1][0] != "DOT":
            return at
        at -= 2
    return None


def _opener(tokens: Tokens, at: int) -> int | None:
    """The bracket that this one closes; from behind the last token, the one that is open there."""
    depth = 0
    for i in range(at, -1, -1):
        if i < len(tokens) and tokens[i][0] in CLOSERS:
            depth += 1
        elif i < len(tokens) and tokens[i][0] in OPENERS:
            depth -= 1
            if depth == (0 if at < len(tokens) else -1):
                return i
    return None


def _arguments(session: Session, text: str, tokens: Tokens) -> list[str]:
    """The names of arguments that the call around the word may still be given."""
    if not tokens or text[tokens[-1][1] : tokens[-1][2]] not in ("(", ","):
        return []
    opener = _opener(tokens, len(tokens))
    if not opener or tokens[opener][0] != "LPAR" or tokens[opener - 1][0] not in ("NAME", *CLOSERS):
        return []
    function = _primary(session, text, tokens, opener - 1)
    if function is None:
        return []
    given = {
        text[tokens[i][1] : tokens[i][2]]
        for i in range(opener + 1, len(tokens) - 1)
        if tokens[i][0] == "NAME" and text[tokens[i + 1][1] : tokens[i + 1][2]] == "="
    }
    return [name for name in parameters(function.value) if name not in given]


__all__ = ["complete"]
