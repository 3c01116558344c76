"""Where a plan runs. `evaluator` is the reference meaning; every engine answers to it."""
