BEGIN TRANSACTION;
CREATE TABLE folders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  audience TEXT NOT NULL,
  parent INTEGER REFERENCES folders (id),
  name TEXT NOT NULL,
  description TEXT,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL
) STRICT;
INSERT INTO "folders" VALUES(1,'7',NULL,'Tiny shop',NULL,1727740800,1727740800);
INSERT INTO "folders" VALUES(2,'7',1,'Waves',NULL,1727740800,1727740800);
INSERT INTO "folders" VALUES(3,'7',2,'Inner',NULL,1727740800,1727740800);
CREATE TABLE populations (
  segment INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  population INTEGER NOT NULL,
  PRIMARY KEY (segment, at)
) STRICT, WITHOUT ROWID;
INSERT INTO "populations" VALUES(4,1727740800,3);
CREATE TABLE queries (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  owner TEXT NOT NULL,
  content TEXT NOT NULL,
  status TEXT NOT NULL,
  count INTEGER,
  error TEXT
) STRICT;
INSERT INTO "queries" VALUES(1,'de7e99e6c4344dedb5cb1d55137a1b87','35c41128ad024b6d85b69b88cedfd4ae','{"id":"de7e99e6c4344dedb5cb1d55137a1b87","audience":"7","sql":"SELECT \"cdp_customer_id\", \"age\" FROM \"customers\" WHERE \"country\" = ''JP'' ORDER BY \"cdp_customer_id\" ASC","columns":["age"],"page_size":1000,"max_page":null}','success',3,NULL);
CREATE TABLE segment_references (
  segment INTEGER NOT NULL REFERENCES segments (id) ON DELETE CASCADE,
  target INTEGER NOT NULL REFERENCES segments (id),
  PRIMARY KEY (segment, target)
) STRICT, WITHOUT ROWID;
INSERT INTO "segment_references" VALUES(5,4);
CREATE TABLE segments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  audience TEXT NOT NULL,
  name TEXT NOT NULL,
  folder INTEGER NOT NULL REFERENCES folders (id),
  description TEXT,
  kind INTEGER NOT NULL,
  rule TEXT,
  count_population INTEGER NOT NULL,
  population INTEGER,
  revision INTEGER NOT NULL,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  is_visible INTEGER NOT NULL DEFAULT 1,
  UNIQUE (folder, name)
) STRICT;
INSERT INTO "segments" VALUES(4,'7','Japan',2,'about it',0,'{"type": "And", "conditions": [{"type": "And", "conditions": [{"type": "Value", "leftValue": {"name": "country"}, "operator": {"type": "Equal", "not": false, "rightValue": "JP"}, "arrayMatching": null, "exclude": false}]}]}',1,3,1,1727740800,1727740800,1);
INSERT INTO "segments" VALUES(5,'7','Buyers',1,NULL,0,'{"type": "And", "conditions": [{"type": "And", "conditions": [{"type": "Reference", "id": "4", "exclude": false}, {"type": "Value", "leftValue": {"name": "age"}, "operator": {"type": "Equal", "not": false, "rightValue": 31}, "arrayMatching": null, "exclude": false}]}]}',0,NULL,1,1727740800,1727740800,0);
INSERT INTO "segments" VALUES(6,'7','Everyone',1,NULL,1,NULL,0,NULL,1,1727740800,1727740800,1);
CREATE UNIQUE INDEX folder_names ON folders (audience, ifnull(parent, 0), name);
CREATE INDEX references_of_target ON segment_references (target);
CREATE INDEX running_queries ON queries (owner) WHERE status = 'running';
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('folders',3);
INSERT INTO "sqlite_sequence" VALUES('segments',7);
INSERT INTO "sqlite_sequence" VALUES('queries',1);
COMMIT;
PRAGMA application_id = 6188369;
PRAGMA user_version = 2;
