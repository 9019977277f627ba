"""From graph to numbers: `schedule` makes a plan of value and gradients together, `run` carries it out.

    [Node] ──schedule──▶ Plan ──run(feeds)──▶ [array]

A plan knows nothing of the values it will see, so one plan serves every request of the same form.  `fusion` finds the
chains of elementwise steps in it that `tiles` runs tile by tile; `batch` stacks rows on a leading axis.
"""
