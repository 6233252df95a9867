"""Differences as people read them: texts line by line, weights tensor by tensor, everything else by size and hash."""
