# ends: limit-memory limit-size
s = "ab"
while True: s = f"{s}{s}"
