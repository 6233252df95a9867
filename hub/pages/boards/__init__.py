"""Leaderboards on pages: the list of them, and one as table, strips and frontier."""
