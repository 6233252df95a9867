"""Plain torch: the definition of correct. Every fused kernel is held to these, element by element."""
