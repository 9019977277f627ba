"""What texts mean: structure, exact values, exact spans, and depth without recursion."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff.errors import AutodiffError
from autodiff.syntax.parse import parse
from autodiff.syntax.tree import (
    Attribute,
    Binary,
    Call,
    Compare,
    Constant,
    Index,
    Keyword,
    ListOf,
    Name,
    Number,
    Slice,
    String,
    Tree,
    TupleOf,
    Unary,
)


def shape(tree: Tree | None) -> str:
    """The tree as an S-expression, without its spans."""
    match tree:
        case None:
            return "_"
        case Number():
            return str(tree.value) if not tree.decimal else f"{float(tree.value)!r}"
        case String():
            return repr(tree.value)
        case Constant():
            return "..." if tree.value is ... else repr(tree.value)
        case Name():
            return tree.id
        case Unary():
            return f"({tree.op} {shape(tree.operand)})"
        case Binary():
            return f"({tree.op} {shape(tree.left)} {shape(tree.right)})"
        case Compare():
            links = "".join(f" {op} {shape(b)}" for op, b in zip(tree.ops, tree.operands[1:], strict=True))
            return f"(compare {shape(tree.operands[0])}{links})"
        case Call():
            return "(" + " ".join(["call", shape(tree.function), *map(shape, [*tree.args, *tree.keywords])]) + ")"
        case Keyword():
            return f"{tree.name}={shape(tree.value)}"
        case Attribute():
            return f"(. {shape(tree.value)} {tree.name})"
        case Index():
            kind = "index-tuple" if tree.tuple else "index"
            return "(" + " ".join([kind, shape(tree.value), *map(shape, tree.items)]) + ")"
        case Slice():
            return f"(slice {shape(tree.start)} {shape(tree.stop)} {shape(tree.step)})"
        case ListOf() | TupleOf():
            kind = "list" if isinstance(tree, ListOf) else "tuple"
            return "(" + " ".join([kind, *map(shape, tree.items)]) + ")"
    raise AssertionError(tree)


STRUCTURES = [
    # precedence, loosest first
    ("a or b and c", "(or a (and b c))"),
    ("a and b or c", "(or (and a b) c)"),
    ("not a and b", "(and (not a) b)"),
    ("not a == b", "(not (compare a == b))"),
    ("not not a", "(not (not a))"),
    ("a < b | c", "(compare a < (| b c))"),
    ("a | b & c", "(| a (& b c))"),
    ("a & b + c", "(& a (+ b c))"),
    ("a + b * c", "(+ a (* b c))"),
    ("a * -b", "(* a (- b))"),
    ("-a * b", "(* (- a) b)"),
    ("-a ^ b", "(- (** a b))"),
    ("2 ^ -x", "(** 2 (- x))"),
    ("2^-x^2", "(** 2 (- (** x 2)))"),
    ("~a & ~b", "(& (~ a) (~ b))"),
    ("~a ** 2", "(~ (** a 2))"),
    ("a ^ b.T[0](c)", "(** a (call (index (. b T) 0) c))"),
    ("- + ~x", "(- (+ (~ x)))"),
    # associativity
    ("a - b - c", "(- (- a b) c)"),
    ("a - (b - c)", "(- a (- b c))"),
    ("a / b * c", "(* (/ a b) c)"),
    ("a // b % c @ d", "(@ (% (// a b) c) d)"),
    ("a ^ b ^ c", "(** a (** b c))"),
    ("a ** b ^ c", "(** a (** b c))"),
    ("(a ^ b) ^ c", "(** (** a b) c)"),
    ("a or b or c", "(or (or a b) c)"),
    # comparisons
    ("a < b <= c", "(compare a < b <= c)"),
    ("a ≤ b ≥ c ≠ d", "(compare a <= b >= c != d)"),
    ("(a < b) < c", "(compare (compare a < b) < c)"),
    ("a < (b < c)", "(compare a < (compare b < c))"),
    ("a == b != c > d", "(compare a == b != c > d)"),
    ("x<-1", "(compare x < (- 1))"),
    # what people paste
    ("a − b", "(- a b)"),
    ("−a", "(- a)"),
    ("2×x·y⋅z÷w", "(/ (* (* (* 2 x) y) z) w)"),
    ("x²", "(** x 2)"),
    ("x²³", "(** x 23)"),
    ("x⁻¹", "(** x (- 1))"),
    ("(x+1)²", "(** (+ x 1) 2)"),
    ("2×x²", "(* 2 (** x 2))"),
    ("-x²", "(- (** x 2))"),
    ("2^x²", "(** 2 (** x 2))"),
    ("x²^3", "(** (** x 2) 3)"),
    ("f(x)².sum()", "(call (. (** (call f x) 2) sum))"),
    ("x ²", "(** x 2)"),
    ("α_1 + β̂", "(+ α_1 β̂)"),
    ("𝑥 + x₁ + µ", "(+ (+ x x1) μ)"),
    ("ｘ", "x"),
    # calls, attributes
    ("f()", "(call f)"),
    ("f(a, b,)", "(call f a b)"),
    ("f(a, dim=1, keepdim=True,)", "(call f a dim=1 keepdim=True)"),
    ("f((a, b))", "(call f (tuple a b))"),
    ("f(a)(b)", "(call (call f a) b)"),
    ("(a)(b)", "(call a b)"),
    ("x.sum(1).T", "(. (call (. x sum) 1) T)"),
    ("(2).sum()", "(call (. 2 sum))"),
    ("torch.nn.functional.relu(x)", "(call (. (. (. torch nn) functional) relu) x)"),
    ("f(a, p='fro')", "(call f a p='fro')"),
    ("f(x == y)", "(call f (compare x == y))"),
    ("f(not a, b or c)", "(call f (not a) (or b c))"),
    ("f(x=a<b)", "(call f x=(compare a < b))"),
    # lists and tuples
    ("[]", "(list)"),
    ("[1]", "(list 1)"),
    ("[1,]", "(list 1)"),
    ("[[1, 2], [3, 4],]", "(list (list 1 2) (list 3 4))"),
    ("()", "(tuple)"),
    ("(1)", "1"),
    ("(1,)", "(tuple 1)"),
    ("(1, 2)", "(tuple 1 2)"),
    ("(1, 2, 3,)", "(tuple 1 2 3)"),
    ("((1, 2), 3)", "(tuple (tuple 1 2) 3)"),
    # indexes
    ("x[0]", "(index x 0)"),
    ("x[0,]", "(index-tuple x 0)"),
    ("x[0, 1]", "(index-tuple x 0 1)"),
    ("x[(0, 1)]", "(index x (tuple 0 1))"),
    ("x[:]", "(index x (slice _ _ _))"),
    ("x[a:]", "(index x (slice a _ _))"),
    ("x[:b]", "(index x (slice _ b _))"),
    ("x[a:b]", "(index x (slice a b _))"),
    ("x[::]", "(index x (slice _ _ _))"),
    ("x[::c]", "(index x (slice _ _ c))"),
    ("x[a::c]", "(index x (slice a _ c))"),
    ("x[:b:]", "(index x (slice _ b _))"),
    ("x[:b:c]", "(index x (slice _ b c))"),
    ("x[a:b:c]", "(index x (slice a b c))"),
    ("x[a::]", "(index x (slice a _ _))"),
    ("x[a:b:]", "(index x (slice a b _))"),
    ("x[:, 1:, ..., None, ::2,]", "(index-tuple x (slice _ _ _) (slice 1 _ _) ... None (slice _ _ 2))"),
    ("x[[0, 2]]", "(index x (list 0 2))"),
    ("x[x > 0]", "(index x (compare x > 0))"),
    ("x[-1:-n+1]", "(index x (slice (- 1) (+ (- n) 1) _))"),
    ("x[0][1]", "(index (index x 0) 1)"),
    # names near to keywords, constants, blanks and comments
    ("nothing + android + order + Truest", "(+ (+ (+ nothing android) order) Truest)"),
    ("True and None", "(and True None)"),
    ("_x1", "_x1"),
    ("  x\n\t+\r\n  y  ", "(+ x y)"),
    ("x # a comment ) ' $\n+ y # the end", "(+ x y)"),
    ("x\u00a0+\u2009y", "(+ x y)"),
    ("x.not_", "(. x not_)"),
    ("x.lambda", "(. x lambda)"),
]


@pytest.mark.parametrize(("text", "expected"), STRUCTURES, ids=[text for text, _ in STRUCTURES])
def test_structure(text: str, expected: str) -> None:
    assert shape(parse(text)) == expected


@pytest.mark.parametrize(
    ("text", "value", "decimal"),
    [
        ("3", 3, False),
        ("007", 7, False),
        ("1_000_000", 10**6, False),
        ("9" * 4300, 10**4300 - 1, False),
        ("0" * 5000 + "1", 1, False),
        ("0.1", Fraction(1, 10), True),
        ("1.", Fraction(1), True),
        (".5", Fraction(1, 2), True),
        ("1_0.2_5", Fraction(41, 4), True),
        ("1e-3", Fraction(1, 1000), True),
        ("1.5E+2", Fraction(150), True),
        ("2e1_0", Fraction(2 * 10**10), True),
        ("1e308", Fraction(10**308), True),
        ("1e-400", Fraction(1, 10**400), True),
        ("0e999999999999", Fraction(0), True),
        ("0.0", Fraction(0), True),
        ("1" + "0" * 4000 + "e-4000", Fraction(1), True),
        ("1." + "0" * 9000, Fraction(1), True),
    ],
)
def test_numbers_are_exact(text: str, value: int | Fraction, decimal: bool) -> None:
    tree = parse(text)
    assert isinstance(tree, Number)
    assert (type(tree.value), tree.value, tree.decimal) == (type(value), value, decimal)


@pytest.mark.parametrize(
    "text",
    [
        "9" * 4301,
        "1e999999999",
        "1e-999999999",
        "1e4300",
        "0." + "1" * 4301,
        "1e" + "9" * 10**6,
        "7" * 10**6,
        "x" + "²" * 4301,
        ("1_" * 5000)[:-1],
        "1e-" + "0" * 10 + "9" * 8,
    ],
)
def test_numbers_are_limited(text: str) -> None:
    with pytest.raises(AutodiffError) as raised:
        parse(text)
    assert raised.value.code == "limit-number"
    assert len(raised.value.message) < 200


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'fro'", "fro"),
        ('"it\'s"', "it's"),
        (r"'\'\"\\\n\t\x41\u03b1\U0001d465\101\0'", "'\"\\\n\tA\u03b1\U0001d465A\0"),
        (r"'\N{GREEK SMALL LETTER ALPHA}'", "\u03b1"),
        (r"'\d'", r"\d"),
        ("'a\\\nb'", "ab"),
        ("'# no comment'", "# no comment"),
        ('""', ""),
    ],
)
def test_strings(text: str, value: str) -> None:
    tree = parse(text)
    assert isinstance(tree, String)
    assert tree.value == value


# Each expression with a node picked from it, and the text that its span must cover.
SPANS = [
    ("2*(x+1)^2", lambda t: t, "2*(x+1)^2"),
    ("2*(x+1)^2", lambda t: t.op_span, "*"),
    ("2*(x+1)^2", lambda t: t.right, "(x+1)^2"),
    ("2*(x+1)^2", lambda t: t.right.op_span, "^"),
    ("2*(x+1)^2", lambda t: t.right.left, "x+1"),
    ("2*(x+1)^2", lambda t: t.right.left.left, "x"),
    ("2*(x+1)^2", lambda t: t.right.right, "2"),
    (" ( ( x ) ) ", lambda t: t, "x"),
    ("((x)) + ((y))", lambda t: t, "((x)) + ((y))"),
    ("-(x)", lambda t: t, "-(x)"),
    ("not (a) or b", lambda t: t.left, "not (a)"),
    ("(a) < b < (c)", lambda t: t, "(a) < b < (c)"),
    ("(a < b)(c)", lambda t: t.function, "a < b"),
    ("(x).sum( 1 )", lambda t: t, "(x).sum( 1 )"),
    ("(x).sum( 1 )", lambda t: t.function, "(x).sum"),
    ("(x).sum( 1 )", lambda t: t.function.name_span, "sum"),
    ("f(a, dim = (1))", lambda t: t.keywords[0], "dim = (1)"),
    ("f(a, dim = (1))", lambda t: t.keywords[0].name_span, "dim"),
    ("f(a, dim = (1))", lambda t: t.keywords[0].value, "1"),
    ("x[1 : (2), ...]", lambda t: t, "x[1 : (2), ...]"),
    ("x[1 : (2), ...]", lambda t: t.items[0], "1 : (2)"),
    ("x[1 : (2), ...]", lambda t: t.items[1], "..."),
    ("x[ : ]", lambda t: t.items[0], ":"),
    ("x[::2]", lambda t: t.items[0], "::2"),
    ("[ 1, (2) ]", lambda t: t, "[ 1, (2) ]"),
    ("( 1, 2 )", lambda t: t, "( 1, 2 )"),
    ("((1,))", lambda t: t, "(1,)"),
    ("x + 'a b'", lambda t: t.right, "'a b'"),
    ("(x)⁻²³", lambda t: t, "(x)⁻²³"),
    ("(x)⁻²³", lambda t: t.op_span, "⁻²³"),
    ("(x)⁻²³", lambda t: t.right, "⁻²³"),
    ("(x)⁻²³", lambda t: t.right.operand, "²³"),
    ("# c\n x # d\n", lambda t: t, "x"),
    ("𝑥 × 𝒚", lambda t: t.right, "𝒚"),
    ("True", lambda t: t, "True"),
]


@pytest.mark.parametrize(("text", "pick", "covered"), SPANS)
def test_spans(text, pick, covered) -> None:  # type: ignore[no-untyped-def]
    picked = pick(parse(text, "let.y"))
    span = getattr(picked, "span", picked)
    assert span.text == covered
    assert (span.source.name, span.source.text) == ("let.y", text)


# ------------------------------------------------------------------------------- print → parse, on trees by chance

LEVELS = {
    "or": 1,
    "and": 2,
    "not": 3,
    "compare": 4,
    "|": 5,
    "&": 6,
    "+": 7,
    "-": 7,
    "unary": 9,
    "**": 10,
    "primary": 11,
}
LEVELS |= dict.fromkeys(["*", "/", "//", "%", "@"], 8)


def level(tree: Tree) -> int:
    if isinstance(tree, Binary):
        return LEVELS[tree.op]
    if isinstance(tree, Unary):
        return LEVELS["not" if tree.op == "not" else "unary"]
    return LEVELS["compare"] if isinstance(tree, Compare) else LEVELS["primary"]


def printed(tree: Tree, least: int = 0) -> str:
    """The text of a tree with as few parentheses as the levels allow."""
    text = _printed(tree)
    return f"({text})" if level(tree) < least else text


def _printed(tree: Tree) -> str:
    match tree:
        case Number():
            return (
                str(tree.value)
                if not tree.decimal
                else f"{tree.value.numerator}e-{len(str(tree.value.denominator)) - 1}"
            )
        case String():
            return repr(tree.value)
        case Constant():
            return "..." if tree.value is ... else repr(tree.value)
        case Name():
            return tree.id
        case Unary():
            return f"not {printed(tree.operand, 3)}" if tree.op == "not" else f"{tree.op}{printed(tree.operand, 9)}"
        case Binary():
            mine = level(tree)
            left, right = (mine + 1, LEVELS["unary"]) if tree.op == "**" else (mine, mine + 1)
            return f"{printed(tree.left, left)} {tree.op} {printed(tree.right, right)}"
        case Compare():
            links = "".join(f" {op} {printed(b, 5)}" for op, b in zip(tree.ops, tree.operands[1:], strict=True))
            return printed(tree.operands[0], 5) + links
        case Call():
            return f"{printed(tree.function, 11)}({', '.join(map(printed, [*tree.args, *tree.keywords]))})"
        case Keyword():
            return f"{tree.name}={printed(tree.value)}"
        case Attribute():
            return f"{printed(tree.value, 11)} .{tree.name}"  # the blank keeps `1 .T` from being a number
        case Index():
            comma = "," if tree.tuple and len(tree.items) == 1 else ""
            return f"{printed(tree.value, 11)}[{', '.join(map(printed, tree.items))}{comma}]"
        case Slice():
            start, stop, step = (printed(part) if part else "" for part in (tree.start, tree.stop, tree.step))
            return f"{start}:{stop}:{step}"
        case ListOf():
            return f"[{', '.join(map(printed, tree.items))}]"
        case TupleOf():
            return f"({', '.join(map(printed, tree.items))}{',' if len(tree.items) == 1 else ''})"
    raise AssertionError(tree)


SPAN = parse("x").span
names = st.sampled_from(["x", "y", "α", "torch", "_1", "notation"])
leaves = st.one_of(
    names.map(lambda name: Name(SPAN, name)),
    st.integers(0, 10**20).map(lambda value: Number(SPAN, value, False)),
    st.builds(lambda n, k: Number(SPAN, Fraction(n * 10 + 1, 10**k), True), st.integers(0, 999), st.integers(1, 9)),
    st.text(st.characters(codec="utf-8"), max_size=5).map(lambda value: String(SPAN, value)),
    st.sampled_from([True, False, None, ...]).map(lambda value: Constant(SPAN, value)),
)


OPERATORS = ["+", "-", "*", "/", "//", "%", "@", "**", "|", "&", "and", "or"]
COMPARISONS = ["<", "<=", ">", ">=", "==", "!="]


@st.composite
def trees(draw: st.DrawFn, depth: int = 4) -> Tree:
    def pick(options: list[str]) -> str:
        return draw(st.sampled_from(options))

    def count(least: int = 0) -> range:
        return range(draw(st.integers(least, 3)))

    def grow(depth: int) -> Tree:
        kinds = ["leaf", "unary", "binary", "binary", "compare", "call", "attribute", "index", "list", "tuple"]
        kind = pick(kinds) if depth else "leaf"
        if kind == "leaf":
            return draw(leaves)
        inner = grow(depth - 1)
        if kind == "unary":
            return Unary(SPAN, pick(["-", "+", "~", "not"]), inner)
        if kind == "binary":
            return Binary(SPAN, pick(OPERATORS), SPAN, inner, grow(depth - 1))
        if kind == "compare":
            ops = [pick(COMPARISONS) for _ in count(1)]
            return Compare(SPAN, ops, [inner, *(grow(depth - 2 if depth > 1 else 0) for _ in ops)])
        if kind == "call":
            function = Name(SPAN, draw(names)) if isinstance(inner, Number | Binary) else inner
            ids = draw(st.lists(names, max_size=2, unique=True))
            args = [grow(depth - 1) for _ in count()]
            return Call(SPAN, function, args, [Keyword(SPAN, id, SPAN, grow(depth - 1)) for id in ids])
        if kind == "attribute":
            return Attribute(SPAN, inner, draw(names), SPAN)
        if kind == "index":
            items = [subscript(depth - 1) for _ in count(1)]
            return Index(SPAN, inner, items, len(items) > 1 or draw(st.booleans()))
        return (ListOf if kind == "list" else TupleOf)(SPAN, [grow(depth - 1) for _ in count()])

    def subscript(depth: int) -> Tree:
        if draw(st.booleans()):
            return grow(depth)
        return Slice(SPAN, *(grow(depth) if draw(st.booleans()) else None for _ in range(3)))

    return grow(depth)


@settings(max_examples=200, deadline=None)
@given(trees())
def test_printed_trees_parse_to_themselves(tree: Tree) -> None:
    parsed = parse(printed(tree))
    assert shape(parsed) == shape(tree)
    todo = [parsed]
    while todo:
        node = todo.pop()
        for inner in children(node):
            assert node.span.start <= inner.span.start < inner.span.end <= node.span.end
            todo.append(inner)


def children(node: Tree) -> list[Tree]:
    found: list[Tree] = []
    for slot in type(node).__slots__:
        value = getattr(node, slot)
        found += [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, Tree)]
    return found


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "x",
                "2",
                ".5",
                "'a'",
                "(",
                ")",
                "[",
                "]",
                ",",
                ".",
                ":",
                "=",
                "+",
                "-",
                "*",
                "**",
                "^",
                "²",
                "⁻¹",
                "@",
                "<",
                "==",
                "&",
                "|",
                "~",
                "not",
                "and",
                "if",
                "'",
                '"',
                "!",
                "$",
                "“",
                "”",
                "`",
                "\\",
                "#",
                "\n",
            ]
        )
        | st.characters(),
        max_size=12,
    ).map("".join)
)
def test_any_text_is_a_tree_or_a_clear_error(text: str) -> None:
    result = attempt(text)
    if isinstance(result, Tree):
        assert text[result.span.start : result.span.end].strip()
        return
    assert result.code == "limit-number" or (result.type, result.exit_code) == ("SyntaxError", 3)
    assert result.span is not None
    assert 0 <= result.span.start <= result.span.end <= len(text)
    assert result.help
    for words in (result.message, result.says, *result.help, *(label.text for label in result.labels)):
        assert words
        assert words.isprintable()


def attempt(text: str) -> Tree | AutodiffError:
    try:
        return parse(text)
    except AutodiffError as error:
        return error


# ----------------------------------------------------------------------------------------------------------- depth

N = 40_000  # forty times what recursion would bear
DEEP = {
    "sum": "x" + "+x" * N,
    "power": "x" + "^x" * N,
    "unary": "-" * N + "x",
    "not": "not " * N + "x",
    "comparison": "x" + "<x" * N,
    "parentheses": "(" * N + "x" + ")" * N,
    "calls": "sin(" * N + "x" + ")" * N,
    "keywords": "f(a=" * N + "x" + ")" * N,
    "lists": "[" * N + "x" + "]" * N,
    "items": "[" + "1," * N + "]",
    "tuples": "(" * N + "x" + ",)" * N,
    "attributes": "x" + ".T" * N,
    "indexes": "x[" * N + "0" + "]" * N,
}


@pytest.mark.parametrize("kind", DEEP)
def test_depth_is_not_limited(kind: str) -> None:
    text = DEEP[kind]
    count, todo = 0, [parse(text)]
    while todo:
        node = todo.pop()
        count += 1
        todo += children(node)
    doubled = ("sum", "power", "calls", "keywords", "indexes")
    assert count >= {"parentheses": 1, **dict.fromkeys(doubled, 2 * N)}.get(kind, N)


@pytest.mark.parametrize("text", ["(" * N, "x" + "+x" * N + "+", "-" * N, "[" * N + ")", "x" + "(1)" * N + "y"])
def test_depth_is_not_limited_in_errors(text: str) -> None:
    with pytest.raises(AutodiffError) as raised:
        parse(text)
    assert len(raised.value.message) < 200
