"""What goes wrong between here and a hub. Apart, so that a run on folders of this machine loads no HTTP client."""

from workers.contracts.errors import UserError


class RemoteError(UserError):
    """What went wrong between here and the hub, as a sentence that names no signed address."""
