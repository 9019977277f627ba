# ends: limit-memory uncaught
import random
random.sample(range(10**12), 10**11)
