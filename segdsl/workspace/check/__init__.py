"""Checks of a workspace's files: which files, with which names known, and what was found."""
