"""References between segments, and to stages, variants and models: names, ids, order.

Pure functions over condition trees. A caller that knows ids (from a schema, a lock or a server)
passes them in. Which module answers which question:

| question                                                         | module          |
| ---------------------------------------------------------------- | --------------- |
| What does a condition refer to?                                  | `memberships`   |
| Which segments have a name, and which id does a name stand for?  | `segment_names` |
| Which id does lowering write for a reference?                    | `ids`           |
| How is a name written where the API has an id?                   | `symbolic_ids`  |
| What is the condition with ids in place of known names?          | `substitution`  |
| What is the condition with other segments' conditions inlined?   | `inline`        |
| In which order can segments be created, and who is in a cycle?   | `order`         |
| Which cycles are in a graph?                                     | `cycles`        |
| Do two segments have the same folder and name?                   | `uniqueness`    |
"""
