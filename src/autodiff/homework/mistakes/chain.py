"""The chain rule: f(u(x))' = f'(u(x)) u'(x), with a part of it left out or in the wrong place.

Stewart, Calculus, section 3.4.  The place is the inner function where its derivative is missing, and the outer one
where that was skipped.
"""

from __future__ import annotations

from collections.abc import Iterator

from autodiff.graph.node import Node
from autodiff.graph.op import ops
from autodiff.graph.primitive import variable
from autodiff.homework.mistakes.product import HINT as PRODUCT_HINT
from autodiff.homework.mistakes.walk import Rule, Slip, Walk, behind, grafted, is_elementwise, text

HINT = "look at the chain rule again: something is inside of something"
SAME_SHAPE = frozenset(("softmax", "softmin"))  # vectors to vectors: left out as easily as a function


def chains(walk: Walk) -> Iterator[Slip]:
    """At each inner function, the chain rule applied wrongly."""
    inner = [node for node in walk.pieces if node is not walk.output and walk.is_inner(node)]
    for node in inner:
        yield from _without_inner(walk, node)
    for node in walk.pieces:
        yield from _norms(walk, node)
        yield from _skipped(walk, node)
    for node in walk.pieces:
        if is_elementwise(node) and sum(map(walk.depends, node.inputs)) == 1:
            yield from _misplaced(walk, node)
    for node in inner:
        yield from _taken_elsewhere(walk, node)


def inner_misused(walk: Walk) -> Iterator[Slip]:
    """At each inner function, its derivative used in another way than as a factor."""
    for node in walk.pieces:
        if node is not walk.output and walk.is_inner(node):
            yield from _wrong_inner(walk, node)
            slope = walk.elementwise(node)
            if slope is not None:
                says = f"the derivative of {text(node)} is a factor, and stands inside as well"
                yield walk.whole("chain", "f'(u')u'", node, _inside_too, says, HINT, (walk, node, slope))


def _without_inner(walk: Walk, node: Node) -> Iterator[Slip]:
    g = walk.cotangent(node)
    if g is not None and g.shape in ((), walk.leaf.shape):
        if node.op.name == "sub" and behind(node.inputs[1]) is walk.leaf and not walk.depends(node.inputs[0]):
            says = f"the minus before {text(node.inputs[1])} in {text(node)} is lost"
            yield walk.whole("sign", "inner", node, lambda: walk.instead_of(node, g), says, "check the signs")
            return
        if product := _product_around(walk, node):
            says = f"in the product rule for {text(product)}, the derivative of {text(node)} is left out"
            yield walk.whole("product", "inner", product, lambda: walk.instead_of(node, g), says, PRODUCT_HINT)
            return
        says = f"this is the gradient without {{inner}} of {text(node)}"
        yield walk.whole("chain", "inner", node, lambda: walk.instead_of(node, g), says, HINT)
        if g.shape != walk.leaf.shape:
            spread = lambda: walk.instead_of(node, g * ops.ones_like(walk.leaf))  # noqa: E731
            yield walk.whole("chain", "inner spread", node, spread, says, HINT)


def _product_around(walk: Walk, node: Node) -> Node | None:
    """The product that a node is a factor of, with the variable in both, where it stands nowhere else."""
    around = [outer for outer in walk.useful if node in outer.inputs]
    if len(around) == 1 and around[0].op.name == "mul" and all(map(walk.depends, around[0].inputs)):
        return around[0]
    return None


def _skipped(walk: Walk, node: Node) -> Iterator[Slip]:
    """A function whose own derivative is left out: the cotangent passes through."""
    places = [i for i, x in enumerate(node.inputs) if walk.depends(x)]
    if len(places) != 1 or walk.is_linear(node) or not (is_elementwise(node) or node.op.name in SAME_SHAPE):
        return
    rule: Rule = lambda g: [g if i in places else None for i in range(len(node.inputs))]  # noqa: E731
    says = f"this is the gradient without the derivative of {text(node)} itself"
    yield walk.slip("chain", "skipped", node, rule, says, HINT)


def _misplaced(walk: Walk, node: Node) -> Iterator[Slip]:
    """f(u') and f(u) u'."""
    place = next(i for i, x in enumerate(node.inputs) if walk.depends(x))
    u = node.inputs[place]
    inner, outer = text(u), text(node)
    if behind(u) is walk.leaf or walk.is_linear(node):
        return
    says = f"{outer} itself stands where its derivative should"
    kept: Rule = lambda g: [g * node if i == place else None for i in range(len(node.inputs))]  # noqa: E731
    yield walk.slip("chain", "f(u)u'", node, kept, says, HINT)
    if u.shape != walk.leaf.shape:
        return
    g, slope = walk.cotangent(node), walk.elementwise(behind(u))
    if g is None or slope is None:
        return
    says = f"{inner} is replaced by its derivative inside of {outer}"
    yield walk.whole(
        "chain", "f(u')", behind(u), lambda: walk.instead_of(node, g * _applied(node, place, slope)), says, HINT
    )
    says = f"the derivative of {inner} stands inside of the derivative of {outer}, and it should be a factor"
    local = lambda: walk.instead_of(node, at_another(walk, node, place, g, slope))  # noqa: E731
    yield walk.whole("chain", "g f'(u')", behind(u), local, says, HINT)


def _taken_elsewhere(walk: Walk, node: Node) -> Iterator[Slip]:
    """f'(u') and f'(x) u', for everything around u as f."""
    slope = walk.elementwise(node)
    if slope is None:
        return
    inner = text(node)
    says = f"the derivative of {inner} stands inside, in place of {inner}; it should be a factor"
    inside = lambda: walk.instead_of(node, around(walk, node, slope))  # noqa: E731
    yield walk.whole("chain", "f'(u')", node, inside, says, HINT)
    says = f"the derivative of what is around {inner} is taken at {walk.setting.wrt}, and not at {inner}"
    elsewhere = lambda: walk.instead_of(node, around(walk, node, walk.leaf) * slope)  # noqa: E731
    yield walk.whole("chain", "f'(x)u'", node, elsewhere, says, HINT)


def around(walk: Walk, node: Node, place: Node) -> Node:
    """The derivative of the expression by one of its nodes, taken where that is something else."""
    here = variable(" place", node.shape, node.dtype, True)
    made: dict[Node, Node] = {node: here}
    for outer in walk.useful:
        if any(x in made for x in outer.inputs):
            made[outer] = _with_inputs(outer, tuple([made.get(x, x) for x in outer.inputs]))
    found = walk.pulled(made[walk.output], here)
    return grafted(found, here, place)


def _inside_too(walk: Walk, node: Node, slope: Node) -> Node:
    return walk.instead_of(node, around(walk, node, slope) * slope)


def _with_inputs(node: Node, inputs: tuple[Node, ...]) -> Node:
    """The node's operation applied to something else."""
    made = Node(node.op, inputs, node.params, node.shape, node.dtype, True)
    made.span = node.span
    return made


def at_another(walk: Walk, node: Node, place: int, g: Node, u: Node) -> Node:
    """What a node hands to an operand, with something else in the place of the operand."""
    here = variable(" place", u.shape, u.dtype, True)
    return grafted(walk.pulled(_applied(node, place, here), here, g), here, u)


def _applied(node: Node, place: int, u: Node) -> Node:
    return _with_inputs(node, tuple([u if i == place else x for i, x in enumerate(node.inputs)]))


def _wrong_inner(walk: Walk, node: Node) -> Iterator[Slip]:
    """f'/u', f' + u', and f' u in place of f' u'."""
    g, slope = walk.cotangent(node), walk.elementwise(node)
    if g is None or slope is None or g.shape != walk.leaf.shape:
        return
    here = text(node)
    says = f"{{inner}} of {here} divides, and it should be a factor"
    yield walk.whole("chain", "divided", node, lambda: walk.instead_of(node, g / slope), says, HINT)
    says = f"{{inner}} of {here} is added, and it should be a factor"
    yield walk.whole("chain", "added", node, lambda: walk.instead_of(node, g + slope), says, HINT)
    says = f"{here} itself is the factor, and not its derivative"
    yield walk.whole("chain", "itself", node, lambda: walk.instead_of(node, g * node), says, HINT)
    says = f"{{inner}} of {here} is squared"
    yield walk.whole("chain", "squared", node, lambda: walk.instead_of(node, g * slope * slope), says, HINT)


def _norms(walk: Walk, node: Node) -> Iterator[Slip]:
    """Functions that hide a chain of their own: norm(x) = sqrt(sum(x^2)), logsumexp(x) = log(sum(exp(x)))."""
    if not node.inputs:
        return
    x, here = node.inputs[0], text(node)
    rules: list[tuple[str, Rule, str]] = []
    halves: list[tuple[str, Rule, str]] = []
    if node.op.name == "vector_norm" and node.params[0] == 2 and not node.shape:
        squares = f"{here} is the root of the sum of squares, and"
        rules = [
            ("no root", lambda g: [g * 2 * x], f"{squares} the root is left out"),
            ("inner", lambda g: [g / (2 * node) * ops.ones_like(x)], f"{squares} the squares are not differentiated"),
            ("squares", lambda g: [g * x], f"{squares} its derivative lacks a division by {here}"),
            ("not root", lambda g: [g * x / node**2], f"{squares} here the root is missing below"),
        ]
        halves = [
            ("half", lambda g: [g * x / (2 * node)], f"{squares} the factor 2 of the squares is lost"),
            ("no half", lambda g: [g * 2 * x / node], f"{squares} the factor 1/2 of the root is lost"),
        ]
    if node.op.name == "logsumexp":
        inside = f"{here} is log(sum(exp(x))), and"
        rules = [
            (
                "inner",
                lambda g: [_spread(g / ops.exp(node), node, x)],
                f"{inside} the exponentials are not differentiated",
            ),
            ("no log", lambda g: [ops.exp(x) * _spread(g, node, x)], f"{inside} the logarithm is not differentiated"),
        ]
    if node.op.name in ("det", "linalg.det"):
        rules = [
            ("no det", lambda g: [g * ops.t(ops.linalg_inv(x))], f"the factor {here} of its derivative is missing")
        ]
    for label, rule, says in rules:
        yield walk.slip("chain", label, node, rule, says, HINT)
    for label, rule, says in halves:
        yield walk.slip("factor", label, node, rule, says, "check the constant factors")


def _spread(g: Node, node: Node, x: Node) -> Node:
    for dim in sorted(node.params[0] or ()):
        if not node.params[1]:
            g = ops.unsqueeze(g, dim)
    return ops.expand(g, x.shape)  # type: ignore[no-any-return]
