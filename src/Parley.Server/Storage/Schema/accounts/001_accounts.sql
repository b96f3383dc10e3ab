-- Who may register and call.
CREATE TABLE account
(
    domain          TEXT    NOT NULL,       -- lower case
    user            TEXT    NOT NULL,       -- unescaped; letter case counts
    realm           TEXT    NOT NULL,       -- what the secret was made for
    secret          BLOB    NOT NULL,       -- DigestSecret: H(user:realm:password) by MD5, SHA-256 and SHA-512/256; never the password
    revision        INTEGER NOT NULL,       -- the change that wrote this row
    PRIMARY KEY (domain, user)
) WITHOUT ROWID;

CREATE INDEX account_by_revision ON account (revision);

-- What was removed, so that a running server notices. Old rows are trimmed: see account_state.
CREATE TABLE account_removal
(
    revision        INTEGER NOT NULL,
    domain          TEXT    NOT NULL,
    user            TEXT    NOT NULL
);

CREATE INDEX account_removal_by_revision ON account_removal (revision);

-- One row. A reader that has seen `revision` needs nothing; one that has seen less than `trimmed_to` reads all accounts again.
CREATE TABLE account_state
(
    revision        INTEGER NOT NULL,
    trimmed_to      INTEGER NOT NULL
);

INSERT INTO account_state (revision, trimmed_to) VALUES (0, 0);
