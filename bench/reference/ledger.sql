-- One transfer of value between two of 10,000 holdings, one at a time: known before?, lock both in order, guard, post.
-- Frozen: the limit that `bench ledger` compares with.
\set a random(1, 9999)
\set b random(:a + 1, 10000)
\set amount random(1, 100)
SELECT uuidv7() AS id \gset
BEGIN;
SELECT id, balance FROM reference.holding WHERE id IN (:a, :b) ORDER BY id FOR UPDATE;
SELECT holding_id, amount FROM reference.posting WHERE transaction_id = :id;
INSERT INTO reference.posting VALUES (:id, 1, :a, :amount, now()), (:id, 2, :b, 0 - :amount, now());
UPDATE reference.holding SET balance = balance + CASE id WHEN :a THEN 0 - :amount ELSE :amount END
WHERE id IN (:a, :b) AND (id = :b OR balance >= :amount);
COMMIT;
