"""The output of commands for programs: JSON documents and their JSON Schema, SARIF, GitHub.

Not the file of `segdsl plan --save`, and not the API's own JSON.
"""
