# ends: limit-steps limit-memory
from itertools import count
np.array(count())
