-- Who may register and call. Passwords are never stored: H(user:realm:password) of RFC 8760's three algorithms is.
CREATE TABLE account
(
    domain          TEXT    NOT NULL,       -- lower case
    user            TEXT    NOT NULL,       -- unescaped; letter case counts
    realm           TEXT    NOT NULL,       -- the realm that the three hashes were made for
    ha1_md5         BLOB    NOT NULL,
    ha1_sha256      BLOB    NOT NULL,
    ha1_sha512_256  BLOB    NOT NULL,
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
