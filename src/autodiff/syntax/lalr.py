"""A table-driven LALR(1) parser, small and quick to import.

The grammar is Lark's and so are the tables, but Lark itself takes longer to import than most expressions take to
answer; `generate` runs it ahead of time, and this driver runs the result.

Three stacks beside the states hold what each symbol is worth and which part of the text it covers. A node's own span
may be smaller (`(x+1)` is worth the node `x+1`), and the symbol's extent is what the next node's span is made from.
Nodes are built as rules are reduced and nothing recurses, so the depth of a text is limited by memory alone.

The grammar has one rule a level of precedence, so a lone `x` climbs a dozen rules that build nothing. `_after` takes
the whole climb in one step: the state that follows depends only on the state below, the symbol and the next token,
and is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from autodiff.errors import Source

# A rule's function gets the source, and for each symbol of the rule its value (None for a token), start and end.
Builder = Callable[[Source, list[Any], list[int], list[int]], Any]


class Tables:
    """What `generate` makes of a grammar.

    Terminals are numbered in the order in which they are tried, then come the keywords, then those that are declared
    (no text matches them; whoever makes the tokens puts them in), then the end of the text.
    `actions[state][terminal]` is the state to go to, or ~rule to reduce, or 0 for an error. A rule is its left side,
    its length and its function's name, which is empty when the rule only passes a value on.
    """

    __slots__ = (
        "accept",
        "actions",
        "crc",
        "declared",
        "gotos",
        "ignored",
        "keywords",
        "lark",
        "rules",
        "terminals",
        "word",
    )

    def __init__(
        self,
        *,
        lark: str,
        crc: int,
        terminals: tuple[tuple[str, str], ...],
        ignored: tuple[int, ...],
        word: int,
        keywords: tuple[str, ...],
        declared: tuple[str, ...] = (),
        rules: tuple[tuple[int, int, str], ...],
        accept: int,
        actions: tuple[tuple[int, ...], ...],
        gotos: tuple[tuple[int, ...], ...],
    ) -> None:
        self.lark = lark
        self.crc = crc
        self.terminals = terminals
        self.ignored = ignored
        self.word = word
        self.keywords = keywords
        self.declared = declared
        self.rules = rules
        self.accept = accept
        self.actions = actions
        self.gotos = gotos


def unpacked(columns: int, text: str) -> tuple[tuple[int, ...], ...]:
    """The rows of a table: a line each, of columns and their cells by turns; all other cells are 0."""
    rows = []
    for line in text.split("\n"):
        row = [0] * columns
        numbers = map(int, line.split())
        for column in numbers:
            row[column] = next(numbers)
        rows.append(tuple(row))
    return tuple(rows)


class UnexpectedError(Exception):
    """No rule continues with what stands at `start`: a token, no token at all, or the end of the text."""

    def __init__(self, start: int, token: int = -1, row: tuple[int, ...] = ()) -> None:
        super().__init__(start)
        self.start = start
        self.token = token  # its number, or -1 where no token is
        self.row = row  # the state's actions: the tokens that it admits have one


class Parser:
    def __init__(self, tables: Tables, builders: Mapping[str, Builder]) -> None:
        self.tables = tables
        self.end = len(tables.terminals) + len(tables.keywords) + len(tables.declared)
        self._regex = re.compile("|".join(f"({pattern})" for _, pattern in tables.terminals))
        self._ignored = frozenset(tables.ignored)
        self._keywords = {word: len(tables.terminals) + i for i, word in enumerate(tables.keywords)}
        self._rules = [(left, length, builders[name] if name else None) for left, length, name in tables.rules]
        self._after_memo: dict[tuple[int, int, int], int] = {}

    def parse(self, source: Source) -> Any:
        """The value of the whole text, or `UnexpectedError`."""
        return self.run(source, self.scan(source.text))

    def scan(self, text: str, begin: int = 0, stop: int | None = None) -> Iterator[tuple[int, int, int]]:
        """Number, start and end of every token that is not ignored, then the end; or `UnexpectedError`."""
        ignored, keywords, word = self._ignored, self._keywords, self.tables.word
        stop = len(text) if stop is None else stop
        position = begin
        for match in self._regex.finditer(text, begin, stop):
            start, end = match.span()
            if start != position:
                raise UnexpectedError(position)
            position = end
            token = match.lastindex - 1  # type: ignore[operator]  # every alternative is a group
            if token == word:
                yield keywords.get(match[0], word), start, end
            elif token not in ignored:
                yield token, start, end
        if position != stop:
            raise UnexpectedError(position)
        yield self.end, position, position

    def run(self, source: Source, tokens: Iterable[tuple[int, int, int]]) -> Any:
        """The value of the tokens, of which the last is the end, or `UnexpectedError`."""
        end_token, actions, rules = self.end, self.tables.actions, self._rules
        accept, memo = self.tables.accept, self._after_memo
        states = [0]
        values: list[Any] = []
        starts: list[int] = []
        ends: list[int] = []
        row = actions[0]
        for token, start, end in tokens:
            while (action := row[token]) < 0:
                left, length, build = rules[~action]
                if length == 1:
                    states.pop()
                    if build is not None:
                        values[-1] = build(source, values[-1:], starts[-1:], ends[-1:])
                else:
                    assert build is not None
                    value = build(source, values[-length:], starts[-length:], ends[-length:])
                    last = ends[-1]
                    del states[-length:], values[-length:], ends[-length:], starts[1 - length :]
                    values.append(value)
                    ends.append(last)
                key = (states[-1], left, token)
                state = memo.get(key) or self._after(key)
                if state == accept and token == end_token:
                    return values[0]
                states.append(state)
                row = actions[state]
            if not action:
                raise UnexpectedError(start, token, row)
            states.append(action)
            values.append(None)
            starts.append(start)
            ends.append(end)
            row = actions[action]
        raise AssertionError("the tokens have no end")

    def _after(self, key: tuple[int, int, int]) -> int:
        """The state after the symbol `left` on top of `below`, past all rules that would only rename it."""
        below, left, token = key
        actions, gotos, rules = self.tables.actions, self.tables.gotos, self.tables.rules
        state = gotos[below][left]
        while (action := actions[state][token]) < 0 and not rules[~action][2]:
            state = gotos[below][rules[~action][0]]
        self._after_memo[key] = state
        return state

    def tokens(self, text: str, position: int = 0, stop: int | None = None) -> Iterator[tuple[str, int, int]]:
        """Kind, start and end of everything in the text; what is no token is a character of the kind ""."""
        stop = len(text) if stop is None else stop
        while position < stop:
            match = self._regex.match(text, position, stop)
            if match is None:
                yield "", position, position + 1
                position += 1
                continue
            token = match.lastindex - 1  # type: ignore[operator]
            if token not in self._ignored:
                kind = "KEYWORD" if match[0] in self._keywords else self.tables.terminals[token][0]
                yield kind, position, match.end()
            position = match.end()
