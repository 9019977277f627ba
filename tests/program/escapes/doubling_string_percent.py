# ends: limit-memory limit-size
s = "ab"
while True: s = "%s%s" % (s, s)
