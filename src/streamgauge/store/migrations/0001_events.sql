-- One row per kept event. `properties` is the object exactly as sent; the two maps are made from it by the engine, so that
-- every property can be summed as an exact decimal and compared as text without parsing JSON in a query.
-- The sort key goes from what every query fixes (project, name) to what it ranges over (time); position makes it total.
CREATE TABLE IF NOT EXISTS events
(
    project_id LowCardinality(String),
    name LowCardinality(String),
    timestamp DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    position UInt64 CODEC(Delta, ZSTD(1)),
    received_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    event_id String CODEC(ZSTD(1)),
    customer_id String CODEC(ZSTD(1)),
    account_id String CODEC(ZSTD(1)),
    visitor_id String CODEC(ZSTD(1)),
    website_id LowCardinality(String),
    source LowCardinality(String),
    door LowCardinality(String),
    flags UInt8,
    properties String CODEC(ZSTD(1)),
    exact_properties String CODEC(ZSTD(1)),
    numbers Map(LowCardinality(String), Decimal(38, 9))
        MATERIALIZED CAST(
            -- The engine reads some texts as decimals that are none ("empty" as 0, "1.2.3" as 1.23); it is stricter with floats.
            arrayFilter(
                pair -> has(
                    (JSONExtractKeysAndValues(if(exact_properties = '', properties, exact_properties), 'Float64')).1, pair.1
                ),
                JSONExtractKeysAndValues(if(exact_properties = '', properties, exact_properties), 'Decimal(38, 9)')
            ),
            'Map(LowCardinality(String), Decimal(38, 9))'
        ) CODEC(ZSTD(1)),
    strings Map(LowCardinality(String), String)
        MATERIALIZED CAST(
            JSONExtractKeysAndValues(if(exact_properties = '', properties, exact_properties), 'String'),
            'Map(LowCardinality(String), String)'
        ) CODEC(ZSTD(1)),
    INDEX by_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_customer_id customer_id TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = MergeTree
PARTITION BY toYear(timestamp)
ORDER BY (project_id, name, timestamp, position)
SETTINGS
    non_replicated_deduplication_window = 10000,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1;

-- The same columns without storage: a row is tried here to learn whether the engine accepts it.
CREATE TABLE IF NOT EXISTS events_trial AS events ENGINE = Null;
