# ends: limit-memory limit-steps limit-time
# slow
s = set()
while True: s.add((len(s), "a" * 1000 + str(len(s))))
