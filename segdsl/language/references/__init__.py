"""References by name: who is referred to, which id a name stands for, and names in place of ids.

Pure functions over condition trees. Whoever knows ids (a schema, a lock, a server) passes them in.
"""
