# ends: limit-memory limit-size limit-steps
from torch.autograd.functional import hessian
hessian(lambda x: (x * x).sum(), torch.zeros(10**6))
