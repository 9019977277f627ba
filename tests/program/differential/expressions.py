"""Random expressions of the supported language, by the kind of value that they have."""

from __future__ import annotations

import random
from collections.abc import Callable

INT, FLOAT, STR, BOOL, INTS, STRS, DICT, SET, TUPLE = "int float str bool ints strs dict set tuple".split()  # noqa: SIM905
KINDS = (INT, FLOAT, STR, BOOL, INTS, STRS, DICT, SET, TUPLE)
WORDS = ("ab", "", "x", "Hello World", "a,b,,c", " pad ", "ünï", "42", "3.5", "aXbXc", "tab\\tx", "it's")


class Expressions:
    """One program; `names` are the variables by kind that have a value at this place."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names: dict[str, list[str]] = {kind: [] for kind in KINDS}
        self.functions: list[tuple[str, int]] = []
        self.classes: list[str] = []
        self.count = 0
        self.loops = 0
        self.inside = 0  # functions around

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def one(self, *choices: Callable[[], str]) -> str:
        return self.random.choice(choices)()

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def fresh(self, prefix: str = "v") -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def some(self, kind: str, depth: int = 0) -> str:
        """An expression of a kind; now and then of another."""
        if self.chance(2):
            return f"({self.some(self.random.choice(KINDS), depth)})"
        known = self.names[kind]
        if known and self.chance(45):
            return self.random.choice(known)
        if depth > 2 or self.chance(25):
            return self.literal(kind)
        return getattr(self, f"some_{kind}")(depth + 1)  # type: ignore[no-any-return]

    def literal(self, kind: str) -> str:
        r = self.random
        if kind == INT:
            return str(r.choice((0, 1, 2, 3, 5, 7, 10, 255, -1, -4, 10**12, 2**64)))
        if kind == FLOAT:
            return r.choice(("0.0", "1.5", "-2.25", "1e10", "3.14159", "1e-7", "0.1", "100.0", "2.5", "-0.0"))
        if kind == STR:
            return f'"{r.choice(WORDS)}"'
        if kind == BOOL:
            return r.choice(("True", "False"))
        if kind in (INTS, TUPLE, SET):
            # Of larger sets of constants Python keeps one for the whole program, whose order is that of the first.
            items = [self.literal(INT) for _ in range(r.randrange(3 if kind == SET else 5))]
            if kind == INTS:
                return f"[{', '.join(items)}]"
            if kind == SET:
                return f"{{{', '.join(items)}}}" if items else "set()"
            return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        if kind == STRS:
            return f"[{', '.join(self.literal(STR) for _ in range(r.randrange(4)))}]"
        return "{" + ", ".join(f"{self.literal(STR)}: {self.literal(INT)}" for _ in range(r.randrange(4))) + "}"

    def some_int(self, d: int) -> str:
        s = self.some
        return self.one(
            lambda: f"({s(INT, d)} {self.pick('+', '-', '*', '//', '%', '&', '|', '>>')} {s(INT, d)})",
            lambda: f"({s(INT, d)} ** {self.pick('2', '0', '3')} % 1000)",
            lambda: f"len({s(self.pick(STR, INTS, STRS, DICT, SET, TUPLE), d)})",
            lambda: f"abs({s(INT, d)})",
            lambda: f"-{s(INT, d)}",
            lambda: f"~{s(INT, d)}",
            lambda: f"(+{s(INT, d)})",
            lambda: f"int({s(self.pick(FLOAT, STR, INT, BOOL), d)})",
            lambda: f"round({s(FLOAT, d)})",
            lambda: f"{s(INTS, d)}[{s(INT, d)}]",
            lambda: f"{s(DICT, d)}[{s(STR, d)}]",
            lambda: f"{s(DICT, d)}.get({s(STR, d)}, {s(INT, d)})",
            lambda: f"{s(STR, d)}.count({s(STR, d)})",
            lambda: f"{s(STR, d)}.find({s(STR, d)})",
            lambda: f"{s(INTS, d)}.index({s(INT, d)})",
            lambda: f"sum({s(self.pick(INTS, TUPLE, SET), d)})",
            lambda: f"max({s(INT, d)}, {s(INT, d)})",
            lambda: f"min({s(INTS, d)}, default={s(INT, d)})",
            lambda: f"({s(INT, d)} if {s(BOOL, d)} else {s(INT, d)})",
            lambda: f"divmod({s(INT, d)}, {s(INT, d)})[{self.pick('0', '1')}]",
            lambda: f"({s(INT, d)}).bit_length()",
            lambda: f"(lambda a, b=2: a - b)({s(INT, d)})",
            lambda: f"sum(i * i for i in range({self.pick('3', '5')}))",
            lambda: f"({s(BOOL, d)} and {s(INT, d)} or {s(INT, d)})",
            lambda: f"pow({s(INT, d)}, 3, 7)",
            lambda: self.called(d),
            lambda: f"ord({s(STR, d)}[0])",
            lambda: f"next(iter({s(INTS, d)}), {s(INT, d)})",
            lambda: f"[*{s(TUPLE, d)}, {s(INT, d)}][-1]",
        )

    def called(self, d: int) -> str:
        """A call of one of the program's functions, with arguments that mostly fit."""
        if not self.functions or self.loops > 1:
            return self.literal(INT)
        name, count = self.random.choice(self.functions)
        args = [self.some(INT, d) for _ in range(count + (self.chance(4) - self.chance(4)))]
        if args and self.chance(10):
            args[-1] = f"{self.pick('p', 'q', 'z')}={args[-1]}"
        if self.chance(8):
            args.append(f"*{self.some(TUPLE, d)}" if not args or "=" not in args[-1] else "**{'q': 3}")
        return f"{name}({', '.join(args)})"

    def some_float(self, d: int) -> str:
        s = self.some
        return self.one(
            lambda: f"({s(FLOAT, d)} {self.pick('+', '-', '*', '/', '//', '%')} {s(self.pick(FLOAT, INT), d)})",
            lambda: f"({s(INT, d)} / {s(INT, d)})",
            lambda: f"float({s(self.pick(INT, STR, FLOAT), d)})",
            lambda: f"round({s(FLOAT, d)}, {self.pick('0', '1', '2', '-1')})",
            lambda: f"abs({s(FLOAT, d)})",
            lambda: f"max({s(FLOAT, d)}, {s(INT, d)})",
            lambda: f"sum([{s(FLOAT, d)}, {s(FLOAT, d)}], {s(FLOAT, d)})",
            lambda: f"({s(FLOAT, d)} ** {self.pick('2', '0.5', '-1')})",
        )

    def some_str(self, d: int) -> str:
        s = self.some
        return self.one(
            lambda: f"({s(STR, d)} + {s(STR, d)})[:30]",
            lambda: f"({s(STR, d)} * {self.pick('0', '2', '3')})[:30]",
            lambda: (
                f"{s(STR, d)}.{self.pick('upper', 'lower', 'title', 'strip', 'capitalize', 'swapcase', 'lstrip', 'rstrip')}()"  # noqa: E501
            ),
            lambda: f"{s(STR, d)}.replace({s(STR, d)}, {s(STR, d)})[:30]",
            lambda: f"{s(STR, d)}[{self.slice_()}]",
            lambda: f"{s(STR, d)}[{s(INT, d)}]",
            lambda: f"{s(STR, d)}.join({s(STRS, d)})[:40]",
            lambda: f"str({s(self.random.choice(KINDS), d)})[:40]",
            lambda: f"repr({s(self.random.choice(KINDS), d)})[:40]",
            lambda: self.fstring(d),
            lambda: self.percent(d),
            lambda: self.template(d),
            lambda: f"{s(STR, d)}.{self.pick('ljust', 'rjust', 'center', 'zfill')}({self.pick('3', '8', '0')})",
            lambda: f"{s(STR, d)}.{self.pick('removeprefix', 'removesuffix')}({s(STR, d)})",
            lambda: f"type({s(self.random.choice(KINDS), d)}).__name__",
            lambda: f"{self.pick('bin', 'hex', 'oct')}({s(INT, d)})",
            lambda: f"chr({s(INT, d)} % 100 + 33)",
            lambda: f"({s(STR, d)} or {s(STR, d)})",
            lambda: f"{s(STR, d)}.partition({s(STR, d)})[{self.pick('0', '1', '2', '-1')}]",
            lambda: f"max({s(STRS, d)}, key=len, default={s(STR, d)})",
            lambda: f"{s(STR, d)}.expandtabs(4)",
            lambda: f"''.join(reversed({s(STR, d)}))",
            lambda: f"''.join(sorted({s(STR, d)}))",
        )

    def slice_(self) -> str:
        start, stop = (self.pick("", "1", "-1", "2", "0", "-3") for _ in range(2))
        return f"{start}:{stop}" + (f":{self.pick('', '2', '-1', '1', '-2')}" if self.chance(50) else "")

    def spec(self) -> str:
        align = self.pick("", "<", ">", "^", "*^", "=")
        return (
            align
            + self.pick("", "+", " ", "-")
            + self.pick("", "0")
            + self.pick("", "6", "12")
            + self.pick("", ",", "_")
            + self.pick("", ".2", ".0", ".4")
            + self.pick("", "f", "d", "e", "g", "x", "s", "%", "b", "n")
        )

    def fstring(self, d: int) -> str:
        kind = self.pick(INT, FLOAT, STR, INTS, BOOL, TUPLE)
        names = self.names[kind]
        value = self.random.choice(names) if names else self.literal(kind).replace('"', "'")
        if "\\" in value or value.startswith("{"):
            value = "7"
        end = self.pick("", f":{self.spec()}", "!r", "!s:>8", "!a", "=", f"=:{self.spec()}", ":{3 + 4}")
        return f'f"<{{{value}{end}}}> {{{{}}}}"'

    def percent(self, d: int) -> str:
        form = self.pick("%d", "%s", "%r", "%5.2f", "%-6d|", "%+d", "%05d", "%x", "%e", "%g", "%%", "%5s", "%c", "%i")
        kind = self.pick(INT, FLOAT, STR, INT)
        return f'"<{form}>" % ({self.some(kind, d)},)'

    def template(self, d: int) -> str:
        form = self.pick("{}", "{0}", "{0!r}", "{:" + self.spec() + "}", "{a}", "{0} {0}", "{} {}", "{0[0]}", "{:{}}")
        return f'"<{form}>".format({self.some(self.pick(INT, FLOAT, STR, INTS), d)}, {self.pick("5", "a=3", "7")})'

    def some_bool(self, d: int) -> str:
        s, kind = self.some, self.pick(INT, FLOAT, STR, INTS, TUPLE, SET, STRS)
        return self.one(
            lambda: f"({s(kind, d)} {self.pick('<', '<=', '>', '>=', '==', '!=')} {s(kind, d)})",
            lambda: f"(not {s(self.random.choice(KINDS), d)})",
            lambda: f"({s(INT, d)} < {s(INT, d)} <= {s(INT, d)})",
            lambda: f"({s(BOOL, d)} {self.pick('and', 'or')} {s(BOOL, d)})",
            lambda: f"({s(INT, d)} {self.pick('in', 'not in')} {s(self.pick(INTS, SET, TUPLE), d)})",
            lambda: f"({s(STR, d)} in {s(self.pick(STR, STRS, DICT), d)})",
            lambda: f"bool({s(self.random.choice(KINDS), d)})",
            lambda: f"{s(STR, d)}.{self.pick('startswith', 'endswith')}({s(STR, d)})",
            lambda: f"{s(STR, d)}.{self.pick('isdigit', 'isalpha', 'isspace', 'isupper', 'isidentifier', 'istitle')}()",
            lambda: (
                f"isinstance({s(self.random.choice(KINDS), d)}, {self.pick('int', 'str', '(int, float)', 'list', 'bool', 'object')})"  # noqa: E501
            ),
            lambda: f"{self.pick('any', 'all')}({s(INTS, d)})",
            lambda: f"any(i > 3 for i in {s(INTS, d)})",
            lambda: f"({s(kind, d)} is None)",
            lambda: f"({s(INT, d)} == {s(FLOAT, d)})",
            lambda: f"callable({self.pick('len', '5', 'print')})",
        )

    def some_ints(self, d: int) -> str:
        s, i = self.some, self.fresh("i")
        return self.one(
            lambda: f"[{i} {self.pick('+ 1', '* 2', '% 3', '')} for {i} in {s(self.pick(INTS, TUPLE), d)}]",
            lambda: f"list(range({self.pick('4', '1, 6, 2', '5, 0, -2', '0')}))",
            lambda: f"[{i} for {i} in range(6) if {i} % 2 == {self.pick('0', '1')}]",
            lambda: f"sorted({s(self.pick(INTS, SET, TUPLE), d)})",
            lambda: f"sorted({s(INTS, d)}, reverse={self.pick('True', 'False')}, key=lambda n: (n % 3, n))",
            lambda: f"({s(INTS, d)} + {s(INTS, d)})[:8]",
            lambda: f"{s(INTS, d)}[{self.slice_()}]",
            lambda: f"({s(INTS, d)} * 2)[:8]",
            lambda: f"list(map(lambda n: n + 1, {s(INTS, d)}))",
            lambda: f"list(filter(None, {s(INTS, d)}))",
            lambda: f"list(reversed({s(INTS, d)}))",
            lambda: f"[a + b for a, b in zip({s(INTS, d)}, {s(INTS, d)})]",
            lambda: f"[*{s(INTS, d)}, *{s(TUPLE, d)}][:8]",
            lambda: f"list({s(DICT, d)}.values())",
            lambda: f"[{i} + j for {i} in range(2) for j in range({i}, 3) if {i} != j]",
            lambda: f"list({s(TUPLE, d)})",
            lambda: f"[len(w) for w in {s(STRS, d)}]",
        )

    def some_strs(self, d: int) -> str:
        s = self.some
        return self.one(
            lambda: f"{s(STR, d)}.split({self.pick('', repr(','), repr('X'), 'None, 1')})[:6]",
            lambda: f"[w.upper() for w in {s(STRS, d)}]",
            lambda: f"sorted({s(STRS, d)}, key=len)",
            lambda: f"list({s(DICT, d)})",
            lambda: f"[str(n) for n in {s(INTS, d)}]",
            lambda: f"({s(STRS, d)} + [{s(STR, d)}])[:6]",
            lambda: f"list({s(STR, d)})[:6]",
            lambda: f"{s(STR, d)}.splitlines()",
            lambda: f"{s(STR, d)}.rsplit({self.pick(repr(','), repr('X'))}, 1)",
            lambda: f"list(map(str, {s(TUPLE, d)}))",
        )

    def some_dict(self, d: int) -> str:
        s = self.some
        return self.one(
            lambda: f"{{k: len(k) for k in {s(STRS, d)}}}",
            lambda: f"{{**{s(DICT, d)}, {s(STR, d)}: {s(INT, d)}}}",
            lambda: f"dict(a={s(INT, d)}, b={s(INT, d)})",
            lambda: f"dict(zip({s(STRS, d)}, {s(INTS, d)}))",
            lambda: f"{{str(k): v for k, v in enumerate({s(INTS, d)}, 1)}}",
            lambda: f"({s(DICT, d)} | {s(DICT, d)})",
            lambda: f"dict({s(DICT, d)})",
            lambda: f"dict.fromkeys({s(STRS, d)}, {s(INT, d)})",
            lambda: f"{{k: v for k, v in sorted({s(DICT, d)}.items()) if v > 1}}",
        )

    def some_set(self, d: int) -> str:
        s = self.some
        return self.one(
            lambda: f"({s(SET, d)} {self.pick('|', '&', '-')} {s(SET, d)})",
            lambda: f"set({s(self.pick(INTS, TUPLE), d)})",
            lambda: f"{{n % 4 for n in {s(INTS, d)}}}",
            lambda: f"{s(SET, d)}.union({s(INTS, d)})",
            lambda: f"frozenset({s(INTS, d)})",
            lambda: f"{{*{s(INTS, d)}, {s(INT, d)}}}",
        )

    def some_tuple(self, d: int) -> str:
        s = self.some
        return self.one(
            lambda: f"tuple({s(self.pick(INTS, SET), d)})",
            lambda: f"({s(INT, d)}, {s(INT, d)})",
            lambda: f"({s(TUPLE, d)} + {s(TUPLE, d)})[:6]",
            lambda: f"divmod({s(INT, d)}, {s(INT, d)})",
            lambda: f"{s(TUPLE, d)}[{self.slice_()}]",
            lambda: f"(*{s(INTS, d)}, {s(INT, d)})[:6]",
            lambda: f"({s(TUPLE, d)} * 2)[:6]",
            lambda: f"tuple(n * n for n in {s(INTS, d)})",
        )
