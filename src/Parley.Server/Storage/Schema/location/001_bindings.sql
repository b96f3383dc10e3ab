-- A log of changes, the newest last: the last change of an address of record is what is bound to it. Appending writes
-- a few pages at the end however many phones there are; updating a row per address of record in place would write a whole
-- page for each. IBindingStore says how the beginning of the log is let go.
CREATE TABLE binding_change
(
    sequence    INTEGER PRIMARY KEY,
    record      BLOB NOT NULL           -- all bindings of an address of record (BindingSet), or RecordHeader alone for a removal
);
