"""What commands write for programs: the shapes of `--format json`, and their JSON Schema.

Not the plan that `segdsl plan --save` keeps, nor the API's own JSON.
"""
