-- One row per event that a later event with the same id and other content replaced. Both rows stay in `events`; a query of
-- current values leaves out the positions listed here.
CREATE TABLE IF NOT EXISTS superseded
(
    project_id LowCardinality(String),
    position UInt64 CODEC(Delta, ZSTD(1)),
    by_position UInt64 CODEC(Delta, ZSTD(1)),
    superseded_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))
)
ENGINE = MergeTree
ORDER BY (project_id, position)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1;
