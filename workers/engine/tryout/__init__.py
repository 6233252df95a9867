"""TRY OUT: one input through one model, answered in words that a person reads."""
