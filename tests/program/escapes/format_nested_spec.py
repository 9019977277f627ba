# ends: uncaught
print("{0:{1.__class__}}".format(5, 6))
