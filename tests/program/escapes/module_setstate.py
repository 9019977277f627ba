# ends: not-reachable
nn.Linear(2, 2).__setstate__({})
