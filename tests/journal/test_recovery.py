"""What opening makes of a damaged folder: a torn tail is cut and reported, anything else is refused."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamgauge.journal import DamagedJournal, Log, Record, Recovery, open_log
from streamgauge.journal.faults import FaultyFolder, Operation
from streamgauge.journal.format import SEGMENT_HEADER_BYTES
from streamgauge.journal.segments import name_of

EVERYTHING = 10**9
PAYLOADS = [b"first record", b"second", b"the third record", b"last one"]


def records_of(log: Log) -> list[Record]:
    records: list[Record] = []
    position = log.start
    while position < log.end:
        records += log.read(position, EVERYTHING)
        position = records[-1].next_position
    return records


def payloads_of(log: Log) -> list[bytes]:
    return [record.payload for record in records_of(log)]


def written(groups: Sequence[Sequence[bytes]], max_segment_bytes: int = 10_000) -> tuple[FaultyFolder, list[Record]]:
    """A folder whose process was killed after it had written these groups, and the records in it."""
    folder = FaultyFolder()
    log = open_log(folder, max_segment_bytes)
    for group in groups:
        log.append(group)
    return folder.after_kill(), records_of(log)


def singles(payloads: Sequence[bytes]) -> list[list[bytes]]:
    return [[payload] for payload in payloads]


def test_an_empty_folder_becomes_an_empty_log() -> None:
    log = open_log(FaultyFolder())
    assert log.recovery == Recovery(start=0, end=0, segments=1, records=0)


def test_a_killed_log_is_opened_without_a_cut() -> None:
    folder, records = written(singles(PAYLOADS))
    log = open_log(folder)
    assert log.recovery == Recovery(start=0, end=records[-1].next_position, segments=1, records=4)
    assert records_of(log) == records


def test_a_closed_log_says_so_once() -> None:
    folder = FaultyFolder()
    log = open_log(folder)
    log.append([b"one"])
    end = log.end
    log.close()
    log = open_log(folder)
    assert (log.recovery.closed, log.recovery.cut_at, log.end) == (True, None, end)
    assert open_log(folder.after_kill()).recovery.closed is False


def test_only_the_last_segment_is_read() -> None:
    folder, records = written(singles([b"x" * 50] * 20), max_segment_bytes=120)
    log = open_log(folder)
    assert (log.recovery.segments, log.recovery.records) == (20, 1)
    assert records_of(log) == records


def test_what_recovery_serves_was_synced_first() -> None:
    folder, _ = written(singles(PAYLOADS))
    open_log(folder)
    assert Operation.SYNC_ALL in folder.done


def test_the_last_record_cut_at_every_byte_is_gone_and_reported_and_the_others_are_intact() -> None:
    folder, records = written(singles(PAYLOADS))
    whole = folder.bytes_of(name_of(0))
    last = records[-1].position
    for size in range(last + 1, len(whole)):
        torn = folder.copy()
        torn.overwrite(name_of(0), whole[:size])
        log = open_log(torn)
        assert log.recovery == Recovery(start=0, end=last, segments=1, records=3, cut_at=last, cut_bytes=size - last)
        assert records_of(log) == records[:-1]
        assert torn.sizes()[name_of(0)] == last
        (position,) = log.append([b"written after the cut"])
        assert position == last
        assert payloads_of(open_log(torn.after_kill())) == [*PAYLOADS[:-1], b"written after the cut"]


def test_a_segment_cut_at_every_byte_of_its_header_is_begun_again() -> None:
    folder, records = written(singles([b"x" * 50] * 2), max_segment_bytes=120)
    begun = records[1].position - SEGMENT_HEADER_BYTES
    whole = folder.bytes_of(name_of(begun))
    for size in range(SEGMENT_HEADER_BYTES):
        torn = folder.copy()
        torn.overwrite(name_of(begun), whole[:size])
        log = open_log(torn)
        assert (log.end, log.recovery.cut_at, log.recovery.cut_bytes) == (begun, begun, size)
        assert records_of(log) == records[:1]
        assert log.append([b"next"]) == [begun + SEGMENT_HEADER_BYTES]


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param(b"\0" * 500, id="zeros where the file grew before its bytes came"),
        pytest.param(b"\xf5rec" * 100, id="nothing but markers"),
        pytest.param(bytes(range(256)) * 3, id="other bytes"),
    ],
)
def test_a_tail_of_anything_but_records_is_cut(tail: bytes) -> None:
    folder, records = written(singles(PAYLOADS))
    folder.overwrite(name_of(0), folder.bytes_of(name_of(0)) + tail)
    log = open_log(folder)
    assert (log.recovery.cut_at, log.recovery.cut_bytes) == (records[-1].next_position, len(tail))
    assert records_of(log) == records


def test_a_group_whose_first_block_was_lost_is_cut_though_its_later_records_are_valid() -> None:
    folder, records = written([[b"acknowledged"], [b"lost block", b"kept", b"kept too"]])
    data = bytearray(folder.bytes_of(name_of(0)))
    data[records[1].position : records[1].next_position] = bytes(records[1].next_position - records[1].position)
    folder.overwrite(name_of(0), bytes(data))
    log = open_log(folder)
    assert log.recovery.cut_at == records[1].position
    assert payloads_of(log) == [b"acknowledged"]


def flip(folder: FaultyFolder, name: str, offset: int) -> FaultyFolder:
    damaged = folder.copy()
    data = bytearray(folder.bytes_of(name))
    data[offset] ^= 0x10
    damaged.overwrite(name, bytes(data))
    return damaged


def test_a_flipped_byte_before_the_last_commit_is_refused_with_file_and_offset() -> None:
    folder, records = written(singles(PAYLOADS))
    for record in records[:-1]:
        for offset in range(record.position, record.next_position):
            damaged = flip(folder, name_of(0), offset)
            before = damaged.bytes_of(name_of(0))
            with pytest.raises(DamagedJournal) as caught:
                open_log(damaged)
            assert (caught.value.file_name, caught.value.offset) == (name_of(0), record.position)
            assert damaged.bytes_of(name_of(0)) == before, "refusing must not change the file"


def test_a_flipped_byte_in_the_last_commit_cuts_it_and_nothing_else() -> None:
    folder, records = written(singles(PAYLOADS))
    last = records[-1]
    for offset in range(last.position, last.next_position):
        log = open_log(flip(folder, name_of(0), offset))
        assert log.recovery.cut_at == last.position
        assert records_of(log) == records[:-1]


def test_a_flipped_byte_in_any_record_of_a_closed_log_is_refused() -> None:
    folder = FaultyFolder()
    log = open_log(folder)
    for payload in PAYLOADS:
        log.append([payload])
    records = records_of(log)
    log.close()
    for offset in range(records[0].position, records[-1].next_position):
        with pytest.raises(DamagedJournal):
            open_log(flip(folder, name_of(0), offset))
    for offset in range(records[-1].next_position, folder.sizes()[name_of(0)]):
        assert records_of(open_log(flip(folder, name_of(0), offset))) == records


def test_a_flipped_byte_in_a_sealed_segment_is_found_at_the_latest_when_it_is_read() -> None:
    folder, records = written(singles([b"x" * 50, b"y" * 50, b"z" * 50]), max_segment_bytes=220)
    sealed = folder.sizes()[name_of(0)]
    for offset in range(SEGMENT_HEADER_BYTES):
        with pytest.raises(DamagedJournal) as caught:
            open_log(flip(folder, name_of(0), offset))
        assert caught.value.offset == 0
    for offset in range(SEGMENT_HEADER_BYTES, sealed):
        log = open_log(flip(folder, name_of(0), offset))
        position = next(record.position for record in records if offset < record.next_position)
        with pytest.raises(DamagedJournal) as caught:
            log.read(position, EVERYTHING)
        assert (caught.value.file_name, caught.value.offset) == (name_of(0), position)


def test_records_before_a_damaged_one_can_still_be_read() -> None:
    folder, records = written(singles([b"x" * 50, b"y" * 50, b"z" * 50]), max_segment_bytes=220)
    log = open_log(flip(folder, name_of(0), records[1].position))
    assert log.read(0, 1) == records[:1]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda folder, name: folder.remove(name), id="a file in the middle is missing"),
        pytest.param(lambda folder, name: folder.overwrite(name, folder.bytes_of(name)[:-1]), id="a sealed file is too short"),
        pytest.param(lambda folder, name: folder.overwrite(name, folder.bytes_of(name) + b"x"), id="a sealed file is too long"),
        pytest.param(lambda folder, name: folder.overwrite(name, b""), id="a sealed file is empty"),
    ],
)
def test_files_that_do_not_join_are_refused(spoil: object) -> None:
    folder, records = written(singles([b"x" * 50] * 4), max_segment_bytes=120)
    assert callable(spoil)
    spoil(folder, name_of(records[1].position - SEGMENT_HEADER_BYTES))
    with pytest.raises(DamagedJournal, match="missing or was changed"):
        open_log(folder)


def test_a_damaged_header_of_a_segment_with_records_is_refused() -> None:
    folder, _ = written(singles(PAYLOADS))
    for offset in range(SEGMENT_HEADER_BYTES):
        with pytest.raises(DamagedJournal):
            open_log(flip(folder, name_of(0), offset))


def test_other_files_in_the_folder_are_left_alone() -> None:
    folder, records = written(singles(PAYLOADS))
    folder.create("notes.txt")
    log = open_log(folder)
    assert records_of(log) == records
    assert "notes.txt" in folder.sizes()


def test_a_payload_that_contains_whole_records_is_no_evidence_of_damage() -> None:
    """A sender who could forge a record inside its payload could make a torn write look like damage: the salt prevents it."""
    other, _ = written(singles(PAYLOADS))
    forged = other.bytes_of(name_of(0))[SEGMENT_HEADER_BYTES:]
    folder, records = written([[b"real"], [b"\0" * 8 + forged]])
    log = open_log(flip(folder, name_of(0), records[1].position))
    assert log.recovery.cut_at == records[1].position


@settings(max_examples=150, deadline=None)
@given(
    groups=st.lists(st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=4), min_size=1, max_size=8),
    data=st.data(),
)
def test_whatever_byte_is_flipped_no_record_is_altered_and_only_the_last_commit_is_cut(
    groups: list[list[bytes]], data: st.DataObject
) -> None:
    folder, records = written(groups, max_segment_bytes=300)
    name = data.draw(st.sampled_from(sorted(folder.sizes())))
    offset = data.draw(st.integers(0, folder.sizes()[name] - 1))
    damaged = flip(folder, name, offset)
    try:
        log = open_log(damaged, max_segment_bytes=300)
        kept = records_of(log)
    except DamagedJournal:
        return
    assert kept == records[: len(kept)]
    assert len(kept) >= len(records) - len(groups[-1])
    assert log.recovery.cut_at is not None
