CREATE TABLE call (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    call_id TEXT NOT NULL,
    from_tag TEXT NOT NULL,
    caller TEXT NOT NULL,           -- URI of From
    callee TEXT NOT NULL,           -- URI of To
    asserted TEXT NOT NULL,         -- the user whose password or network was proven; empty for a stranger
    started INTEGER NOT NULL,       -- milliseconds since 1970, as answered and ended
    answered INTEGER,               -- NULL for a call that nobody answered
    ended INTEGER NOT NULL,
    status INTEGER NOT NULL,        -- of the final response
    ended_by TEXT NOT NULL,         -- caller, callee, server, or empty where that is not known
    targets TEXT NOT NULL,          -- URIs that were tried, parted by spaces
    codec TEXT NOT NULL,            -- the first of the answer; empty where there is no description
    UNIQUE (call_id, from_tag)
) STRICT;

CREATE INDEX call_started ON call (started);
CREATE INDEX call_caller ON call (asserted, started);

-- What an end of a call has reported last (RFC 6035).
CREATE TABLE quality (
    call_id TEXT NOT NULL,
    reporter TEXT NOT NULL,         -- the user who published it
    reported INTEGER NOT NULL,      -- milliseconds since 1970
    codec TEXT NOT NULL,
    mos_cq REAL, mos_lq REAL, r REAL,
    loss REAL, discard REAL,        -- percent
    jitter INTEGER, round_trip INTEGER, delay INTEGER,      -- milliseconds
    PRIMARY KEY (call_id, reporter)
) STRICT;

CREATE INDEX quality_reported ON quality (reported);
