"""REMOTE: repos of a hub as sources on the command line: headers and tensors come by ranged requests. Not for servers: a hub's recipes have no form for addresses."""
