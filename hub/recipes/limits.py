"""How often one may submit, by whichever door."""

from hub.core.ratelimit import Limit

SUBMIT = Limit("submit", 30, 3600)
TRY = Limit("try", 120, 3600)
