"""From graph to numbers: `schedule` makes a plan of value and gradients together, `run` carries it out.

    [Node] ──schedule──▶ Plan ──run(feeds)──▶ [array]

A plan knows nothing of the values it will see, so one plan serves every request of the same form.  Chains of
elementwise steps (to be run tile by tile) and rows (to be stacked on a leading axis) are found in the plan.
"""
