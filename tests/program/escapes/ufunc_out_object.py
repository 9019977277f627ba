# ends: uncaught unknown-attribute
np.add(1, 2, out=[0])
