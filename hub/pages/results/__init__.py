"""One measurement in full, and two beside each other: what stands behind a number."""
