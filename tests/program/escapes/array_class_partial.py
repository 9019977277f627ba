# ends: uncaught
from functools import partial
print(partial(np.ndarray, 1000)())
