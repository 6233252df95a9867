"""Merge methods: one file each, one function `merge(step) -> tensor`. What they share is in `step.py` and `measures.py`."""
