-- One order of three lines from request to confirmed, one at a time: two transactions, as a partner stands between.
-- Frozen: the limit that `bench orders` compares with.
\set a random(1, 3333)
\set b random(3334, 6666)
\set c random(6667, 10000)
SELECT uuidv7() AS id, uuidv7() AS intent \gset
BEGIN;
SELECT id FROM reference.orders WHERE id = :id::uuid;
SELECT product, amount, tax_rate FROM reference.price WHERE product IN (:a, :b, :c);
SELECT product, on_hand, reserved FROM reference.balance WHERE product IN (:a, :b, :c) ORDER BY product FOR UPDATE;
UPDATE reference.balance SET reserved = reserved + 1000 WHERE product IN (:a, :b, :c) AND on_hand - reserved >= 1000;
INSERT INTO reference.orders VALUES (:id::uuid, 'pending', 'USD', 10000, now(), '\x00112233445566778899aabbccddeeff');
INSERT INTO reference.line VALUES (:id::uuid, 1, :a, 1000, 100, 8), (:id::uuid, 2, :b, 1000, 100, 8), (:id::uuid, 3, :c, 1000, 100, 8);
INSERT INTO reference.reservation VALUES (:id::uuid, 1, :a, 1000, 'held'), (:id::uuid, 2, :b, 1000, 'held'), (:id::uuid, 3, :c, 1000, 'held');
INSERT INTO reference.intent VALUES (:intent::uuid, :id::uuid, 10000, 0, 'pending');
INSERT INTO reference.operation VALUES (:intent::uuid, 'authorise', 'pending');
INSERT INTO reference.event (type, subject, at, payload) VALUES ('placed', :id::uuid, now(), '{"total": 10000}');
COMMIT;
BEGIN;
UPDATE reference.operation SET state = 'succeeded' WHERE intent_id = :intent::uuid AND key = 'authorise' AND state = 'pending';
UPDATE reference.intent SET authorised = 10000, state = 'authorised' WHERE id = :intent::uuid;
UPDATE reference.orders SET state = 'confirmed' WHERE id = :id::uuid AND state = 'pending';
INSERT INTO reference.event (type, subject, at, payload) VALUES ('confirmed', :id::uuid, now(), '{"total": 10000}');
COMMIT;
