-- The events that name a customer once more, sorted by customer, with what questions about usage read: a question about one of a
-- hundred thousand customers reads a few granules here, and a tenth of all events there. Granules and blocks are small because such
-- a question takes a handful of rows out of each. Filled by the engine, part by part with the insert into `events`: under the same
-- token, so that a second try after a crash brings what is missing here and nothing twice.
CREATE TABLE IF NOT EXISTS customer_events
(
    project_id LowCardinality(String),
    customer_id String CODEC(ZSTD(1)),
    name LowCardinality(String),
    timestamp DateTime64(3, 'UTC') CODEC(T64, LZ4),
    position UInt64 CODEC(Delta, ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    account_id String CODEC(ZSTD(1)),
    source LowCardinality(String),
    flags UInt8,
    numbers Map(LowCardinality(String), Decimal(38, 9)) CODEC(ZSTD(1)),
    strings Map(LowCardinality(String), String) CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYear(timestamp)
ORDER BY (project_id, customer_id, name, timestamp, position)
SETTINGS
    index_granularity = 1024,
    min_compress_block_size = 16384,
    max_compress_block_size = 65536,
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1;

-- Events of before. Begun anew when a first try was killed. What lies at or beyond the loader's checkpoint is left out: a load that
-- was killed half-way is tried again under its token, which brings it here through the view.
TRUNCATE TABLE customer_events;
INSERT INTO customer_events
SELECT project_id, customer_id, name, timestamp, position, received_at, account_id, source, flags, numbers, strings
FROM events
WHERE customer_id != '' AND position < {loaded:UInt64}
SETTINGS max_partitions_per_insert_block = 0;

CREATE MATERIALIZED VIEW IF NOT EXISTS customer_events_of_events TO customer_events AS
SELECT project_id, customer_id, name, timestamp, position, received_at, account_id, source, flags, numbers, strings
FROM events
WHERE customer_id != '';
