# ends: uncaught
print(10**5000)
