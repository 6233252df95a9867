"""Numerics: selection, sign election, draws. torch and numpy only; knows nothing of recipes, jobs or Django."""
