"""Random programs of the supported language, without tensors: text that Python runs as well.

Every program ends: loops run over small ranges or count down.  Most operations fit their operands; some do not, and
their exceptions are part of what is compared.
"""

from __future__ import annotations

from collections.abc import Callable

from program.differential.expressions import (
    BOOL,
    DICT,
    FLOAT,
    INT,
    INTS,
    KINDS,
    SET,
    STR,
    STRS,
    TUPLE,
    Expressions,
)  # fmt: skip

ERRORS = ("ValueError", "TypeError", "KeyError", "IndexError", "ZeroDivisionError", "Exception", "ArithmeticError")
Lines = list[str]


class Generator(Expressions):
    """One program."""

    def program(self) -> str:
        """The whole text."""
        lines: Lines = []
        for kind in self.random.sample(KINDS, 5):
            lines += self.assign(kind)
        for _ in range(self.random.randint(4, 12)):
            piece = self.statement(0)
            if self.chance(85):
                piece = [
                    "try:",
                    *("    " + line for line in piece),
                    "except Exception as e: print(type(e).__name__, e)",
                ]
            lines += piece
        return "\n".join(lines) + "\n"

    def statement(self, depth: int) -> Lines:
        """One statement, in lines."""
        simple: list[Callable[[int], Lines]] = [
            self.show,
            self.show,
            self.show,
            self.put,
            self.put,
            self.augment,
            self.change,
            self.unpack,
            self.remove,
            self.test,
        ]
        compound: list[Callable[[int], Lines]] = [
            self.if_,
            self.for_,
            self.while_,
            self.try_,
            self.with_,
            self.def_,
            self.class_,
            self.generator,
            self.closure,
        ]
        return self.random.choice(simple if depth > 2 or self.chance(55) else compound)(depth)

    def block(self, depth: int) -> Lines:
        """Statements of a body; what they define stays within."""
        saved = {kind: list(names) for kind, names in self.names.items()}
        functions, classes = list(self.functions), list(self.classes)
        lines: Lines = []
        for _ in range(self.random.randint(1, 3)):
            lines += self.statement(depth + 1)
        self.names, self.functions, self.classes = saved, functions, classes
        return ["    " + line for line in lines]

    def assign(self, kind: str) -> Lines:
        name, value = self.fresh(), self.some(kind)
        self.names[kind].append(name)
        return [f"{name} = {value}"]

    def show(self, depth: int) -> Lines:
        values = [self.some(self.random.choice(KINDS)) for _ in range(self.random.randint(1, 3))]
        end = self.pick("", "", "", ", sep='-'", ", end='|'", ", sep=''")
        return [f"print({', '.join(values)}{end})"]

    def put(self, depth: int) -> Lines:
        kind = self.random.choice(KINDS)
        known = self.names[kind]
        if known and self.chance(40) and not self.inside:
            return [f"{self.random.choice(known)} = {self.some(kind)}"]
        if self.chance(10):
            value = self.some(kind)
            first, second = self.fresh(), self.fresh()
            self.names[kind] += [first, second]
            return [f"{first} = {second} = {value}"]
        if self.chance(10):
            value = self.some(INT)
            name = self.fresh()
            self.names[INT].append(name)
            return [f"print(({name} := {value}) + 1)"]
        return self.assign(kind)

    def augment(self, depth: int) -> Lines:
        kind = self.pick(INT, FLOAT, STR, INTS, SET, TUPLE)
        if not self.names[kind] or self.inside:
            return self.show(depth)
        name, value = self.random.choice(self.names[kind]), self.some(kind)
        if kind in (INT, FLOAT):
            lines = [f"{name} {self.pick('+', '-', '*', '//', '%')}= {value}"]
            return [*lines, f"{name} = {name} % 10007"]
        if kind == SET:
            return [f"{name} {self.pick('|', '&', '-')}= {value}", f"print({name})"]
        return [f"{name} += {value}", f"{name} = {name}[:20]"]

    def change(self, depth: int) -> Lines:
        """A method or an item assignment that changes a collection."""
        s = self.some
        kind = self.pick(INTS, DICT, SET, STRS)
        if not self.names[kind]:
            return self.assign(kind)
        name = self.random.choice(self.names[kind])
        if kind in (INTS, STRS):
            item = INT if kind == INTS else STR
            line = self.pick(
                f"{name}.append({s(item)})",
                f"{name}.insert({s(INT)}, {s(item)})",
                f"{name}.extend({s(kind)})",
                f"{name}.pop()",
                f"{name}.remove({s(item)})",
                f"{name}.sort()",
                f"{name}.sort(key=str, reverse=True)",
                f"{name}.reverse()",
                f"{name}[{s(INT)}] = {s(item)}",
                f"{name}[{self.slice_()}] = {s(kind)}",
                f"del {name}[{s(INT)}]",
                f"del {name}[{self.slice_()}]",
                f"{name}.clear()",
                f"print({name}.pop(0))",
            )
            return [line, f"del {name}[12:]", f"print({name})"]
        if kind == DICT:
            line = self.pick(
                f"{name}[{s(STR)}] = {s(INT)}",
                f"{name}.update({s(DICT)})",
                f"{name}.pop({s(STR)}, None)",
                f"print({name}.setdefault({s(STR)}, {s(INT)}))",
                f"del {name}[{s(STR)}]",
                f"{name}[{s(STR)}] += 1",
                f"print({name}.popitem())",
                f"{name}.update(k={s(INT)})",
            )
            return [line, f"print({name})"]
        return [f"{name}.{self.pick('add', 'discard', 'remove')}({s(INT)})", f"print(sorted({name}))"]

    def unpack(self, depth: int) -> Lines:
        a, b, c = self.fresh(), self.fresh(), self.fresh()
        form = self.random.randrange(5)
        if form == 0:
            lines = [f"{a}, {b} = {self.some(INT)}, {self.some(INT)}"]
        elif form == 1:
            lines = [f"{a}, *{c}, {b} = {self.some(self.pick(INTS, TUPLE))}", f"print({c})"]
        elif form == 2:
            lines = [f"({a}, {b}), {c} = {self.some(TUPLE)}[:2], {self.some(INT)}"]
        elif form == 3:
            lines = [f"{a}, {b} = {self.some(INTS)}"]
        else:
            lines = [f"[{a}, {b}] = divmod({self.some(INT)}, {self.some(INT)})", f"{a}, {b} = {b}, {a}"]
        self.names[INT] += [a, b]
        return [*lines, f"print({a}, {b})"]

    def remove(self, depth: int) -> Lines:
        if self.inside or depth:
            return self.show(depth)
        kind = self.random.choice(KINDS)
        if len(self.names[kind]) < 2:
            return self.show(depth)
        name = self.names[kind].pop()
        return [f"del {name}"] + ([f"print({name})"] if self.chance(5) else [])

    def test(self, depth: int) -> Lines:
        if self.chance(30):
            return [f"assert {self.some(BOOL)} or {self.some(BOOL)}, {self.some(STR)}"]
        return self.show(depth)

    def if_(self, depth: int) -> Lines:
        lines = [f"if {self.some(self.pick(BOOL, BOOL, INT, INTS))}:", *self.block(depth)]
        if self.chance(30):
            lines += [f"elif {self.some(BOOL)}:", *self.block(depth)]
        return lines + (["else:", *self.block(depth)] if self.chance(50) else [])

    def loop_body(self, depth: int) -> Lines:
        self.loops += 1
        body = self.block(depth)
        self.loops -= 1
        if self.chance(25):
            body.insert(
                self.random.choice((0, len(body))) if body[0].startswith("    v") else len(body),
                f"    if {self.some(BOOL)}: {self.pick('break', 'continue')}",
            )
        return body

    def for_(self, depth: int) -> Lines:
        if self.loops > 1:
            return self.show(depth)
        i, j = self.fresh("i"), self.fresh("i")
        kind = self.random.randrange(5)
        if kind == 0:
            head, found = f"for {i} in range({self.pick('3', '1, 4', '4, 0, -2')}):", [(INT, i)]
        elif kind == 1:
            head, found = f"for {i}, {j} in enumerate({self.some(INTS)}[:4]):", [(INT, i), (INT, j)]
        elif kind == 2:
            head, found = f"for {i}, {j} in list({self.some(DICT)}.items())[:4]:", [(STR, i), (INT, j)]
        elif kind == 3:
            head, found = f"for {i}, {j} in zip({self.some(INTS)}[:4], {self.some(STR)}[:4]):", [(INT, i), (STR, j)]
        else:
            head, found = f"for {i} in {self.some(STR)}[:4]:", [(STR, i)]
        for of, name in found:
            self.names[of].append(name)
        body = self.loop_body(depth)
        for of, name in found:
            self.names[of].remove(name)
        return [head, *body, *(["else:", "    print('no break')"] if self.chance(25) else [])]

    def while_(self, depth: int) -> Lines:
        if self.loops > 1:
            return self.show(depth)
        n = self.fresh("n")
        return [f"{n} = {self.pick('2', '3')}", f"while {n} > 0:", f"    {n} -= 1", *self.loop_body(depth)] + (
            ["else:", "    print('done')"] if self.chance(25) else []
        )

    def try_(self, depth: int) -> Lines:
        lines = ["try:", *self.block(depth)]
        if self.chance(40):
            lines.append(f"    raise {self.pick(*ERRORS)}({self.some(self.pick(STR, INT))})")
        if self.chance(20):
            return (
                [*lines, "finally:", *self.block(depth)] if self.chance(50) else [*lines, "except:", *self.block(depth)]
            )
        caught = self.pick(
            "Exception", "(ValueError, IndexError, KeyError)", "LookupError", "ArithmeticError", "TypeError"
        )
        lines += [f"except {caught} as e:", "    print(type(e).__name__, e)"]
        if self.chance(20):
            lines.append(self.pick("    raise", "    raise ValueError('again') from e"))
        if self.chance(30):
            lines += ["except Exception as other:", "    print('other', repr(other))"]
        if self.chance(30):
            lines += ["else:", *self.block(depth)]
        return lines + (["finally:", *self.block(depth)] if self.chance(30) else [])

    def with_(self, depth: int) -> Lines:
        name, c = self.fresh("C"), self.fresh("c")
        swallow = self.pick("True", "False", "kind is not None and issubclass(kind, ArithmeticError)", "None")
        lines = [
            f"class {name}:",
            "    def __init__(self, tag): self.tag = tag",
            "    def __enter__(self):",
            "        print('enter', self.tag)",
            "        return self.tag",
            "    def __exit__(self, kind, error, trace):",
            "        print('exit', kind.__name__ if kind else None, error)",
            f"        return {swallow}",
        ]
        self.names[INT].append(c)
        lines += [f"with {name}({self.some(INT) if self.chance(50) else 5}) as {c}:", *self.block(depth)]
        self.names[INT].remove(c)
        return lines

    def parameters(self) -> tuple[str, int]:
        forms = (
            ("p", 1),
            ("p, q=3", 1),
            ("p, /, q=2", 1),
            ("p, *r", 1),
            ("p, *, q=4", 1),
            ("p, q, *r, z=1, **k", 2),
            ("*r", 0),
            ("p, **k", 1),
            ("p=1, q=[2][0]", 0),
        )
        return self.random.choice(forms)

    def def_(self, depth: int) -> Lines:
        name, (parameters, count) = self.fresh("f"), self.parameters()
        saved = {kind: list(names) for kind, names in self.names.items()}
        self.inside += 1
        self.names[INT] += [p for p in ("p", "q") if p in parameters.replace("print", "")]
        loops, self.loops = self.loops, 0
        body = self.block(depth)
        value = self.some(INT)
        self.loops = loops
        self.inside -= 1
        self.names = saved
        extra = [f"    print({n})" for n, sign in (("r", "*r"), ("k", "**k")) if sign in parameters and self.chance(60)]
        lines = [f"def {name}({parameters}):", *extra, *body, f"    return {value}"]
        self.functions.append((name, count))
        return lines + ([f"print({self.called(1)})"] if self.chance(80) else [])

    def closure(self, depth: int) -> Lines:
        f, g = self.fresh("f"), self.fresh("g")
        lines = [
            f"def {f}(start):",
            "    total = start",
            "    seen = []",
            f"    def {g}(step={self.literal(INT)}):",
            f"        {self.pick('nonlocal total', 'nonlocal total')}",
            f"        {self.pick('total += step', 'total = total * 2 - step', 'total = step - total')}",
            "        seen.append(total)",
            "        return total",
            f"    return {g}, lambda: (total, seen)",
            f"add, look = {f}({self.some(INT)})",
        ]
        if self.chance(15):
            lines[4] = "        pass"
        calls = [f"add({self.some(INT)})" if self.chance(60) else "add()" for _ in range(2)]
        return [*lines, *(f"print({call})" for call in calls), "print(look())"]

    def generator(self, depth: int) -> Lines:
        g = self.fresh("g")
        body = [
            self.pick("for i in range(n):", "while n > 0:"),
            "    n -= 1",
            f"    {self.pick('yield n', 'got = yield n * 2', 'yield (n, n * n)')}",
        ]
        if self.chance(40):
            body = ["try:", *("    " + line for line in body), "finally:", "    n = -1"]
        if self.chance(40):
            body.append(f"return {self.some(INT)}" if self.chance(50) else "yield -1")
        lines = [f"def {g}(n):", "    print('start', n)", *("    " + line for line in body)]
        n = self.pick("3", "2", "0")
        use = self.pick(
            f"print(list({g}({n})))",
            f"for x in {g}({n}): print(x, end=' ')",
            f"it = {g}({n})\nprint(next(it, 'none'))\nit.close()\nprint(list(it))",
            f"it = {g}({n})\nprint(next(it))\nprint(next(it))",
            f"print(dict(enumerate({g}({n}))))",
            f"a, *b = {g}({n})\nprint(a, b)",
            f"it = {g}({n})\nprint(next(it, None))\ntry:\n    print(it.send(5))\nexcept StopIteration as s:\n    print('stopped', s.value)",  # noqa: E501
            f"it = {g}({n})\nprint(next(it, None))\ntry:\n    it.throw(ValueError('thrown'))\nexcept ValueError as e:\n    print(e)",  # noqa: E501
            f"print(sorted({g}({n}), key=str), {n} in ({g}({n})))",
        )
        return [*lines, *use.split("\n")]

    def class_(self, depth: int) -> Lines:
        name = self.fresh("K")
        base = self.random.choice(self.classes) if self.classes and self.chance(60) else ""
        lines = [f"class {name}({base}):" if base else f"class {name}:", f"    shared = {self.some(INT)}"]
        if base and self.chance(50):
            lines += ["    def __init__(self, n=1):", "        super().__init__(n + 1)", "        self.more = n"]
        elif not base:
            lines += ["    def __init__(self, n=1):", "        self.n = n"]
        members = [
            ["def __repr__(self): return f'{type(self).__name__}({self.n})'"],
            ["def __str__(self): return 'K:' + str(self.n)"],
            ["def __eq__(self, other): return isinstance(other, " + name + ") and self.n == other.n"],
            ["def __lt__(self, other): return self.n < other.n"],
            ["def __add__(self, other): return type(self)(self.n + (other if isinstance(other, int) else other.n))"],
            ["def __radd__(self, other): return ('radd', other, self.n)"],
            ["def __iadd__(self, other):", "    self.n += other", "    return self"],
            ["def __len__(self): return abs(self.n) % 5"],
            ["def __bool__(self): return self.n % 2 == 0"],
            ["def __getitem__(self, i):", "    if i > 3: raise IndexError(i)", "    return self.n * i"],
            ["def __setitem__(self, k, v): print('set', k, v)"],
            ["def __contains__(self, x): return x == self.n"],
            ["def __call__(self, *a, **k): return (self.n, a, k)"],
            ["def __iter__(self): return iter([self.n, self.shared])"],
            ["def __hash__(self): return 7"],
            [
                "def __mul__(self, o): return NotImplemented"
                if self.chance(50)
                else "def __mul__(self, o): return self.n * o"
            ],
            ["def __neg__(self): return -self.n"],
            ["def __format__(self, spec): return '<' + spec + '>'"],
            ["@property", "def double(self): return self.n * 2"],
            ["@property", "def p(self): return self.n", "@p.setter", "def p(self, v): self.n = v"],
            ["@staticmethod", "def make(n=3): return n + 1"],
            ["@classmethod", "def build(cls, n=4): return cls(n)"],
            ["def method(self, x=2): return self.n + x + self.shared"],
            ["kind = 'plain'"],
        ]
        for member in self.random.sample(members, self.random.randint(2, 7)):
            lines += ["    " + line for line in member]
        self.classes.append(name)
        o = self.fresh("o")
        lines.append(f"{o} = {name}({self.some(INT)} % 10)")
        uses = [
            f"print(str({o})[:12])" if "__str__" in str(lines) else f"print(type({o}).__name__)",
            f"print({o}.n, {o}.shared)",
            f"print({o} == {name}(3), {o} != {o})",
            f"print({o} + 1)" if "__repr__" in "".join(lines) else f"print(({o} + 1).n)",
            f"print(5 + {o})",
            f"{o} += 2\nprint({o}.n)",
            f"print(len({o}))",
            f"print(bool({o}))",
            f"print({o}[2])",
            f"{o}[1] = 2",
            f"print(3 in {o})",
            f"print({o}(1, k=2))",
            f"print(list({o}))",
            f"print({{{o}: 1}}[{o}])",
            f"print({o} * 3)",
            f"print(-{o})",
            f"print(f'{{{o}:>5}}')" if "__format__" in "".join(lines) else "pass",
            f"print({o}.double)",
            f"{o}.p = 9\nprint({o}.p)",
            f"print({name}.make(), {o}.make(1))",
            f"print({name}.build().n)",
            f"print({o}.method())",
            f"print({o}.missing)",
            f"{o}.double = 3",
            f"print(hasattr({o}, 'more'), getattr({o}, 'zzz', 0))",
            f"{name}.shared = 5\nprint({o}.shared)",
            f"del {o}.n\nprint({o}.n)",
            f"print(isinstance({o}, {base or name}), issubclass({name}, object))",
            f"print(sorted([{name}(3), {name}(1)])[0].n)",
            f"print(max({name}(3), {name}(4)).n)",
        ]
        for use in self.random.sample(uses, self.random.randint(1, 5)):
            lines += [
                "try:",
                *("    " + line for line in use.split("\n")),
                "except Exception as e: print(type(e).__name__, str(e)[:90])",
            ]
        return lines


def program(seed: int) -> str:
    """The program of a seed."""
    return Generator(seed).program()
