"""Answers on which the client or a command once failed, or was misled; kept for ever.

Each is a method, the end of a path, a status, and the body that is answered.
"""

from __future__ import annotations

_LIST = b'[{"id":"9201","name":"A","rule":%s},{"id":"9202","name":"B","rule":null}]'
_DEEP = b"[" * 900 + b"]" * 900
_DEEPER = b'{"a":' * 50_000 + b"1" + b"}" * 50_000

FOUND: tuple[tuple[str, str, int, bytes], ...] = (
    # A page of a proxy was taken for the API's word that a segment is gone.
    ("GET", "/segments", 404, b"<!DOCTYPE html><title>404</title>"),
    ("DELETE", "/segments", 200, b"<html>Sign in</html>"),
    # Rules that no reader of JSON takes were compared as if one did.
    ("GET", "/segments", 200, _LIST % _DEEP),
    ("GET", "/segments", 200, _LIST % _DEEPER),
    ("GET", "/segments", 200, _LIST % (b"9" * 6_000)),
    ("GET", "/segments", 200, _LIST % b'{"a":1,"a":2}'),
    ("GET", "/segments", 200, _LIST % b'"\xff"'),
    # Ids that are paths led to other endpoints.
    ("POST", "/segments/queries", 200, b'{"queryId":"../../x","status":"running"}'),
    ("POST", "/segments/queries", 200, b'{"queryId":"A/B\\\\C","status":"success","count":1}'),
    ("POST", "/entities/folders", 200, b'{"data":{"id":"..","type":"folder-segment"}}'),
    ("GET", "/audiences/48151", 200, b'{"id":48151,"name":"A","rootFolderId":".."}'),
    ("GET", "/segments", 200, b'[{"id":"../folders/1","name":"A"}]'),
    # Rows of profiles that do not fit their columns ended in a traceback.
    ("GET", "/customers", 200, b'{"type":"rows","names":["a","b"],"rows":[["x"]]}'),
    ("GET", "/customers", 200, b'{"type":"rows","names":[],"rows":[["x"]]}'),
    ("GET", "/customers", 200, b'{"type":"rows","names":["a"],"rows":["x"]}'),
    # Ids and names without a bound were shown whole.
    ("GET", "/audiences/48151", 200, b'{"id":"%s","name":"A"}' % (b"x" * 10_000)),
    ("GET", "/customers", 200, b'{"type":"rows","names":["%s"],"rows":[]}' % (b"x" * 10_000)),
)

ENTITIES_FOUND: tuple[tuple[str, str, int, bytes], ...] = (
    # Shapes that each reader of funnels and activations has to pass over or refuse.
    ("GET", "/syndications/300", 200, b'{"data":{"id":"300","attributes":{"name":"A"}}}'),
    ("GET", "/syndications/300", 200, b'{"id":"300","name":"A","attributes":7}'),
    ("GET", "/syndications", 200, b'{"data":[null,[],{"id":"..","attributes":{"name":"A"}}]}'),
    ("GET", "/syndications", 200, b'{"syndications":7,"pagination":{"nextPage":"http://["}}'),
    ("GET", "/user_defined_workflow_projects", 200, b'{"data":[],"pagination":{"nextPage":1}}'),
    ("GET", "/funnels/201", 200, b'{"id":"201","name":"A","stages":[{"id":"..","name":"x"}]}'),
    ("GET", "/funnels", 200, b'{"data":{"id":"201"}}'),
    ("GET", "/result/list", 200, b'{"results":[{"name":"a","url":"{\\"type\\":[]}"}]}'),
    ("GET", "/result/list", 200, b'{"results":null}'),
    ("GET", "/lookup", 200, b'{"id":"../../x"}'),
    ("GET", "/user/list", 200, b'{"users":{"id":1}}'),
    ("POST", "/run", 200, b'{"data":[{"id":"1"}]}'),
    ("POST", "/run", 200, b'{"id":"1","attributes":{"status":7,"workflowAttemptId":[]}}'),
)
