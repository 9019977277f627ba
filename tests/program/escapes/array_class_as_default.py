# ends: uncaught
from collections import defaultdict
d = defaultdict(np.ndarray)
