-- Tables of the reference transfer: guarded balances and append-only postings, no more. Frozen with ledger.sql.
CREATE SCHEMA reference;
SET search_path = reference;
CREATE TABLE holding (id int PRIMARY KEY, balance bigint NOT NULL CHECK (balance >= 0)) WITH (fillfactor = 70);
CREATE TABLE posting (transaction_id uuid, line_no int, holding_id int NOT NULL, amount bigint NOT NULL,
    at timestamptz NOT NULL, PRIMARY KEY (transaction_id, line_no));
INSERT INTO holding SELECT n, 1000000000 FROM generate_series(1, 10000) AS n;
ANALYZE;
