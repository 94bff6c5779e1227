"""The ground every module stands on: money, ids, clock, errors, events, idempotency, audit."""
