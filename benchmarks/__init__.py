"""The ratios of the bar for speed and memory: every figure against a yardstick measured in the same run, in turn."""
