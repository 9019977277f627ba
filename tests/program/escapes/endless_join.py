# ends: limit-steps limit-memory
from itertools import repeat
"".join(repeat("a"))
