"""What is known of usage in memory: which meters count an event, what they say of it, and what is told when none does.

matching.py        which meters count an event, for how much, and why not
goals.py           for which conversion goals it counts
property_text.py   properties as the texts that the store compares
receipts.py        what became of a stored event: its meters, features, goals and customer
unmetered.py       tells of events that no meter counts, as they are loaded
"""
