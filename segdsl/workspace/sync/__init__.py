"""Plan, apply and pull: the files of a workspace compared with a server, and made the same."""
