# ends: limit-steps limit-memory
from itertools import repeat
torch.stack(repeat(torch.ones(1)))
