"""The parent segment of a target: its file beside the server, plans, and what would be lost."""
