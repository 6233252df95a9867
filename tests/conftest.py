"""Shared fixtures. The database, Redis and data directory of a test run come from `tests/services.py`."""
