"""What a person is told when the services of this machine cannot start."""


class EmbeddedError(Exception):
    """The message says what is wrong, with the path or number in question, and what to do."""
