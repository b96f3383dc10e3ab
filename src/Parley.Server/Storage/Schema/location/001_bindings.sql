-- One row per address of record: all its bindings as one record (the layout is in BindingSet), so that a REGISTER
-- writes one row however many contacts it has, and a start reads each row straight into memory.
CREATE TABLE binding
(
    address_of_record   BLOB NOT NULL PRIMARY KEY,
    record              BLOB NOT NULL
) WITHOUT ROWID;
