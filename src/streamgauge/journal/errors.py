"""What can go wrong with a log, below the words of refusals.

    JournalError
      JournalLocked       another process has the folder open
      DamagedJournal      bytes that may have been acknowledged are not what was written; names file and offset
      UnknownPosition     a position that was released, was never written, or is no record boundary
      JournalClosed       the log was closed
      DiskFull            the group was not written for want of space; later ones may be
      JournalFailed       a write or a sync failed; nothing is taken until the log is opened anew

`journal.py` translates the last three into refusals for appends; the others reach whoever opens or reads.
"""


class JournalError(Exception):
    """Any of the above."""


class JournalLocked(JournalError):
    """Another process has the folder open."""


class DamagedJournal(JournalError):
    """The file is not what was written, from `offset` on."""

    def __init__(self, file_name: str, offset: int, what: str) -> None:
        super().__init__(f"journal file {file_name} is damaged at byte {offset}: {what}")
        self.file_name = file_name
        self.offset = offset


class UnknownPosition(JournalError):
    """No record begins there, or it is no longer kept."""


class JournalClosed(JournalError):
    """The log was closed."""


class DiskFull(JournalError):
    """The disk had no space for the group; the log is as it was before it."""


class JournalFailed(JournalError):
    """A write or a sync failed. Only opening the log anew shows what is on disk."""
