"""Lineage, drawn here: a layered layout and the SVG around it."""
