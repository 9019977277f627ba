# ends: uncaught
print("{999999999999999999999}".format(1))
