"""The live view: events as they are loaded, as server-sent events."""

from typing import NamedTuple

from streamgauge.kernel.progress import LoadProgress
from streamgauge.kernel.query import AsOf
from streamgauge.kernel.vocabulary import LatestQuery
from streamgauge.query import LatestQuestion, QueryRunner
from streamgauge.web.console.feed import Feed, Wanted, Watcher, written
from streamgauge.web.console.parameters import read_known, whole
from streamgauge.web.console.routes import ConsoleRoute
from streamgauge.web.door_routes import Question
from streamgauge.web.streaming import StreamedReply

MOST_LAST = 200
_MOST_POSITION = 2**62
_HEARD_WITHIN_S = 5.0
_HEADERS = ((b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"))


class LiveDesk(NamedTuple):
    """What the route needs. feed: told of loads by the loader whose progress this is."""

    feed: Feed
    runner: QueryRunner
    progress: LoadProgress


async def answer_stream(desk: LiveDesk, question: Question) -> StreamedReply:
    values = read_known(question.parameters, "event", "customer", "website", "last", "after")
    last = whole(values, "last", 0, 0, MOST_LAST)
    after = whole(values, "after", 0, 0, _MOST_POSITION) if "after" in values else None
    wanted = Wanted(values.get("event"), values.get("customer"), values.get("website"))
    limit = MOST_LAST if after is not None else last
    watcher = desk.feed.watch(question.project_id, wanted)
    try:
        if limit:
            await _begin(desk, watcher, LatestQuery(question.project_id, limit, *wanted, after))
    except BaseException:
        watcher.close()
        raise
    return StreamedReply(200, b"text/event-stream", watcher, _HEADERS)


async def _begin(desk: LiveDesk, watcher: Watcher, query: LatestQuery) -> None:
    """What the store holds, then what was heard since: every load that was told of before we listened is published by now."""
    await desk.progress.wait_until_loaded(desk.feed.told, _HEARD_WITHIN_S)
    answered = await desk.runner.ask(LatestQuestion(query), AsOf(loaded=True))
    found = answered.answer
    watcher.begin([written(event) for event in found.events], found.left_out, answered.freshness.loaded)


LIVE_ROUTES = (ConsoleRoute("GET", "/events/stream", answer_stream),)
