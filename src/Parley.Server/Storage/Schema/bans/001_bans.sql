-- Who is shut out for a while. A row that somebody else deletes lifts the ban in a running server.
CREATE TABLE ban (
    source   TEXT NOT NULL,       -- an address, or the first one of an IPv6 /64
    user     TEXT NOT NULL,       -- an address of record; '' for the whole source
    port     INTEGER NOT NULL,    -- whose flow of the source is shut out as well, 0 for none
    failures INTEGER NOT NULL,
    since    INTEGER NOT NULL,    -- milliseconds since 1970, UTC
    until    INTEGER NOT NULL,
    times    INTEGER NOT NULL,    -- how often it was banned, this time included
    PRIMARY KEY (source, user)
) WITHOUT ROWID;
