# ends: uncaught limit-steps
x = []
x.append(x)
sum(x)
