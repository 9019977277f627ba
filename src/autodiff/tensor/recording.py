"""Recording what a call made as a recipe, so that it can be made again without asking."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autodiff.graph.node import Node, Results, ancestors
from autodiff.graph.primitive import CONSTANT, VARIABLE
from autodiff.tensor import recipes
from autodiff.tensor.pending import Later, is_waiting
from autodiff.tensor.recipes import RECIPES, End, Recipe, Single, Step
from autodiff.tensor.storage import memory_of
from autodiff.tensor.straight import Assembler, NotStraightError
from autodiff.tensor.tensor import Tensor, form_of
from autodiff.tensor.views import made_contiguous, path_between, viewed


def remember(key: Any, operands: Sequence[Any], sources: dict[Node, Any], made: Any, result: Any) -> None:
    """Keep the recipe of what a call made (nodes) and gave (tensors)."""
    if len(RECIPES) >= recipes.LIMIT:
        RECIPES.clear()
    try:
        RECIPES[key] = _recorded(operands, sources, made, result)
    except Exception:  # such calls go the general way then
        RECIPES[key] = None


def _recorded(operands: Sequence[Any], sources: dict[Node, Any], made: Any, result: Any) -> Recipe:
    several = isinstance(made, Results)
    outputs: list[Node] = list(made) if several else [made]
    tensors: list[Any] = list(result) if several else [result]
    for node, tensor in zip(outputs, tensors, strict=True):
        if not isinstance(node, Node) or node.weak or not isinstance(tensor, Tensor):
            raise NotStraightError
    places = {id(operand): i for i, operand in enumerate(operands)}
    numbers = {node: places[id(tensor)] for node, tensor in sources.items()}
    numbers |= {operand: i for i, operand in enumerate(operands) if operand.__class__ is Node}
    stand: list[Any] = [None] * len(operands)
    for node, i in numbers.items():
        stand[i] = node
    if None in stand:
        raise NotStraightError
    between = [node for node in ancestors(outputs, lambda node: node not in numbers) if node not in numbers]
    if not several and made not in numbers and is_waiting(result):
        return _later(operands, numbers, between, made)
    tracked = any(node.requires_grad for node in outputs)
    assembler = Assembler(stand)
    for node in numbers:
        assembler.alias(node, stand[numbers[node]])
    for node in between:
        if node.op is VARIABLE or node.op.reads_shape or node.weak is not (node.op is CONSTANT):
            raise NotStraightError
        assembler.add(node)
    shown = [viewed(n) for n, t in zip(outputs, tensors, strict=True) if t._base is not None and n not in numbers]
    wanted = [node for node in (between if tracked else [*outputs, *shown]) if node not in numbers and not node.weak]
    if tracked:
        wanted = [node for node in wanted if not assembler.hidden(node)] + [
            node for node in outputs if assembler.hidden(node)
        ]
    program = assembler.finish(wanted, exact=True)
    slots = {node: i for i, node in enumerate(wanted)}
    steps = _steps(between, numbers, len(operands), slots) if tracked else []
    ends = [_end(n, t, operands, sources, slots, numbers) for n, t in zip(outputs, tensors, strict=True)]
    recipe = Recipe(program, steps, ends, made if several else None)
    return (
        recipe if several or (not tracked and outputs[0] in numbers) else _single(recipe, operands, stand, outputs[0])
    )


def _steps(between: list[Node], numbers: dict[Node, int], count: int, slots: dict[Node, int]) -> list[Step]:
    """How the nodes between operands and results are made; `numbers` learns theirs."""
    given = dict(numbers)
    steps: list[Step] = []
    for node in between:
        seen = tuple([given.get(memory_of(i), -1) for i in node.inputs])
        inputs = tuple([numbers[i] for i in node.inputs])
        numbers[node] = count + len(steps)
        steps.append(Step(node, inputs, seen, slots.get(node, -1)))
    return steps


def _later(operands: Sequence[Any], numbers: dict[Node, int], between: list[Node], output: Node) -> Later:
    if any(node.op is VARIABLE or node.op.reads_shape or node.weak is not (node.op is CONSTANT) for node in between):
        raise NotStraightError
    return Later(_steps(between, numbers, len(operands), {}), numbers[output])


def _end(node: Node, tensor: Any, operands: Sequence[Any], sources: Any, slots: Any, numbers: Any) -> End:
    end = End()
    for i, operand in enumerate(operands):
        if operand is tensor:
            end.same = i
            return end
    end.slot = slots[node]
    if node.requires_grad:
        end.number = numbers[node]
    for i, operand in enumerate(operands):
        if operand.__class__ is not Node and operand._counter is tensor._counter:
            found = path_between(node, sources)
            if found is None or found[0] is not operand:
                raise NotStraightError
            end.source, end.path = i, found[1]
            return end
    if tensor._base is not None:  # a view of what was made on the way
        root = viewed(node)
        if root not in slots:
            raise NotStraightError
        end.root, end.path = (slots[root], numbers[root] if root.requires_grad else -1), tensor._path
        return end
    if node.op.grad_fn == "SqueezeBackward4" or node.eager.laid_out:
        raise NotStraightError  # laid out, or counted, as only the general way does it
    end.form = form_of(tensor)
    end.contiguous = len(node.shape) > 1 and made_contiguous(node)
    end.fresh = isinstance(node.op.kernel, np.ufunc)
    return end


def _single(recipe: Recipe, operands: Sequence[Any], stand: list[Any], output: Node) -> Recipe:
    """The same recipe, unrolled if it is simple enough."""
    end, program, dtype = recipe.ends[0], recipe.program, output.dtype
    kernels = [call for call in program.calls if call[0] is not np.asarray and call[0] is not dtype.numpy.type]
    elsewhere = end.same >= 0 or end.source >= 0 or end.root is not None
    several = recipe.many is not None or elsewhere or len(recipe.steps) > 1 or program.constants
    if several or end.contiguous or not end.fresh or not dtype.is_floating or len(kernels) != 1:
        return recipe
    kernel, i, j, _, _ = kernels[0]
    simple = sorted(stand, key=id) == sorted(output.inputs, key=id) and operands[0].__class__ is not Node
    if not simple or i < 0 or (j >= 0) != (len(operands) == 2):
        return recipe
    if any(operand.__class__ is not Node and operand.dtype is not dtype for operand in operands):
        return recipe
    return Single(recipe, kernel, 0 if i == 0 else 1, output.shape == (), dtype)
