"""What a client can do wrong here. None of these is repeated by it."""

from hub.core.errors import ApplicationError


class BadXet(ApplicationError):
    """A xorb or a shard that is not what it should be."""

    status, code, title = 400, "bad_xet", "This is not Xet data"


class ChunksMissing(ApplicationError):
    """A shard that builds on chunks this hub does not have (any more)."""

    status, code, title = 400, "chunks_missing", "Send it again"
