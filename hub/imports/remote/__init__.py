"""The side of an import that reaches the network: lists, fetches, verifies. Free of Django; runs in the job's own process.

Which process does it, and why: an import is a job like any other, so it is claimed, leased, watched, cancelled and swept by
the same supervisor, from the queue `io`. Its child process is the one kind of child that talks to the outside, and the less it
holds the better: it sees no database, no broker, no storage and no settings. On its standard input it gets a briefing (the
token, the hosts an administrator allows, what the target already has, how much room is left), and it leaves files in its
folder: each under its hash, never under a name of the other side. What it fetched lies in the job's journal, so an attempt
after a kill goes on with the byte where the last one stopped. The supervisor then stores and commits, in one transaction.
"""
