"""How often one may do what touches accounts, by whichever door."""

from hub.core.ratelimit import Limit

SIGN_UP = Limit("sign-up", 10, 3600)  # per address
INVITE = Limit("invite", 30, 3600)
ACCEPT = Limit("accept", 30, 3600)  # a secret cannot be guessed; somebody who tries is asked to stop
TOKENS = Limit("tokens", 30, 3600)
PASSWORD = Limit("password", 10, 3600)
EXPORT = Limit("export", 10, 3600)
