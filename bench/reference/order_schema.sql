-- Tables of the reference order: what any system must write for one order, no more. Frozen with order.sql.
CREATE SCHEMA reference;
SET search_path = reference;
CREATE TABLE price (product int PRIMARY KEY, amount bigint NOT NULL, tax_rate int NOT NULL);
CREATE TABLE balance (product int PRIMARY KEY, on_hand bigint NOT NULL, reserved bigint NOT NULL DEFAULT 0,
    CHECK (reserved >= 0)) WITH (fillfactor = 70);
CREATE TABLE orders (id uuid PRIMARY KEY, state text NOT NULL, currency char(3) NOT NULL, total bigint NOT NULL,
    placed_at timestamptz NOT NULL, body_hash bytea NOT NULL);
CREATE TABLE line (order_id uuid, line_no int, product int NOT NULL, quantity bigint NOT NULL, amount bigint NOT NULL,
    tax bigint NOT NULL, PRIMARY KEY (order_id, line_no));
CREATE TABLE reservation (order_id uuid, line_no int, product int NOT NULL, quantity bigint NOT NULL,
    state text NOT NULL, PRIMARY KEY (order_id, line_no));
CREATE TABLE intent (id uuid PRIMARY KEY, order_id uuid NOT NULL, amount bigint NOT NULL, authorised bigint NOT NULL,
    state text NOT NULL);
CREATE TABLE operation (intent_id uuid, key text, state text NOT NULL, PRIMARY KEY (intent_id, key));
CREATE TABLE event (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, type text NOT NULL, subject uuid NOT NULL,
    at timestamptz NOT NULL, payload jsonb NOT NULL);
INSERT INTO price SELECT n, 100 + n, 80000 FROM generate_series(1, 10000) AS n;
INSERT INTO balance SELECT n, 1000000000000 FROM generate_series(1, 10000) AS n;
ANALYZE;
