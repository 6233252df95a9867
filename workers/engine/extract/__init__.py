"""EXTRACT: what a fine-tune changed in its base, stored small."""
