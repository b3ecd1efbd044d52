-- Facts of events that happened on a website, found when they were taken in, and the visits that the loader makes of them.
-- `visitor` is a number that stands for (project, website, visitor_id), dense, so that distinct visitors are counted quickly;
-- `visit` is the number of the visit that an event belongs to; 0 for none.
ALTER TABLE events
    ADD COLUMN IF NOT EXISTS visitor UInt32 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS visit UInt64 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS hostname LowCardinality(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS path LowCardinality(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS referrer LowCardinality(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS channel LowCardinality(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS utm_source LowCardinality(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS utm_medium LowCardinality(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS utm_campaign LowCardinality(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS utm_term LowCardinality(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS utm_content LowCardinality(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS country LowCardinality(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS region LowCardinality(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS city LowCardinality(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS device LowCardinality(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS browser LowCardinality(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS os LowCardinality(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS language LowCardinality(String) CODEC(ZSTD(1));

DROP TABLE IF EXISTS events_trial;
CREATE TABLE IF NOT EXISTS events_trial AS events ENGINE = Null;

-- One row per visit in force. A visit that changes (it grows, or late events join two) is taken back by its row with sign -1 and
-- written anew with sign 1; the engine removes such pairs when it merges, and FINAL removes them while reading. Partitions are
-- months: one that is no longer written to is soon merged into one part, and FINAL costs nothing on one part (on five it doubled a
-- question). Far from today they are years, so that a batch with strange times cannot make thousands of parts.
CREATE TABLE IF NOT EXISTS visits
(
    project_id LowCardinality(String),
    website_id LowCardinality(String),
    started_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    visit UInt64 CODEC(Delta, ZSTD(1)),
    visitor UInt32 CODEC(ZSTD(1)),
    sign Int8,
    ended_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    page_views UInt32 CODEC(ZSTD(1)),
    events UInt32 CODEC(ZSTD(1)),
    bot UInt8,
    entry_page LowCardinality(String) CODEC(ZSTD(1)),
    exit_page LowCardinality(String) CODEC(ZSTD(1)),
    hostname LowCardinality(String) CODEC(ZSTD(1)),
    referrer LowCardinality(String) CODEC(ZSTD(1)),
    channel LowCardinality(String) CODEC(ZSTD(1)),
    utm_source LowCardinality(String) CODEC(ZSTD(1)),
    utm_medium LowCardinality(String) CODEC(ZSTD(1)),
    utm_campaign LowCardinality(String) CODEC(ZSTD(1)),
    utm_term LowCardinality(String) CODEC(ZSTD(1)),
    utm_content LowCardinality(String) CODEC(ZSTD(1)),
    country LowCardinality(String) CODEC(ZSTD(1)),
    region LowCardinality(String) CODEC(ZSTD(1)),
    city LowCardinality(String) CODEC(ZSTD(1)),
    device LowCardinality(String) CODEC(ZSTD(1)),
    browser LowCardinality(String) CODEC(ZSTD(1)),
    os LowCardinality(String) CODEC(ZSTD(1)),
    language LowCardinality(String) CODEC(ZSTD(1))
)
ENGINE = CollapsingMergeTree(sign)
PARTITION BY if(toYear(started_at) BETWEEN 2015 AND 2049, toYear(started_at) * 100 + toMonth(started_at), toYear(started_at) * 100)
ORDER BY (project_id, website_id, started_at, visit)
SETTINGS
    min_age_to_force_merge_seconds = 60,
    min_age_to_force_merge_on_partition_only = 1,
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1;

-- When a late event joins two visits, events that carry the number `alias` belong to `visit` from then on.
CREATE TABLE IF NOT EXISTS visit_aliases
(
    project_id LowCardinality(String),
    alias UInt64,
    visit UInt64
)
ENGINE = MergeTree
ORDER BY (project_id, alias, visit)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1;
