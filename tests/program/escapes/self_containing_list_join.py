# ends: uncaught
x = []
x.append(x)
"".join(x)
