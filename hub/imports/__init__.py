"""Repos that come from another hub: metadata or mirrored, resumable, verified by hash."""
