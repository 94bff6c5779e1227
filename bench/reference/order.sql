-- One order of three lines from request to confirmed, one at a time: two transactions, as a partner stands between.
-- Frozen: the limit that `bench orders` compares with.
\set a random(1, 3333)
\set b random(3334, 6666)
\set c random(6667, 10000)
SELECT uuidv7() AS id, uuidv7() AS intent \gset
BEGIN;
SELECT id FROM reference.orders WHERE id = :'id';
SELECT product, amount, tax_rate FROM reference.price WHERE product IN (:a, :b, :c);
SELECT product, on_hand, reserved FROM reference.balance WHERE product IN (:a, :b, :c) ORDER BY product FOR UPDATE;
UPDATE reference.balance SET reserved = reserved + 1000 WHERE product IN (:a, :b, :c) AND on_hand - reserved >= 1000;
INSERT INTO reference.orders VALUES (:'id', 'pending', 'USD', 10000, now(), '\x00112233445566778899aabbccddeeff');
INSERT INTO reference.line VALUES (:'id', 1, :a, 1000, 100, 8), (:'id', 2, :b, 1000, 100, 8), (:'id', 3, :c, 1000, 100, 8);
INSERT INTO reference.reservation VALUES (:'id', 1, :a, 1000, 'held'), (:'id', 2, :b, 1000, 'held'), (:'id', 3, :c, 1000, 'held');
INSERT INTO reference.intent VALUES (:'intent', :'id', 10000, 0, 'pending');
INSERT INTO reference.operation VALUES (:'intent', 'authorise', 'pending');
INSERT INTO reference.event (type, subject, at, payload) VALUES ('placed', :'id', now(), '{"total": 10000}');
COMMIT;
BEGIN;
UPDATE reference.operation SET state = 'succeeded' WHERE intent_id = :'intent' AND key = 'authorise' AND state = 'pending';
UPDATE reference.intent SET authorised = 10000, state = 'authorised' WHERE id = :'intent';
UPDATE reference.orders SET state = 'confirmed' WHERE id = :'id' AND state = 'pending';
INSERT INTO reference.event (type, subject, at, payload) VALUES ('confirmed', :'id', now(), '{"total": 10000}');
COMMIT;
