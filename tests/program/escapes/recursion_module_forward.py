# ends: limit-nesting
class N(nn.Module):
    def forward(self, x): return self(x)
N()(1)
