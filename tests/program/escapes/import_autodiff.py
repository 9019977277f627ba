# ends: unknown-module
from autodiff.program import limits
limits.FUEL[0] = 10**18
