"""What random programs are made of: a statement or expression a line.

`{x}` is a tensor, `{y}` another one that broadcasts to it or a number, `{z}` any tensor, `{n}` a number.  Lines with a
tilde are for wide programs alone.
"""

from __future__ import annotations


class Lines(list[str]):
    """The lines of all programs; `wide` has those of wide programs besides."""

    wide: list[str]


def lines(text: str) -> Lines:
    """The lines of a block, without those that are empty."""
    every = [line.strip() for line in text.splitlines() if line.strip()]
    found = Lines(line for line in every if line[0] != "~")
    found.wide = [*found, *(line[1:].strip() for line in every if line[0] == "~")]
    return found


NUMBERS = ["2", "3", "0.5", "-1.5", "1", "0", "-2", "2.0", "1e-3", "True"]

LEAVES = lines("""
    torch.ones({size}, requires_grad=True)
    torch.zeros({size})
    torch.full({shape}, 2.5)
    torch.randn({size}, requires_grad=True)
    torch.rand({size})
    torch.arange(6.).view(2, 3)
    torch.arange(5)
    torch.eye(3, requires_grad=True)
    torch.linspace(0, 1, 4)
""")

UNARY = [
    "exp",
    "log",
    "sin",
    "cos",
    "tan",
    "tanh",
    "sigmoid",
    "relu",
    "sqrt",
    "abs",
    "neg",
    "square",
    "reciprocal",
    "rsqrt",
    "log1p",
    "expm1",
    "sign",
    "erf",
    "atan",
    "sinh",
    "cosh",
    "log2",
    "asinh",
    "positive",
]
UNARY_IN_PLACE = [
    "exp_",
    "sin_",
    "cos_",
    "tanh_",
    "sigmoid_",
    "relu_",
    "sqrt_",
    "abs_",
    "neg_",
    "square_",
    "reciprocal_",
    "zero_",
    "log1p_",
    "erf_",
    "sign_",
    "detach_",
    "t_",
    "expm1_",
    "rsqrt_",
    "atan_",
    "log_",
    "tan_",
]

# Functions with jumps, for numbers that are exact: after rounding, the two sides might jump apart.
JUMPS = lines("""
    {x}.floor()
    {x}.round()
    {x}.trunc()
    {x}.frac()
    {x}.ceil()
    {x}.sign()
    {x} // {n}
    {x} % {n}
    {n} % {x}
    {x} // {x}
    {x}.fmod({n})
    {x}.clone().floor_()
    {x}.clone().remainder_({n})
    {x}.clone().round_()
""")

FUNCTIONS = lines("""
    torch.maximum({x}, {y})
    torch.minimum({x}, {y})
    torch.where({x} > 0, {x}, {y})
    torch.add({x}, {y}, alpha=2)
    torch.mul({x}, {y})
    torch.sub({x}, {y})
    torch.div({x}, {y})
    torch.rsub({x}, {y})
    torch.pow({x}, {n})
    torch.atan2({x}, {y})
    torch.hypot({x}, {y})
    torch.logaddexp({x}, {y})
    torch.addcmul({x}, {y}, {y})
    torch.nn.functional.softplus({x})
    torch.nn.functional.leaky_relu({x})
    torch.nn.functional.mse_loss({x}, {y})
    {x}.clamp(-1, 1)
    {x}.clamp(min=0)
    {x}.lerp({y}, 0.3)
    {x}.xlogy({y})
    {x}.masked_fill({x} > 0, 1.5)
    {x}.to(torch.float64)
    {x}.double()
    {x}.float()
    {x}.long()
    {x}.clone()
    {x}.contiguous()
    {x}.tril()
    {x}.triu()
    {x}.flip(0)
    {x}.roll(1, 0)
    {x}.cumsum(0)
    {x}.cumprod(0)
    {x}.softmax(-1)
    {x}.log_softmax(-1)
    {x}.sort(0)[0]
    {x}.topk(1, 0)[0]
    {x}.repeat(2, 1)
    {x}.outer({x})
    {x}.gather(0, torch.zeros_like({x}, dtype=torch.int64))
    {x}.index_select(0, torch.tensor([0]))
    {x}.logsumexp(0)
    {x}.var(0)
    {x}.new_zeros(2)
    {x}.new_tensor([1., 2.])
    {x}.type_as({y})
    torch.as_tensor({x})
    torch.zeros_like({x})
    torch.ones_like({x})
    ~ torch.var_mean({x}, 0)[1]
    ~ torch.std_mean({x})[0]
    ~ torch.aminmax({x}).max
    ~ {x}.cummax(0)[0]
    ~ {x}.cummin(0).values
    ~ {x}.kthvalue(1, 0)[0]
    ~ {x}.mode(0)[0]
    ~ {x}.diff()
    ~ {x}.cov()
    ~ {x}.logcumsumexp(0)
    ~ {x}.renorm(2, 0, 1.0)
    ~ {x}.nan_to_num()
    ~ {x}.index_add(0, torch.tensor([0]), {x}[:1])
    ~ {x}.index_fill(0, torch.tensor([0]), 2)
    ~ {x}.index_copy(0, torch.tensor([0]), {x}[-1:])
    ~ {x}.scatter(0, torch.zeros_like({x}, dtype=torch.int64), {x})
    ~ {x}.scatter_add(0, torch.zeros_like({x}, dtype=torch.int64), {x})
    ~ {x}.masked_select({x} > 0)
    ~ {x}.take(torch.tensor([0]))
    ~ {x}.diag()
    ~ {x}.diag_embed()
    ~ {x}.repeat_interleave(2, 0)
    ~ {x}.tile(2)
    ~ {x}.new_full((2,), 3.0)
    ~ {x}.new_ones(2, requires_grad=True)
    ~ {x}.copysign({y})
    ~ {x}.ldexp({y})
    ~ {x}.float_power(2)
    ~ {x}.true_divide({y})
    ~ {x}.fmax({y})
    ~ {x}.heaviside({x})
    ~ {x}.addcdiv({y}, {n})
    ~ {x}.dist({x})
    ~ {x}.norm()
    ~ {x}.norm(1)
    ~ {x}.renorm(1, 0, 2.0)
    ~ {x}.sgn()
    ~ {x}.select_scatter({x}[0], 0, 0)
    ~ {x}.slice_scatter({x}[:1], 0, 0, 1)
    ~ {x}.block_diag({x})
    ~ {x}.half().float()
    ~ {x}.int()
    ~ {x}.bool()
    ~ {x}.to({y})
    ~ {x}.expand_as({z})
    ~ {x}.sum_to_size(1)
    ~ {x}.trace()
    ~ torch.where({x} > 0, {x}, {y})
    ~ torch.where({z} > 0, {x}, 0.0)
    ~ torch.clamp({x}, {n})
    ~ torch.lerp({x}, {y}, {x})
    ~ torch.nn.functional.relu({x})
    ~ torch.nn.functional.elu({x})
    ~ torch.nn.functional.gelu({x})
    ~ torch.nn.functional.silu({x})
    ~ torch.nn.functional.hardtanh({x})
    ~ torch.nn.functional.normalize({x}, dim=0)
    ~ torch.nn.functional.l1_loss({x}, {y})
    ~ torch.nn.functional.smooth_l1_loss({x}, {y})
    ~ torch.nn.functional.pad({x}, (1, 0))
    ~ torch.linalg.norm({x})
    ~ torch.einsum('i,i->', {x}, {x})
    ~ torch.kron({x}, {x})
    ~ torch.tensordot({x}, {x}, 1)
    ~ torch.broadcast_tensors({x}, {z})[0]
    ~ torch.stack([{x}, {z}])
    ~ torch.hstack([{x}, {x}])
    ~ torch.vstack([{x}, {x}])
    ~ torch.column_stack([{x}, {x}])
    torch.cat([{x}, {x}])
    torch.cat([{x}, {y}], -1)
    torch.stack([{x}, {x} * 2])
""")

PRODUCTS = lines("""
    {x} @ {y}
    torch.matmul({x}, {y})
    {x}.mm({y})
    {x}.mv({y})
    {x}.dot({y})
""")

VIEWS = lines("""
    {x}.view(-1)
    {x}.reshape(-1)
    {x}.detach()
    {x}.data
    {x}.unsqueeze(0)
    {x}.unsqueeze(-1)
    {x}.squeeze()
    {x}.squeeze(0)
    {x}.flatten()
    {x}.expand(2, *{x}.shape)
    {x}.broadcast_to(2, *{x}.shape)
    {x}.view_as({x})
    {x}.view({x}.shape)
    {x}.reshape({x}.shape)
    {x}.as_strided((1,), (1,))
    {x}.clone()
    {x}.detach().clone()
    {x}.contiguous()
    ~ {x}.view(1, *{x}.shape)
    ~ {x}.view(*{x}.shape, 1)
    ~ {x}.expand_as({z})
    ~ {x}.expand(-1)
    ~ {x}.squeeze(-1)
    ~ {x}.unflatten(0, (1, -1))
    ~ {x}.detach().requires_grad_()
    ~ {x}.data.requires_grad_()
    ~ torch.atleast_2d({x})
    ~ torch.ravel({x})
    ~ {x}.unsqueeze(0).unsqueeze(0).squeeze(0)
    ~ {x}[None][0]
    ~ {x}.view_as({x})
""")
VIEWS_OF_DIMS = lines("""
    {x}.select(0, 0)
    {x}.narrow(0, 0, 1)
    {x}.unbind(0)[0]
    {x}.unbind()[-1]
    {x}.chunk(2)[0]
    {x}.split(1)[-1]
    {x}.tensor_split(2)[0]
    {x}.unfold(0, 1, 1)
    list({x})[0]
    ~ {x}.split_with_sizes([1, {x}.shape[0] - 1])[0]
    ~ {x}.hsplit(1)[0]
    ~ {x}.unfold(0, 2, 2)
    ~ {x}.narrow(0, 1, 1)
    ~ {x}[1:][0:1]
    ~ {x}[::2][:1]
    ~ {x}.unbind(0)[0].view(-1)
    ~ {x}.chunk(2)[-1][:1]
""")
VIEWS_OF_MATRICES = lines("""
    {x}.transpose(0, 1)
    {x}.transpose(-2, -1)
    {x}.T
    {x}.t()
    {x}.mT
    {x}.permute(1, 0)
    {x}.movedim(0, 1)
    {x}.swapaxes(0, 1)
    {x}.diagonal()
    {x}.unbind(1)[0]
    {x}.flatten(0, 1)
    ~ {x}.diagonal(1)
    ~ {x}.T[0]
    ~ {x}.t()[1:]
    ~ {x}.mT.unsqueeze(1)
    ~ {x}.permute(1, 0)[0]
    ~ {x}.expand(2, -1, -1)
    ~ {x}.transpose(0, 1).reshape(-1)
    ~ {x}.unsqueeze(1).squeeze(1)
    ~ {x}.adjoint()
""")

IN_PLACE = lines("""
    {x}.add_({y})
    {x}.add_({y}, alpha=2)
    {x}.add_(1)
    {x}.mul_({y})
    {x}.sub_({y})
    {x}.div_({y})
    {x}.true_divide_({y})
    {x} += {y}
    {x} *= {y}
    {x} -= {y}
    {x} /= {y}
    {x} **= 2
    {x}.fill_({n})
    {x}.fill_({y})
    {x}.copy_({y})
    {x}.copy_({x} * 2)
    {x}.clamp_(-1, 1)
    {x}.clamp_(min=0)
    {x}.clamp_min_(0)
    {x}.clamp_max_(1)
    {x}.pow_({n})
    {x}.addcmul_({y}, {y})
    {x}.addcdiv_({y}, {y})
    {x}.lerp_({y}, 0.5)
    {x}.atan2_({y})
    {x}.gt_({n})
    {x}.eq_({y})
    {x}.masked_fill_({x} > 0, {n})
    {x}.masked_fill_({y} > 0, 2)
    {x}.masked_scatter_({x} > 0, {x}.clone())
    {x}.index_add_(0, torch.tensor([0]), {x}[:1])
    {x}.index_fill_(0, torch.tensor([0]), 2)
    {x}.index_copy_(0, torch.tensor([0]), {x}[-1:])
    {x}.index_put_((torch.tensor([0]),), torch.tensor(2.0))
    {x}.scatter_(0, torch.zeros_like({x}, dtype=torch.int64), 1.5)
    {x}.scatter_add_(0, torch.zeros_like({x}, dtype=torch.int64), {x})
    {x}.fill_diagonal_(1)
    {x}.cumsum_(0)
    {x}.tril_()
    {x}.triu_()
    {x}.neg_().add_(1)
    {x}.unsqueeze_(0)
    {x}.transpose_(0, 1)
    {x}.swapaxes_(0, 1)
    {x}.squeeze_()
    {x}.requires_grad_()
    {x}.T.mul_(2)
    {x}.view(-1).add_(1)
    {x}.detach().mul_(2)
    {x}.data.add_(1)
    torch.relu_({x})
    torch.nn.functional.relu({x}, inplace=True)
    torch.nn.functional.leaky_relu_({x}, 0.1)
    torch.add({x}, 1, out={x})
    ~ {x}.sub_({y}, alpha=2)
    ~ {x}.nan_to_num_()
    ~ {x}.copysign_({y})
    ~ {x}.clamp_(max={n})
    ~ {x}.clip_(-1, 1)
    ~ {x}.sigmoid_().mul_(2)
    ~ {x}.index_add_(0, torch.tensor([0]), {z})
    ~ {x}.put_(torch.tensor([0]), torch.tensor([1.5]))
    ~ {x}.masked_fill_({x} > 0, {z})
    ~ {x}.scatter_(0, torch.zeros_like({x}, dtype=torch.int64), {z})
    ~ {x}.squeeze_(0)
    ~ {x}.squeeze_(-1)
    ~ {x}.t_()
    ~ {x}.t_().mul_(2)
    ~ {x}.as_strided_((1,), (1,))
    ~ {x}.swapdims_(0, 1)
    ~ {x}.detach().set_({z}.detach())
    ~ {x}.logical_not_()
    ~ {x}.lt_({y})
    ~ {x}.cumprod_(0)
    ~ {x}.zero_()
    ~ {x}.unbind(0)[0].mul_(2)
    ~ {x}.chunk(2)[0].add_(1)
    ~ {x}.split(1)[0].zero_()
    ~ {x}.diagonal().fill_(1)
    ~ {x}.expand(2, *{x}.shape).add_(1)
    ~ {x}[0].view(-1).mul_(2)
    ~ {x}.data.mul_({n})
    ~ {x}.detach_().mul_(2)
    ~ {x}.fill_(2)
    ~ {x}.rsqrt_().neg_()
    ~ {x}.sub_(1)
    ~ {x}.lerp_({y}, {z})
    ~ {x}.hypot_({y})
    ~ {x}.xlogy_({y})
    ~ {x}.renorm_(2, 0, 1.0)
    ~ {x}.float_power_(2)
""")

LEAVES_CHANGED = lines("""
    {x}.requires_grad_()
    {x}.requires_grad = True
    {x}.requires_grad = False
    {x}.requires_grad_(False)
    {x}.retain_grad()
    {x}.retain_grad()
    {x}.retain_grad()
    {x}.data = {same}.detach()
    {x}.data = {x} * 2
    ~ {x}.data = {x}.data.clone()
    ~ {x}.requires_grad_(True).retain_grad()
    ~ {x}, {z} = {z}, {x}
    {x} = {x}.detach().requires_grad_()
    {x} = {z}
    {x}.detach_()
    del {x}
""")

HOOKS = lines("""
    {h} = {x}.register_hook(lambda g: log('hook {x}', g))
    {h} = {x}.register_hook(lambda g: g * 2)
    {h} = {x}.register_hook(lambda g: None)
    {h} = {x}.register_hook(lambda g: g.detach())
    {h} = {x}.register_hook(lambda g: g.sum())
    {h} = {x}.register_post_accumulate_grad_hook(lambda p: log('done {x}', p.grad))
    {h} = {x}.grad_fn.register_hook(lambda a, b: log('fn {x}', a, b))
    {h} = {x}.grad_fn.register_hook(lambda a, b: tuple(i if i is None else i * 2 for i in a))
    {h} = {x}.grad_fn.register_prehook(lambda b: tuple(i if i is None else i * 3 for i in b))
    {h} = {x}.grad_fn.register_prehook(lambda b: log('pre {x}', b))
    ~ {h} = {x}.register_hook(lambda g: g.mul_(2))
    ~ {h} = {x}.register_hook(lambda g: g.double())
    ~ {h} = {x}.register_hook(lambda g: 3)
    ~ {h} = {x}.register_hook(lambda g: torch.zeros_like(g))
    ~ {h} = {x}.grad_fn.register_hook(lambda a, b: (None,))
    ~ {h} = {x}.grad_fn.register_hook(lambda a, b: a)
    ~ {h} = {x}.grad_fn.register_prehook(lambda b: (b[0] * 2,))
    ~ {h} = {x}.grad_fn.next_functions[0][0].register_hook(lambda a, b: log('next {x}', a, b))
    ~ {h} = {x}.grad_fn.next_functions[0][0].register_prehook(lambda b: log('next pre {x}', b))
    ~ {h} = {x}.register_post_accumulate_grad_hook(lambda p: p.grad.mul_(2))
    ~ {h} = {x}.register_hook(lambda g: None if g is None else log('shape {x}', g.shape))
""")

GRADIENTS = lines("""
    {x}.grad.zero_()
    {x}.grad = None
    {x}.grad = torch.ones_like({x})
    {x}.grad = torch.ones(7)
    {x}.grad = {z}
    {x}.grad.mul_(2)
    {x}.grad.detach_()
    {x}.grad.requires_grad_(False)
    {new} = own({x}.grad)
    {new} = own({z}.grad)
    log({x}.grad)
    del {x}.grad
    torch.optim.SGD([{x}], lr=0.1, momentum=0.9).step()
    torch.optim.SGD([{x}], lr=0.1).zero_grad()
    torch.optim.Adam([{x}], lr=0.1).step()
""")

FUNCTION_CALLS = lines("""
    {new} = Cube.apply({x})
    {new} = Exp.apply({x})
    {new} = Same.apply({x})
    {new} = Viewed.apply({x})
    {new} = Once.apply({x})
    {new} = Dirty.apply({x})
    {new} = Setup.apply({x}, 3)
    {new}, {newer} = Both.apply({x}, {y})
    {new}, {newer} = Both.apply({x}, {x}, 3.0)
    {new}, {newer} = Gaps.apply({x})
    {new}, {newer} = Plain.apply({x})
""")

QUESTIONS = lines("""
    log({x}.is_contiguous(), {x}.dim(), {x}.numel())
    log({x} is {z}, {x} in [{x}])
    log({x}.data_ptr() == {z}.data_ptr())
    log({x}._base is {z})
    log({x}.grad_fn is {x}.grad_fn)
    log(bool({x}))
    log({x}.item())
    log(float({x}), int({x}))
    log(len({x}))
    log([i for i in {x}])
    log({x}.numpy())
    log({x}.tolist())
    log({x} == None, {x} != None)
    log(torch.equal({x}, {z}))
    log(torch.allclose({x}, {z}))
    log(2.5 in {x})
    log(str({x}), {x}.shape == {z}.shape)
    log({x}.size(), {x}.size(0), {x}.type())
    log({x}.nelement(), {x}.element_size())
    log(torch.is_grad_enabled(), {x}.is_floating_point())
    log({x}.isnan().any())
    log(-{x}, abs({x}))
""")
