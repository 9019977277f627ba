"""What each kind of value offers to a program; see `autodiff.program`."""
