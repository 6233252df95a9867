"""Two to five entries side by side: facts, structure, distances, measurements, and what would come of combining them."""
