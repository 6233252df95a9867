"""Benchmarks on pages: the list, one definition with its examples, and the form that makes a new one."""
