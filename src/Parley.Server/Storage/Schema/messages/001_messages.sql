CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user TEXT NOT NULL,             -- the canonical address of record
    sender TEXT NOT NULL,           -- value of From without its tag
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    received INTEGER NOT NULL,      -- milliseconds since 1970, as expires
    expires INTEGER NOT NULL
) STRICT;

CREATE INDEX message_user ON message (user, id);
CREATE INDEX message_expires ON message (expires);
