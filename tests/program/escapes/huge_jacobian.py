# ends: limit-memory limit-size limit-steps
from torch.autograd.functional import jacobian
jacobian(lambda x: x * 2, torch.zeros(10**6))
