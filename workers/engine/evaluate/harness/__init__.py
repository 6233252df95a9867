"""HARNESS: multiple choice and generation through lm-eval's own task objects. No file and no template of a user ever reaches it."""
