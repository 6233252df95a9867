"""What to know about a method's figures on the demo's digits: why it stands where it does."""

NOTES: dict[str, str] = {}
