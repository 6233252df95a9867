"""Weights in and out: memory-mapped reading, streamed sharded writing, the journal of finished shards."""
