# ends: uncaught
raise KeyboardInterrupt
