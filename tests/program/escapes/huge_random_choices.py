# ends: limit-memory limit-steps
import random
random.choices([1, 2], k=10**12)
