# ends: uncaught not-reachable syntax
match 5:
    case int(real=x): print(x)
