"""How often one may import, by whichever door."""

from hub.core.ratelimit import Limit

IMPORT = Limit("import", 10, 3600)
