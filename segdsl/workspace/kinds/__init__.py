"""The kinds of resources that a workspace has: what each one is, beside the engine for all.

`segdsl.workspace.sync` compares, plans, applies, locks and pulls *resources*. A segment is the
first kind of them. What the engine needs to know of a kind is the protocol `Kind` (with `State`
and `Requests`, in `segdsl.workspace.kinds.kind` and beside it); the engine knows nothing else, and
imports no module of any one kind. The kinds there are, are in `segdsl.workspace.kinds.registry`.

To add a kind, in this order:

1. **State** (`state.State`): a frozen struct with everything that is compared. Say what makes
   two of them equal (`digest`), what it refers to (`refers_to`), and how it reads as source.
   What has named parts that others refer to says which (`parts`), what belongs to another
   resource says to which (`owner`), and what takes several requests has `pieces`. `state` has
   functions for digests, pieces and words of changes.
2. **Source**: where its resources are in the files (`read_files`), which names they use (`uses`),
   how a name is replaced in a text (`rewrite_use`), how one compiles (`compile`), and what cannot
   be created (`check_new`).
3. **Server**: what a server has (`read_server`), and its requests (`Requests`): create, update
   and delete one, each exactly once, also after an answer that was lost. `listings` has what
   kinds with a list and with folders have in common.
4. **Saved plans**: how a state is read from one (`read_state`), and what is wrong with a change
   that somebody edited (`change_faults`).
5. **Likeness** (`fingerprint`, `source_fingerprint`, `outline`): what keeps a resource the same
   when it is renamed.
6. **Effects**: how many profiles a change concerns, or nothing.
7. Register it. References decide the order of changes; there is no list of kinds in order.

A kind whose resources are items of `.seg` files derives from `seg_files.SegFileKind`, which has
most of 2, 4, 5 and 6: it writes only what the docstring of that module lists. What its modules
hold is the same as in the kinds there are: `state.py` the state, `sources.py` what an item
compiles to and is compared by, `requests.py` the server, and `kind.py` these joined.
"""
