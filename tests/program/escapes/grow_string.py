# ends: limit-memory limit-steps limit-time
# slow
s = ""
while True: s += "abcdefgh" * 1000
