"""Measurements of a running hub, by `make bench`. They print and keep figures and assert nothing."""
