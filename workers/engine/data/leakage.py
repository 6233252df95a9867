"""LEAKAGE: examples whose inputs stand in two splits. What was learned by heart measures as if it were understood."""

from workers.engine.data.examples import Examples


def overlap(first: Examples, second: Examples) -> int:
    """How many examples of `first` have inputs that are also in `second`, to the byte; the answers do not count.

    Cost: 16 bytes for each example of `second`, one pass over both.
    """
    known = {bytes.fromhex(sha)[:16] for sha in second.input_shas()}
    return sum(bytes.fromhex(sha)[:16] in known for sha in first.input_shas())
