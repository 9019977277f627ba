# ends: limit-size
("\t" * 10**6).expandtabs(10**9)
