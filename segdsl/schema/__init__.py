"""The schema of a parent segment and its file in a workspace."""
