# ends: uncaught
raise FileNotFoundError(2, "No such file", "/etc/shadow")
