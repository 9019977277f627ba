# ends: uncaught
raise OSError(32, "Broken pipe")
