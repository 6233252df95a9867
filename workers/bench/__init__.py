"""Measurements, run by hand with `make bench`. They print and keep figures and assert nothing."""
