"""STATISTICS: what the answers of models say, and how sure that is. numpy alone: the engine, the jobs and the hub use it alike.

Everything random is drawn from a Philox stream with a fixed seed: the same answers give the same interval each time.
"""
