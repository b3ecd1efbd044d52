"""What is known of usage in memory: which meters count an event, what they say of it, and what is told when none does.

matching.py        which meters count an event, for how much, and why not
goals.py           for which conversion goals it counts
property_text.py   properties as the texts that the store compares
receipts.py        what became of a stored event: its meters, features, goals and customer
running_usage.py   usage of one meter that moves on with each event
pairs.py           one customer's usage of one feature in the current period
ledger.py          all of them, moved on by every load
building.py        builds them from the store
alerting.py        alerts and limits, judged when usage has moved
limits.py          the check, and what keeps the ledger in order
unmetered.py       tells of events that no meter counts, as they are loaded
"""
