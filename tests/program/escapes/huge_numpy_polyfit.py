# ends: limit-memory uncaught
np.polyfit(np.zeros(10), np.zeros(10), 10**9)
