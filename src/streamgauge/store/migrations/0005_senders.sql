-- Which key sent an event: "" for events of before, and for those that no key sent.
ALTER TABLE events ADD COLUMN IF NOT EXISTS key_id LowCardinality(String) CODEC(ZSTD(1)) AFTER door;

DROP TABLE IF EXISTS events_trial;
CREATE TABLE IF NOT EXISTS events_trial AS events ENGINE = Null;
